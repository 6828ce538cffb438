"""Giving a testimonial: one form, everything kept, nothing ticked for anybody."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.backends.mail import OutboxMailer
from socialproof.domain.consent import PURPOSES, text_sha256
from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.surveys.models import SurveyWording
from socialproof.testimonials.models import ConsentRecord, Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories


class Customer:
    """Holds the link of one response and fills in the form as a browser without script does."""

    def __init__(self, app: Flask, response: Response) -> None:
        self.client: FlaskClient = app.test_client()
        self.token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
        self.path = f"/s/r/{self.token}/testimonial"

    def page(self, query: str = "") -> str:
        answer = self.client.get(self.path + query)
        assert answer.status_code == 200, answer.status
        return answer.text

    def send(self, query: str = "", **changes: Any) -> TestResponse:
        seen = hidden(self.page(query), "consent_seen")
        form = {
            "text": "They answer within the hour.",
            "name": "Aino Virtanen",
            "role": "Owner",
            "organisation": "Kahvila Aamu",
            "email": "",
            "attribution": "full_name",
            "purpose": ["website"],
            "consent_seen": seen,
        }
        return self.client.post(self.path + query, data=form | changes, content_type="multipart/form-data")


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    return found.group(1) if found else ""


def photo_file(size: tuple[int, int] = (300, 200)) -> tuple[BytesIO, str]:
    content = BytesIO()
    Image.new("RGB", size, "teal").save(content, "JPEG")
    return BytesIO(content.getvalue()), "../../me.jpg"


@pytest.fixture
def response(factories: Factories) -> Response:
    company = factories.company(name="Nordlys Kaffe AB")
    return factories.response(factories.survey(company), 10, comment="The best beans in town.")


@pytest.fixture
def customer(app: Flask, response: Response) -> Customer:
    return Customer(app, response)


def given(session: Session) -> Testimonial:
    session.expire_all()
    return session.scalars(select(Testimonial)).one()


def test_what_was_just_written_is_there_to_be_quoted(customer: Customer) -> None:
    assert "The best beans in town." in customer.page("?from=comment")
    assert "May we quote you?" in customer.page("?from=comment")


@pytest.mark.parametrize(("score", "is_prefilled"), [(10, True), (9, False), (7, False)])
def test_what_was_missing_is_not_put_into_a_testimonial_unasked(
    app: Flask, factories: Factories, score: int, is_prefilled: bool
) -> None:
    response = factories.response(score=score, comment="The lids leak a little.")
    assert ("The lids leak a little." in Customer(app, response).page()) is is_prefilled


def test_writing_shows_the_guiding_questions_of_the_survey(
    customer: Customer, response: Response, factories: Factories
) -> None:
    factories.add(SurveyWording(survey_id=response.survey_id, language="en", testimonial_prompts=["Why us?"]))
    assert "Why us?" in customer.page()


def test_no_box_is_ticked_beforehand(customer: Customer) -> None:
    html = customer.page()
    boxes = re.findall(r'<input type="checkbox" name="purpose"[^>]*>', html)
    assert len(boxes) == len(PURPOSES)
    assert not any("checked" in box for box in boxes)


def test_the_page_says_that_without_consent_nothing_is_shown(customer: Customer) -> None:
    assert "nothing of it can be shown" in customer.page()


def test_sending_keeps_words_author_and_consent(customer: Customer, session: Session) -> None:
    answer = customer.send(purpose=["website", "advertising"], email="aino@kunde.example")
    assert (answer.status_code, answer.location) == (303, f"{customer.path}/done")
    testimonial = given(session)
    assert (testimonial.state, testimonial.text) == ("submitted", "They answer within the hour.")
    assert (testimonial.author_name, testimonial.author_organisation) == ("Aino Virtanen", "Kahvila Aamu")
    assert [consent.purpose for consent in testimonial.consents] == ["website", "advertising"]
    for consent in testimonial.consents:
        assert "Nordlys Kaffe AB" in consent.text
        assert consent.text_sha256 == text_sha256(consent.text)


def test_the_recorded_consent_is_word_for_word_what_the_page_says(customer: Customer, session: Session) -> None:
    html = customer.page("?lang=fi")
    customer.send("?lang=fi")
    [consent] = given(session).consents
    assert consent.language == "fi"
    assert consent.text in html


def test_it_can_be_sent_without_any_consent(customer: Customer, session: Session) -> None:
    assert customer.send(purpose=[]).status_code == 303
    assert given(session).consents == []


def test_a_consent_worded_anew_meanwhile_must_be_read_again(
    customer: Customer, response: Response, session: Session
) -> None:
    customer.page()
    answer = customer.client.post(
        customer.path, data={"text": "Kept words", "name": "Aino", "purpose": "website", "consent_seen": "older"}
    )
    assert answer.status_code == 422
    assert "worded anew" in answer.text
    assert "Kept words" in answer.text
    assert not re.search(r'name="purpose"[^>]*checked', answer.text)
    assert session.scalar(select(func.count(Testimonial.id))) == 0


def test_sending_twice_makes_one_testimonial_and_one_receipt(
    customer: Customer, session: Session, run_jobs: Any, app: Flask
) -> None:
    first, again = customer.send(email="aino@kunde.example"), None
    again = customer.client.post(customer.path, data={"text": "Other words", "name": "Aino", "purpose": "website"})
    assert first.location == again.location
    assert given(session).text == "They answer within the hour."
    run_jobs()
    assert len(outbox(app)) == 1


def outbox(app: Flask) -> list[Any]:
    mailer = app.extensions[EXTENSION].backends.mailer
    assert isinstance(mailer, OutboxMailer)
    return mailer.messages()


def test_the_receipt_holds_the_link_and_the_words(customer: Customer, run_jobs: Any, app: Flask) -> None:
    customer.send(email="aino@kunde.example")
    run_jobs()
    [letter] = outbox(app)
    manage = re.search(r"https?://\S+/s/t/\S+", letter.get_body(("plain",)).get_content())
    assert letter["To"] == "aino@kunde.example"
    assert manage
    assert "They answer within the hour." in letter.get_body(("html",)).get_content()
    path = re.sub(r"^https?://[^/]+", "", manage.group(0))
    assert "They answer within the hour." in app.test_client().get(path).text


def test_without_an_address_no_mail_leaves(customer: Customer, run_jobs: Any, app: Flask) -> None:
    customer.send()
    run_jobs()
    assert outbox(app) == []


def test_the_last_page_shows_the_link_too(customer: Customer) -> None:
    customer.send()
    assert re.search(r'value="https?://[^"]+/s/t/[^"]+"', customer.client.get(f"{customer.path}/done").text)


def test_done_before_sending_leads_to_the_form(customer: Customer) -> None:
    assert customer.client.get(f"{customer.path}/done").location == customer.path


def test_everything_typed_survives_a_mistake(customer: Customer) -> None:
    answer = customer.send(
        text="x" * 5001, email="nonsense", role="Owner of <b>", purpose=["social_media"], attribution="initials"
    )
    assert answer.status_code == 422
    assert "x" * 5001 in answer.text
    assert "nonsense" in answer.text
    assert "Owner of &lt;b&gt;" in answer.text
    assert re.search(r'value="social_media"[^>]*checked', answer.text)
    assert re.search(r'checked[^>]*value="initials"', answer.text)
    assert "5001" in answer.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "write a few words"),
        ({"text": " \u200b\n\u2060 "}, "write a few words"),
        ({"name": ""}, "write your name"),
        ({"name": "A" * 121}, "at most 120"),
        ({"name": "Aino\r\nBcc: x@evil.example"}, "one line"),
        ({"organisation": "Kahvila\nBcc: x@evil.example"}, "one line"),
        ({"email": "a@kunde.example\r\nBcc: x@evil.example"}, "e-mail address"),
        ({"email": "a@kunde.example, b@evil.example"}, "e-mail address"),
        ({"email": "a" * 100_000 + "@kunde.example"}, "e-mail address"),
    ],
)
def test_a_mistake_is_answered_in_words(
    customer: Customer, session: Session, changes: dict[str, str], words: str
) -> None:
    answer = customer.send(**changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalar(select(func.count(Testimonial.id))) == 0


def test_1_mb_of_words_comes_back_to_be_shortened(customer: Customer) -> None:
    answer = customer.client.post(customer.path, data={"text": "a" * 1_000_000, "name": "Aino"})
    assert answer.status_code == 422
    assert "a" * 1_000_000 in answer.text


def test_without_a_name_needs_no_name(customer: Customer, session: Session) -> None:
    assert customer.send(name="", attribution="anonymous").status_code == 303
    assert given(session).attribution == "anonymous"


def test_html_stays_text_on_the_page_and_in_the_mail(customer: Customer, run_jobs: Any, app: Flask) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    page = customer.send(name=evil, text=evil, role=evil, email="broken")
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
    customer.send(name=evil, text=evil, role=evil, email="aino@kunde.example")
    run_jobs()
    [letter] = outbox(app)
    assert "<img" not in letter.get_body(("html",)).get_content()


def test_direction_and_control_characters_do_not_reach_the_name(customer: Customer, session: Session) -> None:
    customer.send(name="Ai\u202eno\x00 Virtanen\u2066", text="Good\x00 \u202etext")
    assert given(session).author_name == "Aino Virtanen"
    assert given(session).text == "Good text"


def test_a_lone_surrogate_is_no_server_error(customer: Customer) -> None:
    body = b"text=%ED%A0%80ok&name=%FF%FEAino&attribution=full_name"
    answer = customer.client.post(customer.path, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code < 500


def test_an_invented_purpose_is_no_consent(customer: Customer, session: Session) -> None:
    customer.send(purpose=["everything", "website"])
    assert session.scalars(select(ConsentRecord.purpose)).all() == ["website"]


def test_a_photo_is_kept_small_and_private(customer: Customer, session: Session, app: Flask) -> None:
    customer.send(photo=photo_file())
    [media] = given(session).media
    assert (media.kind, media.state, media.variants) == ("photo", "ready", ["96.webp", "192.webp", "384.webp"])
    assert ".." not in media.prefix
    own = customer.client.get(f"{customer.path}/photo/{media.public_id}", buffered=True)
    assert own.mimetype == "image/webp"
    assert app.test_client().get(f"/w/media/{media.public_id}/192.webp").status_code == 404


def test_a_photo_is_not_lost_by_a_mistake_elsewhere(customer: Customer, session: Session) -> None:
    refused = customer.send(photo=photo_file(), text="")
    kept = hidden(refused.text, "photo_kept")
    assert refused.status_code == 422
    assert kept
    customer.send(photo_kept=kept)
    assert [media.public_id for media in given(session).media] == [kept]


def test_a_photo_can_be_removed_before_sending(customer: Customer, session: Session) -> None:
    kept = hidden(customer.send(photo=photo_file(), text="").text, "photo_kept")
    page = customer.send(photo_kept=kept, remove_photo="1", text="Kept words")
    assert not hidden(page.text, "photo_kept")
    assert "Kept words" in page.text


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"PK\x03\x04", b"GIF89a<script>"])
def test_what_is_no_photo_is_refused_in_words_and_the_rest_is_kept(customer: Customer, content: bytes) -> None:
    answer = customer.send(photo=(BytesIO(content), "me.jpg"), text="Kept words")
    assert answer.status_code == 422
    assert "could not be read as a photo" in answer.text
    assert "Kept words" in answer.text


def test_a_photo_over_the_limit_is_refused_in_words(make_app: Any, response: Response) -> None:
    customer = Customer(make_app(max_photo_bytes=2000), response)
    answer = customer.send(photo=(BytesIO(b"\xff\xd8" + b"0" * 3000), "me.jpg"), text="Kept words")
    assert answer.status_code == 422
    assert "too large" in answer.text
    assert "Kept words" in answer.text


def test_a_photo_of_somebody_else_cannot_be_taken_along(
    customer: Customer, factories: Factories, session: Session
) -> None:
    foreign = factories.media(factories.response(), kind="photo")
    customer.send(photo_kept=foreign.public_id)
    assert given(session).media == []
    session.refresh(foreign)
    assert foreign.testimonial_id is None


def test_a_recording_is_sent_with_author_and_consent(
    customer: Customer, response: Response, factories: Factories, session: Session
) -> None:
    video = factories.media(response, state="processing")
    assert "Your recording is saved" in customer.page(f"?video={video.public_id}")
    assert customer.send(text="", video=video.public_id).status_code == 303
    testimonial = given(session)
    assert (testimonial.kind, testimonial.text) == ("video", "")
    assert [media.public_id for media in testimonial.media] == [video.public_id]


def test_a_recording_of_somebody_else_is_not_taken(customer: Customer, factories: Factories, session: Session) -> None:
    foreign = factories.media(factories.response())
    assert customer.send(text="", video=foreign.public_id).status_code == 422
    assert session.get_one(Media, foreign.id).testimonial_id is None


@pytest.mark.parametrize("state", ["uploading", "unreadable", "deleted"])
def test_a_recording_that_is_not_whole_is_told_and_leaves_the_written_way(
    customer: Customer, response: Response, factories: Factories, session: Session, state: str
) -> None:
    video = factories.media(response, state=state)
    html = customer.page(f"?video={video.public_id}")
    assert "could not be read, or is no longer here" in html
    assert "The best beans in town." in html
    assert customer.send(text="", video=video.public_id).status_code == 422
    assert customer.send(video=video.public_id).status_code == 303
    assert given(session).kind == "text"


def test_words_told_to_the_company_do_not_slip_in_beside_a_recording(
    customer: Customer, response: Response, factories: Factories
) -> None:
    video = factories.media(response)
    assert "The best beans in town." not in customer.page(f"?video={video.public_id}")


def test_a_reward_is_told_before_and_noted(customer: Customer, response: Response, session: Session) -> None:
    survey = response.survey
    survey.reward_text = "A bag of beans for every answer"
    session.commit()
    assert "A bag of beans for every answer" in customer.page()
    customer.send()
    assert given(session).is_rewarded


def test_where_the_survey_does_not_ask_there_is_no_form(
    customer: Customer, response: Response, session: Session
) -> None:
    response.survey.asks_for_testimonial = False
    session.commit()
    assert customer.client.get(customer.path).location == f"/s/r/{customer.token}/thanks"
    assert customer.client.post(customer.path, data={"text": "x", "name": "y"}).status_code == 303
    assert session.scalar(select(func.count(Testimonial.id))) == 0


def test_a_detractor_may_give_one_too_unless_only_promoters_may(
    app: Flask, factories: Factories, session: Session
) -> None:
    response = factories.response(score=3)
    customer = Customer(app, response)
    assert customer.client.get(customer.path).status_code == 200
    response.survey.promoters_only = True
    session.commit()
    assert customer.client.get(customer.path).status_code == 303


def test_get_and_head_keep_nothing(customer: Customer, session: Session) -> None:
    customer.client.get(customer.path)
    customer.client.head(customer.path)
    assert session.scalar(select(func.count(Testimonial.id))) == 0


@pytest.mark.parametrize("purpose", [Purpose.MANAGE, Purpose.INVITATION, Purpose.PROPOSAL])
def test_a_link_of_another_kind_is_unknown_here(app: Flask, response: Response, purpose: Purpose) -> None:
    token = app.extensions[EXTENSION].tokens.sign(purpose, response.public_id)
    assert app.test_client().get(f"/s/r/{token}/testimonial").status_code == 404


def test_no_cookie_is_set_and_nothing_is_stored_by_caches(customer: Customer) -> None:
    answer = customer.client.get(customer.path)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize("language", ["en", "sv", "da", "nb", "fi"])
def test_the_page_opens_in_every_language(customer: Customer, language: str) -> None:
    assert f'<html lang="{language}"' in customer.page(f"?lang={language}")


@pytest.mark.both_databases
def test_the_same_form_12_times_at_once_is_one_testimonial(
    app: Flask, customer: Customer, response: Response, session: Session
) -> None:
    seen = hidden(customer.page(), "consent_seen")
    form = {"text": "Once", "name": "Aino", "purpose": "website", "consent_seen": seen}
    session.rollback()

    def send(_number: int) -> int:
        return app.test_client().post(customer.path, data=form).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(12))) == {303}
    assert [consent.purpose for consent in given(session).consents] == ["website"]


def test_not_now_asks_no_second_time_and_lets_the_letter_wait(
    customer: Customer, response: Response, factories: Factories, session: Session
) -> None:
    soon = factories.now + timedelta(days=45)
    response.invitation = factories.invitation(response.survey, state="answered", due_at=soon, channel="mail")
    session.commit()
    assert 'form="not-now"' in customer.page()
    answer = customer.client.post(f"{customer.path}/later", follow_redirects=True)
    assert answer.request.path.endswith("/thanks")
    assert "Record a video" not in answer.text
    session.refresh(response.invitation)
    assert response.invitation.due_at is not None
    assert response.invitation.due_at >= factories.now + timedelta(days=90)
    assert session.scalars(select(Testimonial)).all() == []
