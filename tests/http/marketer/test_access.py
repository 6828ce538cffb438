"""The door of the whole room: every endpoint that exists is tried as nobody, as each role, and as another tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from socialproof.companies import api_tokens, team
from socialproof.companies.models import UserSession
from socialproof.contacts.models import CustomerEvent
from socialproof.domain.roles import Role, role_named
from socialproof.web.marketer.access import required
from tests.factories import Factories
from tests.people import Marketer, csrf_token

SignIn = Callable[..., Marketer]
ROLES = ("viewer", "moderator", "admin", "owner")
FREE = {"language": "sv", "form": "svg", "variant": "video.mp4", "secret": "x" * 43, "number": "1", "name": "x"}
REFUSED = (400, 403)


def rules(app: Flask, method: str) -> list[Rule]:
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("marketer.") and rule.methods and method in rule.methods
    ]
    assert found, "the room has no pages"
    return sorted(found, key=lambda rule: rule.rule)


def path(app: Flask, rule: Rule, ids: dict[str, str]) -> str:
    """The rule's address; whatever is not in `ids` is filled with something harmless."""
    values = {name: ids.get(name, FREE.get(name, "missing")) for name in rule.arguments}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values, _external=False)


def has_ids(rule: Rule) -> bool:
    return any(name.endswith("_id") for name in rule.arguments)


@pytest.fixture
def foreign(session: Session, factories: Factories) -> dict[str, str]:
    """One of everything that has an id, all of another company."""
    owner = factories.member("owner")
    survey = factories.survey(owner.company)
    response = factories.response(survey)
    testimonial = factories.testimonial(response)
    media = factories.media(response, testimonial)
    widget = factories.widget(owner.company)
    popup = factories.popup(survey)
    invited = factories.invitation(survey)
    invitation = team.invite(
        session, company=owner.company, by=owner, email="x@b.example", role=Role.VIEWER, now=factories.now
    )
    token, _shown = api_tokens.make_token(
        session, company=owner.company, name="CRM", scopes=["events"], user=owner.user, now=factories.now
    )
    moments = {"happened_at": factories.now, "created_at": factories.now}
    event = factories.add(
        CustomerEvent(company_id=owner.company.id, contact_id=invited.contact_id, name="x", source="hand", **moments)
    )
    session.commit()
    ids = {
        "survey_id": survey.public_id,
        "testimonial_id": testimonial.public_id,
        "media_id": media.public_id,
        "widget_id": widget.public_id,
        "popup_id": popup.public_id,
        "member_id": owner.user.public_id,
        "invitation_id": invitation.public_id,
        "response_id": response.public_id,
        "contact_id": invited.contact.public_id,
        "contact_invitation_id": invited.public_id,
        "campaign_id": factories.campaign(survey).public_id,
        "import_id": factories.contact_import(owner.company).public_id,
        "segment_id": factories.segment(owner.company).public_id,
        "token_id": token.public_id,
        "event_id": event.public_id,
    }
    session.rollback()
    return ids


def tries(app: Flask) -> Iterator[tuple[str, Rule]]:
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            yield method, rule


def test_every_id_in_an_address_has_a_foreign_one_to_try(app: Flask, foreign: dict[str, str]) -> None:
    known = set(foreign) | {"session_id"}
    names = {name for _, rule in tries(app) for name in rule.arguments if name.endswith("_id")}
    assert names <= known


def test_every_page_that_changes_something_says_for_whom_it_is(app: Flask) -> None:
    silent = [rule.endpoint for rule in rules(app, "POST") if not hasattr(app.view_functions[rule.endpoint], "trust")]
    assert silent == []


def test_only_these_pages_are_for_anyone(app: Flask) -> None:
    open_pages = {
        rule.endpoint.split(".")[1] for method, rule in tries(app) if required(app, rule.endpoint, method) == "anyone"
    }
    assert open_pages == {"sign_in", "welcome", "reset", "join"}


def test_nobody_is_sent_to_the_door(app: Flask, client: FlaskClient, foreign: dict[str, str]) -> None:
    for method, rule in tries(app):
        if required(app, rule.endpoint, method) != "anyone":
            answer = client.open(path(app, rule, foreign), method=method)
            assert answer.status_code == 303, rule.rule
            assert answer.location.startswith("/app/sign-in"), rule.rule


