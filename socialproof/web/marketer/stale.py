"""A form whose token no longer fits: the page stood open across a sign-in, say. Nothing typed is lost."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError

from socialproof.web import errors


def page(_error: CSRFError) -> Response:
    """Words, and the form's own contents to send again with a new token; only for forms of our own pages."""
    if request.accept_mimetypes.best == "application/json" or request.is_json:
        return errors.page(400)
    kept = _kept() if _came_from_us() else []
    return make_response(render_template("marketer/access/stale.html", kept=kept, with_files=bool(request.files)), 400)


def signed_out() -> Response | None:
    """What was typed while the session ended, to be sent again after a sign-in in another tab; None if nothing was."""
    kept = _kept() if _came_from_us() else []
    if not any(value.strip() for name, value in kept if name != "send"):
        return None
    with_files = bool(request.files)
    return make_response(
        render_template("marketer/access/stale.html", kept=kept, with_files=with_files, is_signed_out=True), 401
    )


def is_own_origin() -> bool:
    """Does the browser say that the form is ours, or say nothing at all (then the token alone decides)?"""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin in (None, f"http://{request.host}", f"https://{request.host}")


def _came_from_us() -> bool:
    """Only the browser's own word counts: a foreign page must not get a button that sends its form for it."""
    spoken = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
    return spoken and is_own_origin()


def _kept() -> list[tuple[str, str]]:
    pairs = request.form.items(multi=True)
    return [(name, value) for name, value in pairs if name != "csrf_token" and "password" not in name]
