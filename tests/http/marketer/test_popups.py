"""The team's popup pages: made, changed, switched, installed, explained, tried; and refused to everybody else."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from playwright._impl._driver import compute_driver_executable
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation, Popup, PopupCount
from socialproof.campaigns.popup_identity import read_token
from socialproof.companies.models import AuditEntry, Company
from socialproof.contacts.models import Contact
from socialproof.seal import Seal
from socialproof.settings import Settings
from socialproof.web.marketer import popup_samples
from tests.conftest import SECRET
from tests.factories import Factories
from tests.people import Marketer

SignedIn = Callable[..., Marketer]
IDENTIFY = "i" * 43
FORM = {
    "name": "After the order",
    "mode": "popup",
    "position": "left",
    "trigger": "event",
    "trigger_value": "20",
    "event_name": " Order   placed ",
    "pages": "/order/*\n https://shop.example/thanks/ ",
    "pages_not": "",
    "sample_percent": "50",
    "is_identified_only": "y",
}


def site(factories: Factories, marketer: Marketer, **values: Any) -> Popup:
    survey = factories.survey(marketer.company, embed_domains=["https://shop.example"])
    return factories.popup(survey, **values)


def text_of(page: str) -> str:
    """What a person reads or hears, in order."""
    page = re.sub(r'<svg[^>]* aria-label="([^"]*)"', r"\1 <svg", page)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_an_empty_list_says_what_to_do_next_and_without_a_survey_to_make_one(signed_in: SignedIn) -> None:
    marketer = signed_in("owner")
    assert "/app/popups/new" in marketer.get("/app/popups").text
    assert "/app/surveys/new" in marketer.get("/app/popups/new").text


def test_a_new_popup_is_off_and_leads_to_its_line(
    signed_in: SignedIn, factories: Factories, session: Session, settings: Settings
) -> None:
    marketer = signed_in("admin")
    survey = factories.survey(marketer.company)
    answer = marketer.post("/app/popups", {**FORM, "survey": survey.public_id})
    assert answer.status_code == 303
    popup = session.scalars(select(Popup)).one()
    assert (popup.state, popup.event_name, popup.pages) == ("off", "order placed", ["/order/*", "/thanks"])
    assert (popup.position, popup.sample_percent, popup.is_identified_only) == ("left", 50, True)
    page = marketer.get(answer.location).text
    line = html.unescape(re.search(r'id="snippet" value="([^"]*)"', page).group(1))  # type: ignore[union-attr]
    assert line == f'<script async src="{settings.base_url}/w/popup.js" data-popup="{popup.public_id}"></script>'
    assert f"script-src {settings.base_url}; connect-src {settings.base_url}" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \u200b "),
        ("survey", "not-ours"),
        ("mode", "modal"),
        ("trigger", "hover"),
        ("trigger_value", "many"),
        ("event_name", ""),
        ("pages", "pricing"),
        ("pages_not", "\n".join(f"/{number}" for number in range(60))),
        ("sample_percent", "0"),
        ("sample_percent", "101"),
    ],
)
def test_a_wrong_field_keeps_everything_typed(
    signed_in: SignedIn, factories: Factories, session: Session, field: str, value: str
) -> None:
    marketer = signed_in("owner")
    survey = factories.survey(marketer.company)
    answer = marketer.post("/app/popups", {**FORM, "survey": survey.public_id, "name": "Kept", field: value})
    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.text
    assert "https://shop.example/thanks/" in answer.text or field == "pages"
    session.rollback()
    assert session.scalars(select(Popup)).first() is None


def test_it_is_changed_switched_and_taken_away_and_the_trail_says_so(
    signed_in: SignedIn, factories: Factories, session: Session
) -> None:
    marketer = signed_in("owner")
    popup = site(factories, marketer, state="off")
    path, survey = f"/app/popups/{popup.public_id}", popup.survey.public_id
    assert marketer.post(path, {**FORM, "survey": survey, "name": "Renamed"}).status_code == 303
    for act in ("on", "on", "off"):
        assert marketer.post(f"{path}/{act}").status_code == 303
    assert "Renamed" in marketer.get(path).text
    assert marketer.post(f"{path}/delete").status_code == 303
    assert marketer.get(path).status_code == 404
    session.rollback()
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-4:] == ["popup.changed", "popup.turned_on", "popup.turned_off", "popup.deleted"]
    trail = text_of(marketer.get("/app/team/audit").text)
    assert "deleted the popup Renamed" in trail


def test_the_secret_is_sealed_shown_to_admins_and_replaced_at_once(
    signed_in: SignedIn, factories: Factories, session: Session
) -> None:
    marketer = signed_in("admin")
    popup = site(factories, marketer)
    path = f"/app/popups/{popup.public_id}"

    def shown() -> str:
        found = re.search(r'id="secret" type="password" value="([^"]*)"', marketer.get(f"{path}/install").text)
        return found.group(1) if found else ""

    assert shown() == ""
    secrets = []
    for _time in range(2):
        assert marketer.post(f"{path}/secret").status_code == 303
        secrets.append(shown())
    assert len(set(secrets)) == 2
    assert all(len(secret) == 43 for secret in secrets)
    session.rollback()
    stored = session.scalars(select(Company.identify_secret)).one()
    assert secrets[1] not in stored
    assert Seal((SECRET,)).open(stored) == secrets[1]
    trail = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("identify"))).all()
    assert [entry.action for entry in trail] == ["identify.made", "identify.replaced"]
    assert all(secret not in str(entry.details) for entry in trail for secret in secrets)
    viewer = signed_in("viewer", marketer.company)
    assert secrets[1] not in viewer.get(f"{path}/install").text
    assert viewer.post(f"{path}/secret").status_code == 403


def test_a_secret_that_nobody_can_open_is_said_and_can_be_replaced(signed_in: SignedIn, factories: Factories) -> None:
    marketer = signed_in("owner")
    popup = site(factories, marketer)
    popup.survey.company.identify_secret = Seal(("another key of the installation, gone",)).close(IDENTIFY)
    factories.session.commit()
    assert "cannot be opened any more" in marketer.get(f"/app/popups/{popup.public_id}/install").text


def test_the_python_sample_makes_a_token_that_we_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCIALPROOF_IDENTIFY_SECRET", IDENTIFY)
    names: dict[str, Any] = {}
    exec(popup_samples.PYTHON, names)
    token = names["socialproof_token"](SimpleNamespace(email="Saara@customer.example", name="Saara Lehtonen"))
    person = read_token(token, IDENTIFY, now=datetime.now(UTC))
    assert (person.email, person.name, person.language) == ("saara@customer.example", "Saara Lehtonen", "en")


def test_the_node_sample_makes_the_same() -> None:
    user = 'console.log(socialproofToken({ email: "ole@customer.example", name: "Ole Vik" }))'
    node, _script = compute_driver_executable()  # Playwright brings its own
    env = {"SOCIALPROOF_IDENTIFY_SECRET": IDENTIFY}
    said = subprocess.run([node, "-e", popup_samples.NODE + user], env=env, capture_output=True, text=True, check=True)
    person = read_token(said.stdout.strip(), IDENTIFY, now=datetime.now(UTC))
    assert (person.email, person.name) == ("ole@customer.example", "Ole Vik")


def explain(marketer: Marketer, popup: Popup, **fields: str) -> str:
    form = {"page": "https://shop.example/pricing", "email": "", "token": ""} | fields
    answer = marketer.post(f"/app/popups/{popup.public_id}/why", form)
    assert answer.status_code == 200
    return text_of(answer.text.split('id="answer"')[1].split("</section>")[0])


def test_the_inspector_tells_every_rule_in_order(signed_in: SignedIn, factories: Factories) -> None:
    marketer = signed_in("viewer")
    popup = site(factories, marketer, state="off", pages=["/blog/*"], sample_percent=30, is_identified_only=True)
    said = explain(marketer, popup, page="https://other.example/pricing?a=1")
    places = [
        said.index(words)
        for words in (
            "It does not show itself",
            "No The popup is on",
            "Yes The survey is open",
            "No The website may show the survey https://other.example is not on the survey’s list",
            "No It is one of its pages /pricing does not match",
            "No Who stands before it Nobody is named. This popup is only for people who are named.",
            "By chance In the sample By chance: 30 of 100 visitors",
            "May be asked now",
        )
    ]
    assert places == sorted(places)


def test_the_inspector_says_until_when_the_ledger_waits_and_what_is_wrong_with_a_token(
    signed_in: SignedIn, factories: Factories, session: Session
) -> None:
    marketer = signed_in("viewer")
    popup = site(factories, marketer)
    popup.survey.company.identify_secret = Seal((SECRET,)).close(IDENTIFY)
    asked = datetime.now(UTC) - timedelta(days=1)
    contact = factories.contact(marketer.company, email="saara@customer.example", last_asked_at=asked)
    soon = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())

    def token(secret: str = IDENTIFY, exp: int = soon) -> str:
        return jwt.encode({"email": contact.email, "exp": exp}, secret, algorithm="HS256")

    assert "It may show itself" in explain(marketer, popup)
    for fields in ({"email": "Saara@customer.example"}, {"token": token()}):
        said = explain(marketer, popup, **fields)
        assert "Named by your server: saara@customer.example" in said
        assert re.search(r"No May be asked now Not before .* UTC: asked recently", said)
    wrong_key = explain(marketer, popup, token=token("j" * 43))
    assert "It may show itself" in wrong_key
    assert "signed with another secret, or not by HS256. It answers as somebody unknown." in wrong_key
    assert "The token has expired" in explain(marketer, popup, token=token(exp=soon - 9000))
    contact.unsubscribed_at = asked
    session.commit()
    assert "Never: unsubscribed" in explain(marketer, popup, email=str(contact.email))
    session.rollback()
    for table in (PopupCount, Invitation):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.scalar(select(func.count()).select_from(Contact)) == 1


def test_the_inspector_wants_a_whole_address(signed_in: SignedIn, factories: Factories) -> None:
    marketer = signed_in("viewer")
    popup = site(factories, marketer)
    for page in ("", "/pricing", "javascript:alert(1)"):
        answer = marketer.post(f"/app/popups/{popup.public_id}/why", {"page": page, "email": "x", "token": ""})
        assert answer.status_code == 422
        assert "Please write the whole address" in answer.text


def test_counts_of_thirty_days_have_words_and_older_ones_are_not_counted(
    signed_in: SignedIn, factories: Factories
) -> None:
    marketer = signed_in("viewer")
    popup = site(factories, marketer)
    today = datetime.now(UTC).date()
    for days, reason, count in ((0, "shown", 3), (29, "shown", 1), (30, "shown", 90), (1, "asked_recently", 1234)):
        factories.add(PopupCount(popup_id=popup.id, day_on=today - timedelta(days=days), reason=reason, count=count))
    said = text_of(marketer.get(f"/app/popups/{popup.public_id}/why").text)
    assert "Not shown: asked recently 1,234 " in said
    assert "Shown to a person whom your server named 4 " in said
    assert re.search(r"In a corner|Panel", text_of(marketer.get("/app/popups").text))


def test_the_trial_shows_a_picture_of_the_survey_and_leaves_no_trace(
    signed_in: SignedIn, factories: Factories, session: Session
) -> None:
    marketer = signed_in("viewer")
    popup = site(factories, marketer, state="off", mode="inline")
    page = marketer.get(f"/app/popups/{popup.public_id}/trial")
    assert f'data-socialproof-popup="{popup.public_id}"' in page.text
    said = marketer.get(f"/app/popups/{popup.public_id}/trial.json?lang=fi").json
    assert (said["on"], said["mode"], said["language"]) == (True, "inline", "fi")
    frame = marketer.get(said["frame"])
    assert "customer/embedded.js" in frame.text
    assert "customer/survey.js" not in frame.text
    policy = frame.headers["Content-Security-Policy"]
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    session.rollback()
    assert session.scalar(select(func.count()).select_from(PopupCount)) == 0


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_a_role_below_admin_may_look_but_not_change(signed_in: SignedIn, factories: Factories, role: str) -> None:
    marketer = signed_in(role)
    path = f"/app/popups/{site(factories, marketer).public_id}"
    for page in ("", "/install", "/why", "/trial", "/trial.json"):
        assert marketer.get(path + page).status_code == 200
    assert marketer.get("/app/popups/new").status_code == 403
    for act in ("", "/on", "/off", "/delete", "/secret"):
        assert marketer.post(path + act, FORM).status_code == 403
    assert marketer.post("/app/popups", FORM).status_code == 403
