"""The team's campaign pages: made in one click, adjusted, started, paused, stopped; what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.companies.models import Company, MailSender
from socialproof.contacts.models import ContactSegment, LedgerEntry
from socialproof.web.marketer.campaign_words import weekday_word
from tests.factories import Factories
from tests.people import Marketer

SignedIn = Callable[..., Marketer]
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202eevil"
LONG = "Asiakastyytyväisyyskyselytutkimusjärjestelmä" * 2


class Room:
    """A marketer with an open survey, a contact, a postal address, and a draft."""

    def __init__(self, marketer: Marketer, factories: Factories, session: Session) -> None:
        self.marketer, self.factories, self.session = marketer, factories, session
        self.company: Company = marketer.company
        self.survey = factories.survey(self.company, name="How are we doing?")
        factories.survey(self.company, name="After the delivery", kind="transactional")
        self.contact = factories.contact(self.company, name="Saara Lehtonen")
        address = "Storgatan 1, Stockholm"
        factories.add(MailSender(company_id=self.company.id, postal_address=address, updated_at=factories.now))

    def draft(self, template: str = "relationship") -> str:
        """The address of a new draft."""
        answer = self.marketer.post("/app/campaigns", {"template": template})
        assert answer.status_code == 303
        return answer.location.removesuffix("/settings")

    def campaign(self, path: str) -> Campaign:
        self.session.rollback()
        return self.session.scalars(
            select(Campaign).where(Campaign.public_id == path.split("/")[3]).execution_options(populate_existing=True)
        ).one()

    def form(self, path: str, **changes: Any) -> dict[str, Any]:
        """What the browser would send back from the settings page."""
        campaign = self.campaign(path)
        form: dict[str, Any] = {
            "name": campaign.name,
            "survey": campaign.survey.public_id,
            "segment": "",
            "channel": "mail",
            "sample_percent": "100",
            "daily_cap": "",
            "weekdays": ["1", "2", "3", "4", "5"],
            "send_from_minute": "540",
            "send_until_minute": "1020",
            "reminds": "y",
            "reminder_after_days": "7",
            "every_months": "3",
            "spread": "drip",
            "milestones": "3, 6, 12",
            "event_name": "deal won",
            "delay_days": "1",
        }
        self.session.rollback()
        return form | changes


@pytest.fixture
def room(signed_in: SignedIn, factories: Factories, session: Session) -> Room:
    return Room(signed_in("admin"), factories, session)


def test_an_empty_room_offers_every_template_and_says_which_survey_is_missing(signed_in: SignedIn) -> None:
    page = signed_in("admin").get("/app/campaigns").text
    for word in ("Regular pulse", "Customer anniversaries", "After an event", "Project reference", "One time"):
        assert word in page
    assert "/app/surveys/new?kind=transactional" in page and "/app/surveys/new?kind=relationship" in page


def test_without_a_fitting_survey_one_click_leads_to_making_one(signed_in: SignedIn) -> None:
    answer = signed_in("admin").post("/app/campaigns", {"template": "event"})
    assert answer.status_code == 303 and answer.location == "/app/surveys/new?kind=transactional"


@pytest.mark.parametrize(
    ("template", "shown", "hidden"),
    [
        ("relationship", ["every_months", "spread"], ["milestones", "event_name", "delay_days"]),
        ("lifecycle", ["milestones"], ["every_months", "spread", "event_name", "delay_days"]),
        ("event", ["event_name", "delay_days"], ["every_months", "spread", "milestones"]),
        ("project", ["event_name", "delay_days"], ["every_months", "spread", "milestones"]),
        ("one_off", [], ["every_months", "spread", "milestones", "event_name", "delay_days"]),
    ],
)
def test_one_click_makes_a_draft_whose_settings_show_only_what_its_template_uses(
    room: Room, template: str, shown: list[str], hidden: list[str]
) -> None:
    page = room.marketer.get(room.draft(template) + "/settings").text
    for name in [*shown, "survey", "segment", "channel", "sample_percent", "daily_cap", "reminder_after_days"]:
        assert f'name="{name}"' in page, name
    for name in hidden:
        assert f'name="{name}"' not in page, name
    is_relationship = template in ("relationship", "lifecycle", "one_off")
    assert ("How are we doing?" in page) is is_relationship
    assert ("After the delivery" in page) is (template in ("event", "project", "one_off"))


def test_settings_are_saved_and_told_in_words(room: Room) -> None:
    path = room.draft()
    segment = ContactSegment(company_id=room.company.id, name="Big ones", rules=[], created_at=room.factories.now)
    room.factories.add(segment)
    changes = {"segment": segment.public_id, "every_months": "6", "weekdays": ["2", "3", "5"], "daily_cap": "40"}
    assert room.marketer.post(path + "/settings", room.form(path, **changes)).status_code == 303
    campaign = room.campaign(path)
    assert (campaign.every_months, campaign.weekdays, campaign.daily_cap) == (6, [2, 3, 5], 40)
    page = room.marketer.get(path).text
    for words in ("Every 6 months, a few each working day", "Tue–Wed, Fri", "Big ones"):
        assert words in page
    assert "About" not in page
    settings = room.marketer.get(path + "/settings").text
    assert "A full day of 40 letters brings about 1.8 unhappy answers." in settings
    assert "this survey has too few answers yet" in settings


def test_the_daily_limit_is_reckoned_with_the_survey_s_own_answers(room: Room) -> None:
    for number in range(20):
        invitation = room.factories.invitation(room.survey, room.contact, answered_at=room.factories.now)
        room.factories.response(room.survey, 3 if number < 5 else 9, invitation_id=invitation.id)
    page = room.marketer.get(room.draft() + "/settings").text
    assert "Every 100 letters bring about 25 unhappy answers:" in page
    assert "invited 100% answer, and 25% of the answers are 0 to 6" in page


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("relationship", {"name": " \u200b "}),
        ("relationship", {"every_months": "0"}),
        ("relationship", {"every_months": "often"}),
        ("relationship", {"spread": "sometimes"}),
        ("relationship", {"survey": "not-ours"}),
        ("relationship", {"segment": "not-ours"}),
        ("relationship", {"channel": "pigeon"}),
        ("relationship", {"weekdays": []}),
        ("relationship", {"weekdays": ["8"]}),
        ("relationship", {"send_until_minute": "540"}),
        ("relationship", {"send_until_minute": "now"}),
        ("relationship", {"daily_cap": "-1"}),
        ("relationship", {"daily_cap": "1e9"}),
        ("relationship", {"sample_percent": "101"}),
        ("relationship", {"reminder_after_days": "\u0663\u0664\u0665"}),
        ("lifecycle", {"milestones": "soon"}),
        ("lifecycle", {"milestones": ""}),
        ("lifecycle", {"milestones": "0, 3"}),
        ("event", {"event_name": "x" * 61}),
        ("event", {"delay_days": "-1"}),
    ],
)
def test_a_wrong_field_is_told_and_everything_typed_stays(room: Room, template: str, wrong: dict[str, Any]) -> None:
    path = room.draft(template)
    form = room.form(path, **{"name": "Typed by hand"} | wrong)
    answer = room.marketer.post(path + "/settings", form)
    assert answer.status_code == 422
    assert "Please check one thing" in answer.text
    assert "name" in wrong or "Typed by hand" in answer.text
    assert room.campaign(path).name != "Typed by hand"


def test_what_prevents_starting_is_said_in_words_with_a_way_to_repair_it(room: Room) -> None:
    room.session.query(MailSender).delete()
    room.session.commit()
    path = room.draft("event")
    page = room.marketer.get(path).text
    assert "Your postal address is missing" in page and 'href="/app/sender"' in page
    assert "give the event a name" in page and f'href="{path}/settings"' in page
    assert f'action="{path}/start"' not in page
    assert room.marketer.post(path + "/start").status_code == 303
    assert room.campaign(path).state == "draft"
    assert "something is still in the way" in room.marketer.get(path).text


def test_a_running_campaign_whose_survey_was_closed_says_that_it_can_ask_nobody(room: Room) -> None:
    path = room.draft()
    room.marketer.post(path + "/start")
    room.marketer.post(f"/app/surveys/{room.survey.public_id}/close")
    page = room.marketer.get(path).text
    assert "It runs, but it can ask nobody" in page and "Its survey is not open" in page
    assert "Finding out who is asked when" not in page


def test_an_address_whose_records_are_not_proven_is_only_a_warning(room: Room) -> None:
    sender = room.session.scalars(select(MailSender)).one()
    sender.from_address = "hello@shop.example"
    room.session.commit()
    path = room.draft()
    page = room.marketer.get(path).text
    assert "Some may land among spam" in page and f'action="{path}/start"' in page


def test_a_campaign_is_started_paused_resumed_and_stopped_after_a_question(room: Room) -> None:
    path = room.draft()
    for act, state in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        assert room.marketer.post(f"{path}/{act}").status_code == 303
        assert room.campaign(path).state == state
    campaign = room.campaign(path)
    for occasion in ("a", "b"):
        room.factories.invitation(
            room.survey, room.contact, campaign_id=campaign.id, occasion=occasion, state="pending", asked_at=None
        )
    question = room.marketer.get(path + "/stop").text
    assert "2 invitations that wait are cancelled and never sent." in question
    assert room.campaign(path).state == "running"
    assert room.marketer.post(path + "/stop").status_code == 303
    assert room.campaign(path).state == "stopped"
    assert {row.state for row in room.session.scalars(select(Invitation))} == {"cancelled"}
    assert "somebody else has started, paused or stopped it" in (
        room.marketer.post(path + "/start", follow_redirects=True).text
    )
    audit = room.marketer.get("/app/team/audit").text
    assert "started the campaign Regular pulse" in audit and "stopped the campaign Regular pulse" in audit


def test_a_started_campaign_is_planned_by_the_worker_and_shows_whom_it_asks(
    room: Room, run_jobs: Callable[[], int]
) -> None:
    path = room.draft("lifecycle")
    room.contact.customer_since = room.factories.now.date() - timedelta(days=85)
    room.session.commit()
    room.marketer.post(path + "/settings", room.form(path, milestones="1, 3"))
    room.marketer.post(path + "/start")
    assert "Finding out who is asked when" in room.marketer.get(path).text
    run_jobs()
    page = room.marketer.get(path).text
    assert "Finding out who is asked when" not in page and "Nobody is planned yet" in page
    room.session.rollback()
    room.contact.customer_since = room.factories.now.date() - timedelta(days=35)
    room.session.commit()
    room.marketer.post(path + "/pause")
    room.marketer.post(path + "/resume")
    run_jobs()
    assert "Saara Lehtonen" in room.marketer.get(path).text


def test_settings_of_a_running_campaign_say_what_they_are_for_and_keep_its_survey(room: Room) -> None:
    path = room.draft()
    form = room.form(path)
    other = room.factories.survey(room.company, name="Another one")
    room.marketer.post(path + "/start")
    page = room.marketer.get(path + "/settings").text
    assert "Changes are for what is not planned yet" in page and "Another one" not in page
    assert room.marketer.post(path + "/settings", form | {"survey": other.public_id}).status_code == 422
    assert room.marketer.post(path + "/settings", form | {"daily_cap": "9"}).status_code == 303
    assert room.campaign(path).daily_cap == 9


def test_a_draft_can_be_deleted_and_then_is_not_there(room: Room) -> None:
    path = room.draft()
    assert room.marketer.post(path + "/discard").location == "/app/campaigns"
    assert room.marketer.get(path).status_code == 404


def test_while_planning_runs_the_page_shows_how_far_it_is(room: Room) -> None:
    path = room.draft()
    room.marketer.post(path + "/start")
    campaign = room.campaign(path)
    campaign.planning_count, campaign.planning_total = 4000, 100_000
    room.session.commit()
    page = room.marketer.get(path).text
    assert "4,000 of 100,000 contacts" in page and "Look again" in page
    assert room.marketer.get(path + "/progress").json == {"is_planning": True, "count": 4000, "total": 100_000}
    campaign = room.campaign(path)
    campaign.planning_count, campaign.planning_total, campaign.planned_at = 0, 0, room.factories.now
    room.session.commit()
    assert room.marketer.get(path + "/progress").json == {"is_planning": False, "count": 0, "total": 0}
    assert "Nobody is planned yet" in room.marketer.get(path).text


def test_the_results_list_invitations_by_state_with_names_reasons_and_the_server_s_last_words(room: Room) -> None:
    path = room.draft()
    room.marketer.post(path + "/start")
    campaign, now = room.campaign(path), room.factories.now
    rows: list[dict[str, Any]] = [
        {"state": "answered", "answered_at": now, "delivered_at": now},
        {"state": "sent"},
        {"state": "deferred", "asked_at": None, "reason": "asked_recently", "due_at": now + timedelta(days=9)},
        {"state": "deferred", "reason": "put_off", "error": "450 <b>greylisted</b>", "due_at": now + timedelta(days=1)},
        {"state": "pending", "asked_at": None, "due_at": now + timedelta(days=2)},
    ]
    people = [room.factories.contact(room.company, name=f"{HOSTILE} {LONG} {number}") for number in range(len(rows))]
    for person, values in zip(people, rows, strict=True):
        defaults = {"campaign_id": campaign.id, "occasion": "2026-11-01", "channel": "mail"}
        room.factories.invitation(room.survey, person, **defaults | values)
    page = room.marketer.get(path).text
    assert "33%" in page and "1 of 3 asked have answered" in page
    assert "asked recently" in page and "450 &lt;b&gt;greylisted&lt;/b&gt;" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page
    assert f'href="/app/contacts/{people[0].public_id}"' in page
    deferred = room.marketer.get(path + "?state=deferred").text
    assert f"{LONG} 2" in deferred and f"{LONG} 0" not in deferred
    listed = room.marketer.get("/app/campaigns").text
    assert "Next round:" in listed and "33%" in listed
    for odd in ("?state=<x>&after=../..", "?state=sent&after=nobody", "?after=%00"):
        assert room.marketer.get(path + odd).status_code == 200


def test_a_campaign_is_listed_page_by_page(room: Room) -> None:
    path = room.draft()
    campaign = room.campaign(path)
    rows = [
        Invitation(
            company_id=room.company.id,
            survey_id=room.survey.id,
            contact_id=room.contact.id,
            campaign_id=campaign.id,
            occasion=str(number),
            created_at=room.factories.now,
            expires_at=room.factories.now,
        )
        for number in range(51)
    ]
    room.session.add_all(rows)
    room.session.commit()
    page = room.marketer.get(path).text
    assert page.count('class="contact-name"') == 50
    following = page.split("after=")[1].split("#")[0]
    assert room.marketer.get(f"{path}?after={following}").text.count('class="contact-name"') == 1


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_who_may_only_read_reads_and_finds_no_button(
    room: Room, signed_in: SignedIn, factories: Factories, role: str
) -> None:
    path = room.draft()
    reader = signed_in(role, room.company)
    for page in ("/app/campaigns", path, path + "/settings"):
        answer = reader.get(page)
        assert answer.status_code == 200
        main = answer.text.split("<main", 1)[1]
        assert "<button" not in main and 'type="submit"' not in main, page
    for act in ("start", "pause", "resume", "stop", "discard", "settings"):
        assert reader.post(f"{path}/{act}").status_code == 403
    assert reader.post("/app/campaigns", {"template": "one_off"}).status_code == 403


def test_another_company_s_campaign_is_a_missing_one(room: Room, signed_in: SignedIn) -> None:
    path = room.draft()
    stranger = signed_in("owner")
    for page in ("", "/settings", "/progress", "/stop"):
        assert stranger.get(path + page).status_code == 404
    for act in ("start", "pause", "resume", "stop", "discard", "settings"):
        assert stranger.post(f"{path}/{act}").status_code == 404


def test_a_weekday_stands_by_itself_in_a_language_that_bends_it_inside_a_sentence(app: Flask) -> None:
    with app.test_request_context(), force_locale("fi"):
        assert [weekday_word(1, "wide"), weekday_word(7, "wide")] == ["maanantai", "sunnuntai"]


def test_requests_for_a_reference_are_counted_and_told_apart_from_reminders(
    signed_in: SignedIn, factories: Factories
) -> None:
    survey = factories.survey(kind="transactional")
    campaign = factories.campaign(survey, "project", planned_at=factories.now)
    at = {"campaign_id": campaign.id, "channel": "mail", "sent_at": factories.now, "answered_at": factories.now}
    second = {"reminder_count": 1, "reminded_at": factories.now}
    asked = factories.invitation(survey, state="answered", occasion="one", **at, **second)
    factories.invitation(survey, state="answered", occasion="two", **at, **second)
    factories.invitation(survey, asked.contact, state="answered", occasion="three", due_at=factories.now, **at)
    entry = {"kind": "testimonial", "channel": "mail", "verdict": "asked", "decided_at": factories.now}
    ids = {"company_id": survey.company_id, "contact_id": asked.contact_id, "ask_key": asked.public_id}
    factories.add(LedgerEntry(**ids, **entry))
    given = factories.response(survey, invitation_id=asked.id)
    factories.testimonial(given, submitted_at=factories.now + timedelta(days=1))
    marketer = signed_in("viewer", survey.company)
    page = marketer.get(f"/app/campaigns/{campaign.public_id}").text
    words = ("asked for a reference", "reminded<", "request for a reference on", "given after them: 1", "come: 1.")
    assert [page.count(word) for word in words] == [1] * len(words)
    assert "3 of 3 asked have answered" in page
    timeline = marketer.get(f"/app/contacts/{asked.contact.public_id}").text
    assert "The request for a reference was sent" in timeline
    assert "A request for a reference is planned" in timeline
