"""The door of the team's room: who is signed in, in which company and role, and that a form is ours.

A view says whom it is for: `@anyone`, `@signed_in`, or `@role_required(Role.…)`. Silence means: a viewer
may read, only an admin may change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request
from flask import session as form_session
from flask.blueprints import BlueprintSetupState
from flask_babel import get_locale
from flask_wtf.csrf import CSRFError, CSRFProtect

from socialproof import clock
from socialproof.companies import sessions
from socialproof.companies.models import Company, Membership, User, UserSession
from socialproof.companies.queries import anybody, membership, memberships_of
from socialproof.database import db, transaction
from socialproof.domain.addresses import safe_next
from socialproof.domain.roles import Role
from socialproof.languages import known_language
from socialproof.testimonials.moderation_queries import waiting_count
from socialproof.web.marketer import headers, stale
from socialproof.web.marketer.cookie import cookie_name

View = TypeVar("View", bound=Callable[..., Any])
READING = ("GET", "HEAD", "OPTIONS")

csrf = CSRFProtect()


@dataclass(frozen=True)
class Current:
    """Who is acting, and for which company."""

    user: User
    company: Company
    membership: Membership
    session: UserSession

    @property
    def role(self) -> Role:
        return Role(self.membership.role)


def anyone(view: View) -> View:
    """A page for people who are not signed in, too."""
    return _mark(view, "anyone")


def signed_in(view: View) -> View:
    """A page for everybody who is signed in, whatever their company, even none."""
    return _mark(view, "signed_in")


def role_required(role: Role | str) -> Callable[[View], View]:
    """A page for members with at least this role in the company they stand in."""
    lowest = Role(role)
    return lambda view: _mark(view, lowest)


def takes(size: int, fields: int = 1000) -> Callable[[View], View]:
    """A page that accepts bodies of up to `size` bytes, such as an upload, with up to so many fields."""

    def mark(view: View) -> View:
        view.__dict__["takes_bytes"], view.__dict__["takes_fields"] = size, fields
        return view

    return mark


def current() -> Current:
    """The acting member; 403 where nobody stands in a company."""
    found: Current | None = g.get("current")
    if found is None:
        abort(403)
    return found


def current_session() -> UserSession | None:
    """The browser's living session, on any page of the room."""
    found: UserSession | None = g.get("user_session")
    return found


def current_user() -> User:
    """The signed-in user, also where they stand in no company; 403 for nobody."""
    user_session = current_session()
    if user_session is None:
        abort(403)
    return user_session.user


def may(role: Role | str) -> bool:
    """Does the acting member's role cover this one? For templates: what to show."""
    found: Current | None = g.get("current")
    return found is not None and found.role.covers(Role(role))


def guard(room: Blueprint) -> None:
    """Put the door before every page of the room, also of the pages nested in it."""
    room.before_request(_recognise)
    room.before_request(_admit)
    room.before_request(_refuse_foreign_forms)
    room.after_request(headers.protect)
    room.context_processor(_context)
    room.register_error_handler(CSRFError, stale.page)
    room.record_once(_connect)


def required(app: Flask, endpoint: str, method: str) -> str:
    """Whom an endpoint is for: 'anyone', 'signed_in' or the name of the lowest role."""
    trust = getattr(app.view_functions[endpoint], "trust", None)
    return str(trust) if trust else str(Role.VIEWER if method in READING else Role.ADMIN)


def _connect(state: BlueprintSetupState) -> None:
    # Its demand for a Referer refuses browsers that send none; our own look at Origin does that work.
    state.app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf.init_app(state.app)


def _mark(view: View, trust: str) -> View:
    view.__dict__["trust"] = trust
    return view


def _recognise() -> None:
    """Read the cookie; a removed member or an ended session is nobody from this very request on."""
    view = current_app.view_functions.get(request.endpoint or "")
    size = getattr(view, "takes_bytes", None)
    if size:
        request.max_content_length, request.max_form_parts = size, getattr(view, "takes_fields", None)
    _remember_language()
    now = clock.now()
    user_session = sessions.session_of(db.session(), request.cookies.get(cookie_name(), ""), now=now)
    if user_session is None:
        return
    g.user_session = user_session
    g.language = user_session.user.language or g.get("language")
    if sessions.is_stale(user_session, now=now):
        with transaction() as session:
            sessions.touch(session, user_session=user_session, now=now)
    if user_session.company_id is None:
        return
    member = membership(db.session(), company_id=user_session.company_id, user_id=user_session.user_id)
    if member is not None:
        g.current = Current(user_session.user, member.company, member, user_session)


def _remember_language() -> None:
    """A language chosen at the foot of a page stays for the pages after it; a user's own setting goes before it."""
    linked = known_language(request.args.get("lang"))
    if linked:
        form_session["language"] = linked
    g.language = linked or known_language(form_session.get("language"))


def _admit() -> Response | None:
    trust = required(current_app, request.endpoint or "", request.method)
    if trust == "anyone":
        return None
    if current_session() is None:
        return _to_the_door()
    if trust == "signed_in":
        return None
    if g.get("current") is None:
        if request.method in READING:
            return _see_other("/app/switch")
        abort(403)
    if not may(Role(trust)):
        abort(403)
    return None


def _to_the_door() -> Response:
    """To the sign-in page and back again; to the welcome page while the installation has nobody."""
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    if not anybody(db.session()):
        return _see_other("/app/welcome")
    reading = request.method in READING
    kept = None if reading else stale.signed_out()
    if kept:
        return kept
    page = request.full_path.rstrip("?") if reading else _page_before()
    back = safe_next(page)
    return _see_other("/app/sign-in" + ("?" + urlencode({"next": back}) if back != "/app/" else ""))


def _page_before() -> str:
    """Where the form stood, as the browser says; whatever is no address is nowhere."""
    try:
        return urlsplit(request.referrer or "").path
    except ValueError:
        return ""


def _see_other(path: str) -> Response:
    return current_app.make_response(redirect(request.script_root + path, 303))


def _refuse_foreign_forms() -> None:
    if request.method in READING:
        return
    if not stale.is_own_origin():
        raise CSRFError("foreign origin")
    if request.is_json:  # no page of ours sends it, and the forms library trusts its shape
        abort(400)
    csrf.protect()


def _context() -> dict[str, object]:
    """What every page of the room may show."""
    user_session, acting = current_session(), g.get("current")
    user = user_session.user if user_session else None
    return {
        "current_user": user,
        "current_company": acting.company if acting else None,
        "current_role": acting.role if acting else None,
        "companies": [each.company for each in memberships_of(db.session(), user.id)] if user else [],
        "language": str(get_locale() or "en"),
        "may": may,
        "Role": Role,
        "waiting_count": waiting_count(db.session(), acting.company.id) if acting else 0,
    }