@pytest.mark.parametrize("role", ROLES)
def test_another_tenants_ids_are_like_missing_ones_or_forbidden(
    app: Flask, signed_in: SignIn, foreign: dict[str, str], role: str
) -> None:
    marketer = signed_in(role)
    for method, rule in tries(app):
        if not has_ids(rule):
            continue
        lowest = role_named(required(app, rule.endpoint, method))
        expected = 404 if lowest is None or Role(role).covers(lowest) else 403
        send = marketer.get if method == "GET" else marketer.post
        answers = [send(path(app, rule, ids)) for ids in (foreign, {})]
        assert [answer.status_code for answer in answers] == [expected] * 2, f"{method} {rule.rule} as {role}"
        assert answers[0].text == answers[1].text, rule.rule


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_is_too_low_is_refused_everywhere(app: Flask, signed_in: SignIn, role: str) -> None:
    marketer = signed_in(role)
    for method, rule in tries(app):
        lowest = role_named(required(app, rule.endpoint, method))
        if lowest and not Role(role).covers(lowest):
            send = marketer.get if method == "GET" else marketer.post
            assert send(path(app, rule, {})).status_code == 403, f"{method} {rule.rule} as {role}"


def test_every_form_without_a_token_is_refused(app: Flask, signed_in: SignIn) -> None:
    owner = signed_in("owner")
    for rule in rules(app, "POST"):
        for data in ({}, {"csrf_token": "made-up"}):
            answer = owner.client.post(path(app, rule, {}), data=data)
            assert answer.status_code == 400, rule.rule


def test_the_token_of_another_browser_is_refused(app: Flask, signed_in: SignIn, client: FlaskClient) -> None:
    owner = signed_in("owner")
    token = csrf_token(client.get("/app/sign-in").text)
    assert owner.client.post("/app/company", data={"csrf_token": token, "name": "X"}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_a_token(signed_in: SignIn, headers: dict[str, str]) -> None:
    owner = signed_in("owner")
    answer = owner.post("/app/account", {"name": "Evil", "language": ""}, headers=headers)
    assert answer.status_code == 400
    assert "Evil" not in answer.text


def test_a_form_that_stood_open_too_long_keeps_what_was_typed(signed_in: SignIn) -> None:
    owner = signed_in("owner")
    form = {"csrf_token": "old", "name": "Åse & <Co>", "password": "secret words", "website_url": ""}
    answer = owner.client.post("/app/company", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    assert "Please send it again" in answer.text
    assert "Åse &amp; &lt;Co&gt;</textarea>" in answer.text
    assert "secret words" not in answer.text
    again = {"csrf_token": csrf_token(answer.text), "name": "Åse & <Co>", "brand_color": "#112233"}
    assert owner.client.post("/app/company", data=again | {"default_language": "sv"}).status_code == 303


def test_what_was_typed_while_the_session_ended_is_kept_to_be_sent_again(
    client: FlaskClient, signed_in: SignIn
) -> None:
    signed_in("owner")
    form = {"name": "Åse & <Co>", "send": "Save"}
    answer = client.post("/app/company", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 401
    assert "You were signed out meanwhile" in answer.text
    assert "Åse &amp; &lt;Co&gt;</textarea>" in answer.text
    assert client.post("/app/company", data=form).location == "/app/sign-in"


def test_a_page_open_for_three_hours_is_still_accepted(signed_in: SignIn) -> None:
    from datetime import UTC, datetime, timedelta

    import time_machine

    owner = signed_in("owner")
    token = csrf_token(owner.get("/app/account").text)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3)):
        form = {"csrf_token": token, "name": "Still here", "language": ""}
        assert owner.client.post("/app/account", data=form).status_code == 303


def test_every_answer_forbids_frames_scripts_and_keeping(app: Flask, signed_in: SignIn) -> None:
    owner = signed_in("owner")
    for rule in rules(app, "GET"):
        answer = owner.get(path(app, rule, {}))
        assert answer.status_code < 500, rule.rule
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, rule.rule
        assert "default-src 'none'" in policy, rule.rule
        assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'" in policy, rule.rule
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        caching = answer.headers["Cache-Control"]
        assert "no-store" in caching or "private" in caching, rule.rule


def test_a_foreign_origin_is_given_no_leave_to_read(signed_in: SignIn) -> None:
    answer = signed_in("owner").get("/app/team", headers={"Origin": "https://evil.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_no_page_holds_inline_scripts_or_styles(app: Flask, signed_in: SignIn) -> None:
    owner = signed_in("owner")
    for rule in rules(app, "GET"):
        answer = owner.get(path(app, rule, {}))
        if answer.mimetype == "text/html":
            assert " style=" not in answer.text, rule.rule
            assert " onclick=" not in answer.text, rule.rule
            assert "<style" not in answer.text, rule.rule


def test_a_session_in_use_is_noted_now_and_then(signed_in: SignIn, session: Session) -> None:
    from datetime import UTC, datetime, timedelta

    import time_machine

    owner = signed_in("owner")
    session.rollback()
    first = session.query(UserSession).one().seen_at
    owner.get("/app/team")
    session.rollback()
    assert session.query(UserSession).one().seen_at == first
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        owner.get("/app/team")
    session.rollback()
    session.expire_all()
    assert session.query(UserSession).one().seen_at > first
