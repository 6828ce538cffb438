"""The moderation room over HTTP, without scripts."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event

from socialproof.backends.jobs.models import Job
from socialproof.database import db
from socialproof.testimonials.models import ModerationEntry, ProposedEdit, TestimonialTag
from socialproof.tokens import Purpose, Tokens

HOSTILE = '"><img src=x onerror=alert(1)>'
DECISIONS = (
    "approve",
    "reject",
    "archive",
    "reopen",
    "undo",
    "feature",
    "order",
    "tag",
    "untag",
    "best-line",
    "media",
    "process-again",
    "proposal",
    "proposal/cancel",
)


@pytest.fixture
def company(factories):
    return factories.company(name="Nordlys Kaffe AB")


@pytest.fixture
def survey(factories, company):
    return factories.survey(company)


@pytest.fixture
def give(factories, survey):
    """A testimonial of the company."""

    def make(state="submitted", score=9, comment="", **values):
        return factories.testimonial(factories.response(survey, score, comment=comment), state, **values)

    return make


@pytest.fixture
def moderator(signed_in, company):
    return signed_in("moderator", company=company)


def path(testimonial, act=""):
    return f"/app/moderation/{testimonial.public_id}" + (f"/{act}" if act else "")


def state_of(session, testimonial):
    session.rollback()
    session.refresh(testimonial)
    return testimonial.state


def tags_in(session):
    session.rollback()
    return sorted(tag.name for tag in session.query(TestimonialTag))


def proposal_in(session):
    session.rollback()
    return session.query(ProposedEdit).one()


def test_an_empty_room_says_how_testimonials_come(moderator):
    page = moderator.get("/app/moderation")
    assert page.status_code == 200
    assert "Nothing waits for you" in page.text
    assert "/app/surveys" in page.text


def test_a_room_where_all_is_decided_says_so(moderator, give):
    give("approved")
    page = moderator.get("/app/moderation").text
    assert "Nothing waits for you" in page
    assert "See the approved ones" in page


def test_the_page_shows_what_is_judged_together(moderator, give, factories):
    testimonial = give(
        score=10,
        comment="Quick help",
        text="Hyvää kahvia.",
        language="fi",
        author_name="Saara Lehtonen",
        author_role="Buyer",
        attribution="initials",
        is_verified=True,
    )
    factories.widget(factories.session.get(type(moderator.company), testimonial.company_id), name="Front page")
    page = moderator.get(path(testimonial)).text
    for words in (
        "S. L.",
        "Saara Lehtonen",
        "Initials only",
        "Hyvää kahvia.",
        "Quick help",
        "Suomi",
        "personal link",
        "You may show it on your website.",
        "2026-11",
        "Front page",
        "Once it is approved",
    ):
        assert words in page


def test_approving_opens_the_next_one_and_offers_undo(moderator, give, session, factories):
    first, second = (give(submitted_at=factories.now - timedelta(hours=hours)) for hours in (2, 1))
    answer = moderator.post(path(first, "approve"), {"version": 1})
    assert answer.status_code == 303
    assert answer.location.startswith(f"{path(second)}?decided={first.public_id}")
    assert state_of(session, first) == "approved"
    page = moderator.get(answer.location).text
    assert "You approved the testimonial by" in page
    assert f'action="{path(first, "undo")}"' in page
    undone = moderator.post(path(first, "undo"), {"version": 2})
    assert undone.status_code == 303
    assert state_of(session, first) == "submitted"


def test_the_last_decision_leads_to_the_empty_queue(moderator, give):
    only = give()
    answer = moderator.post(path(only, "approve"), {"version": 1}, follow_redirects=True)
    assert "Nothing waits for you" in answer.text
    assert "Undo" in answer.text


def test_the_queue_stays_as_it_was_narrowed(moderator, give, survey):
    first, second = give(), give()
    query = f"?state=all&survey={survey.public_id}"
    answer = moderator.post(path(first, "approve") + query, {"version": 1})
    assert answer.location.startswith(path(second) + query)


def test_a_rejection_without_a_reason_is_asked_for_one(moderator, give, session):
    testimonial = give()
    for reason in ({}, {"reason": ""}, {"reason": "negative"}):
        answer = moderator.post(path(testimonial, "reject"), {"version": 1} | reason)
        assert answer.status_code == 422
        assert "Choose one of the reasons." in answer.text
    assert state_of(session, testimonial) == "submitted"
    assert moderator.post(path(testimonial, "reject"), {"version": 1, "reason": "privacy"}).status_code == 303
    assert state_of(session, testimonial) == "rejected"


def test_without_consent_it_says_why_and_stays(moderator, give, session):
    testimonial = give(purposes=())
    assert "has not consented" in moderator.get(path(testimonial)).text
    answer = moderator.post(path(testimonial, "approve"), {"version": 1})
    assert answer.status_code == 422
    assert "has not consented" in answer.text
    assert state_of(session, testimonial) == "submitted"


def test_the_second_moderator_reads_who_was_first_and_loses_no_typing(moderator, signed_in, company, give, session):
    """hostile case: approve and reject at once → one wins, other 409."""
    testimonial, other = give(text="They answered fast, which was nice."), signed_in("admin", company=company)
    assert other.post(path(testimonial, "approve"), {"version": 1}).status_code == 303
    answer = moderator.post(path(testimonial, "reject"), {"version": 1, "reason": "abuse"})
    assert answer.status_code == 409
    assert f"{other.user.name} approved it" in answer.text
    assert state_of(session, testimonial) == "approved"
    typed = moderator.post(path(testimonial, "proposal"), {"version": 1, "text": "They answered fast."})
    assert typed.status_code == 409
    assert ">They answered fast.</textarea>" in typed.text
    again = moderator.post(path(testimonial, "proposal"), {"version": 2, "text": "They answered fast."})
    assert again.status_code == 303


@pytest.mark.parametrize("version", ["", "x", "-1", "1e3", "9" * 30, "１"])
def test_a_form_without_its_version_is_refused(moderator, give, session, version):
    testimonial = give()
    assert moderator.post(path(testimonial, "approve"), {"version": version}).status_code == 400
    assert state_of(session, testimonial) == "submitted"


def test_tags_best_line_and_featuring(moderator, give, session):
    testimonial = give(text="Nopea apu. Kahvi on erinomaista!")
    assert moderator.post(path(testimonial, "tag"), {"version": 1, "tag": " Kahvi "}).status_code == 303
    assert moderator.post(path(testimonial, "feature"), {"version": 1, "is_featured": "yes"}).status_code == 303
    line = moderator.post(path(testimonial, "best-line"), {"version": 1, "line": "Kahvi on erinomaista"})
    assert line.status_code == 303
    page = moderator.get(path(testimonial)).text
    assert "<mark>Kahvi on erinomaista</mark>" in page
    assert "kahvi" in page
    refused = moderator.post(path(testimonial, "best-line"), {"version": 2, "line": "Kahvi on hyvää"})
    assert refused.status_code == 422
    assert 'value="Kahvi on hyvää"' in refused.text
    assert moderator.post(path(testimonial, "untag"), {"version": 2, "tag": "kahvi"}).status_code == 303
    assert tags_in(session) == []


def test_a_proposal_is_mailed_shown_with_its_difference_and_cancelled(moderator, give, run_jobs, session):
    testimonial = give(text="They answered fast, which was nice.", author_email="saara@example.com")
    moderator.post(path(testimonial, "proposal"), {"version": 1, "text": "They answered fast."})
    run_jobs()
    page = moderator.get(path(testimonial)).text
    assert "Waiting for the customer" in page
    assert "<del>" in page
    assert "/s/p/" not in page
    assert moderator.post(path(testimonial, "proposal/cancel"), {"version": 2}).status_code == 303
    assert proposal_in(session).state == "cancelled"


def test_the_difference_is_seen_before_anything_is_sent(moderator, give, session):
    testimonial = give(text="They answered fast, which was nice.")
    form = {"version": 1, "text": "They answered quickly.", "act": "look"}
    page = moderator.post(path(testimonial, "proposal"), form)
    assert page.status_code == 200
    assert "<ins>quickly</ins>" in page.text
    assert ">They answered quickly.</textarea>" in page.text
    session.rollback()
    assert session.query(ProposedEdit).count() == 0


def test_without_an_address_the_customers_link_is_shown_to_copy(moderator, give, session, settings):
    testimonial = give(text="They answered fast, which was nice.")
    moderator.post(path(testimonial, "proposal"), {"version": 1, "text": "They answered fast."})
    proposal = proposal_in(session)
    token = Tokens(settings.secret_keys).sign(Purpose.PROPOSAL, proposal.public_id)
    assert f"{settings.base_url}/s/p/{token}" in moderator.get(path(testimonial)).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write the shorter text"),
        ("They answered fast.", "is the same as"),
        ("x" * 400, "longer than the customer"),
    ],
)
def test_a_proposal_that_is_none_is_explained(moderator, give, text, words):
    answer = moderator.post(path(give(text="They answered fast."), "proposal"), {"version": 1, "text": text})
    assert answer.status_code == 422
    assert words in answer.text


# ---- several at once -------------------------------------------------------------------------------------


def tick(*testimonials):
    return [f"{testimonial.public_id}:{testimonial.version}" for testimonial in testimonials]


def test_several_are_approved_at_once(moderator, give, session):
    given = [give() for _ in range(3)]
    answer = moderator.post("/app/moderation/bulk", {"ticked": tick(*given), "act": "approve"})
    assert answer.status_code == 303
    assert [state_of(session, each) for each in given] == ["approved"] * 3
    assert "3 testimonials done." in moderator.get(answer.location).text


def test_those_that_cannot_be_approved_stay_ticked_and_say_why(moderator, give, session, signed_in, company, factories):
    good, bare, foreign = give(), give(purposes=()), factories.testimonial()
    video, taken = give(kind="video"), give()
    factories.media(video.response, video, state="processing")
    other = signed_in("owner", company=company)
    other.post(path(taken, "reject"), {"version": 1, "reason": "abuse"})
    form = {"ticked": tick(good, bare, video, taken, foreign), "act": "approve"}
    answer = moderator.post("/app/moderation/bulk?state=all", form)
    assert answer.status_code == 422
    for words in ("has not consented", "still being prepared", f"{other.user.name} rejected it", "1 testimonial done."):
        assert words in answer.text
    assert answer.text.count(" checked>") == 4
    assert [state_of(session, each) for each in (good, bare, video, taken, foreign)] == [
        "approved",
        "submitted",
        "submitted",
        "rejected",
        "submitted",
    ]


def test_several_are_rejected_with_one_reason_or_not_at_all(moderator, give, session):
    given = [give(), give()]
    form = {"ticked": tick(*given), "act": "reject", "reason": ""}
    assert moderator.post("/app/moderation/bulk", form).status_code == 422
    assert moderator.post("/app/moderation/bulk", form | {"reason": "duplicate"}).status_code == 303
    assert [state_of(session, each) for each in given] == ["rejected", "rejected"]


def moment_on(page):
    return unescape(re.search(r'name="together" value="([^"]+)"', page).group(1))


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_several_decisions_are_undone_at_once(moderator, give, session, act):
    given = [give() for _ in range(3)]
    form = {"ticked": tick(*given), "act": act, "reason": "duplicate"}
    page = moderator.get(moderator.post("/app/moderation/bulk", form).location).text
    answer = moderator.post("/app/moderation/bulk/undo", {"together": moment_on(page)})
    assert answer.status_code == 303
    assert [state_of(session, each) for each in given] == ["submitted"] * 3
    assert "Undone." in moderator.get(answer.location).text


def test_undoing_several_leaves_what_was_decided_anew(moderator, give, session, signed_in, company):
    other, first, second = signed_in("owner", company=company), give(), give()
    form = {"ticked": tick(first, second), "act": "approve"}
    page = moderator.get(moderator.post("/app/moderation/bulk", form).location).text
    other.post(path(second, "archive"), {"version": 2})
    moderator.post("/app/moderation/bulk/undo", {"together": moment_on(page)})
    assert [state_of(session, each) for each in (first, second)] == ["submitted", "archived"]


def test_nobody_undoes_what_another_decided(moderator, give, session, signed_in, company):
    given = give()
    page = moderator.get(
        moderator.post("/app/moderation/bulk", {"ticked": tick(given), "act": "approve"}).location
    ).text
    signed_in("owner", company=company).post("/app/moderation/bulk/undo", {"together": moment_on(page)})
    assert state_of(session, given) == "approved"


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-21T12:00:00", "9" * 400])
def test_a_moment_that_is_none_is_refused(moderator, moment):
    assert moderator.post("/app/moderation/bulk/undo", {"together": moment}).status_code == 400
    assert moderator.get(f"/app/moderation?together={moment}").status_code == 200


def test_several_are_tagged(moderator, give, session):
    given = [give(), give()]
    form = {"ticked": tick(*given), "act": "tag", "tag": "Nordics"}
    assert moderator.post("/app/moderation/bulk", form).status_code == 303
    assert tags_in(session) == ["nordics", "nordics"]


def test_nothing_ticked_is_said(moderator, give):
    give()
    answer = moderator.post("/app/moderation/bulk", {"act": "approve"})
    assert answer.status_code == 422
    assert "Tick at least one" in answer.text


@pytest.mark.parametrize(
    "form", [{"act": "erase"}, {}, {"act": "approve", "ticked": "x"}, {"act": "tag", "ticked": ":"}]
)
def test_a_bulk_form_that_is_not_ours_changes_nothing(moderator, give, session, form):
    give()
    assert moderator.post("/app/moderation/bulk", form).status_code in (400, 422)
    session.rollback()
    assert session.query(ModerationEntry).count() == 0


# ---- the video and its captions --------------------------------------------------------------------------


@pytest.fixture
def film(give, factories):
    """A video testimonial, and its media."""

    def make(state="ready", testimonial=(), **values):
        given = give(kind="video", **dict(testimonial))
        defaults = (
            {"variants": ["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"]} if state == "ready" else {}
        )
        return given, factories.media(given.response, given, state=state, **defaults | values)

    return make


def test_a_finished_video_loads_no_byte_before_it_is_played(moderator, film):
    testimonial, media = film(width=1280, height=720, duration_seconds=65.4)
    page = moderator.get(path(testimonial)).text
    [player] = re.findall(r"<video.*?</video>", page, re.DOTALL)
    for words in (
        'preload="none"',
        'width="1280" height="720"',
        f'poster="/app/media/{media.public_id}/poster.webp"',
        f'src="/app/media/{media.public_id}/video.mp4" type="video/mp4"',
        f'media="(max-width: 600px)" src="/app/media/{media.public_id}/video-360.mp4"',
        f'<track kind="captions" default src="/app/media/{media.public_id}/captions.vtt" srclang="en"',
    ):
        assert words in player
    assert "1:05" in page


def test_what_its_moderator_should_know_about_a_video_is_said(moderator, film):
    testimonial, _media = film(
        trim_start_seconds=2.0, trim_end_seconds=31.0, recorded_seconds=40.0, is_partial=True, is_audio=True
    )
    page = moderator.get(path(testimonial)).text
    for words in ("Cut by the customer: 0:02–0:31", "Sound only", "its end may be missing"):
        assert words in page
    plain, _media = film()
    page = moderator.get(path(plain)).text
    for words in ("Cut by", "Sound only", "may be missing"):
        assert words not in page


@pytest.mark.parametrize(
    ("start", "end", "said"), [(5.0, None, "0:05–1:10"), (None, 59.6, "0:00–1:00"), (0.0, None, "0:00–1:10")]
)
def test_a_cut_that_is_open_at_one_end_is_said_whole(moderator, film, start, end, said):
    testimonial, _media = film(trim_start_seconds=start, trim_end_seconds=end, recorded_seconds=70.0)
    assert f"Cut by the customer: {said}" in moderator.get(path(testimonial)).text


@pytest.mark.parametrize(
    ("captions", "says", "offers"),
    [
        ("", "It has no captions yet.", ["Write captions", "Nobody speaks"]),
        ("draft", "Nobody has checked them yet.", ["Check captions"]),
        ("reviewed", "Its captions are checked.", ["/captions"]),
        ("no_speech", "Nobody speaks in it", ["/captions"]),
    ],
)
def test_how_its_captions_stand_and_what_is_to_do(moderator, film, captions, says, offers):
    testimonial, media = film(captions=captions)
    page = moderator.get(path(testimonial)).text
    assert says in page
    assert all(words in page for words in offers)
    assert f'href="/app/media/{media.public_id}/captions"' in page
    assert ("<track" in page) == (captions in ("draft", "reviewed"))
    assert ("no reviewed captions yet" in page) == (captions in ("", "draft"))


def test_a_draft_of_the_machine_is_named_as_one(moderator, film, session):
    testimonial, media = film(captions="draft")
    media.captions.source = "speech"
    session.commit()
    assert "drafted by speech recognition" in moderator.get(path(testimonial)).text


def test_nobody_speaks_is_one_press_and_opens_the_way(moderator, film, session):
    testimonial, media = film(captions="")
    page = moderator.get(path(testimonial)).text
    assert 'name="act" value="no_speech"' in page
    form = {"act": "no_speech", "version": 0, "language": "en"}
    assert moderator.post(f"/app/media/{media.public_id}/captions", form).status_code == 303
    session.rollback()
    session.refresh(testimonial)
    answer = moderator.post(path(testimonial, "approve"), {"version": testimonial.version})
    assert answer.status_code == 303
    assert state_of(session, testimonial) == "approved"


@pytest.mark.parametrize(
    ("state", "says"),
    [("uploaded", "waits for its turn"), ("processing", "is being prepared"), ("parked", "Try again")],
)
def test_an_unfinished_video_says_how_far_it_is(moderator, film, state, says):
    testimonial, media = film(state, progress_percent=40, reason="storage_full" if state == "parked" else "")
    page = moderator.get(path(testimonial)).text
    assert says in page
    assert "<video" not in page
    is_waiting = state != "parked"
    assert ('value="40"' in page and "Look again" in page and f"{media.public_id}/progress" in page) == is_waiting
    assert ("no room to store" in page) == (state == "parked")


def test_what_the_machine_failed_at_is_tried_again(moderator, film, session):
    testimonial, media = film("parked", reason="transcoder_failed", prefix="companies/x/media/y")
    answer = moderator.post(path(testimonial, "process-again"))
    assert (answer.status_code, answer.location) == (303, f"{path(testimonial)}#testimonial")
    session.rollback()
    session.refresh(media)
    assert (media.state, media.reason) == ("uploaded", "")
    [job] = session.query(Job).filter_by(kind="media.process_video")
    assert job.payload == {"company_id": media.company_id, "media_id": media.id}
    page = moderator.get(path(testimonial)).text
    assert f"{moderator.user.name} let the video be tried again" in page
    assert "waits for its turn" in page
    assert state_of(session, testimonial) == "submitted"


def test_trying_again_twice_is_one_job_and_a_sentence(moderator, film, session):
    testimonial, _media = film("parked", reason="transcoder_failed")
    moderator.post(path(testimonial, "process-again"))
    again = moderator.post(path(testimonial, "process-again"))
    assert again.status_code == 422
    assert "Nothing waits to be tried again" in again.text
    session.rollback()
    assert session.query(Job).filter_by(kind="media.process_video").count() == 1


def test_a_viewer_sees_the_state_of_a_video_but_no_buttons(signed_in, company, film):
    viewer = signed_in("viewer", company=company)
    (parked, _), (bare, _) = film("parked", reason="machine_failed"), film(captions="")
    for testimonial, says in ((parked, "could not be prepared"), (bare, "no captions yet")):
        page = viewer.get(path(testimonial)).text
        assert says in page
        for words in ("process-again", 'value="no_speech"', "Write captions"):
            assert words not in page


def test_the_list_shows_a_small_picture_and_what_keeps_a_video_back(moderator, film, give):
    _, ready = film(details={"preview": {"width": 360, "height": 640}})
    _, silent = film(captions="")
    film("processing", progress_percent=40)
    film("parked")
    film(testimonial={"purposes": ()})
    page = moderator.get("/app/moderation").text
    rows = re.findall(r'<li class="queue-row".*?</li>', page, re.DOTALL)
    assert f'src="/app/media/{ready.public_id}/preview.webp" alt="" width="360" height="640" loading="lazy"' in rows[0]
    assert "badge-caution" not in rows[0]
    assert f"{silent.public_id}/preview.webp" in rows[1] and "Captions missing" in rows[1]
    assert "Being prepared, 40 %" in rows[2] and "<img" not in rows[2]
    assert "Could not be prepared" in rows[3]
    assert "Not ready" in rows[4]
    assert sum("Not ready" in row for row in rows) == 1


def test_a_withdrawn_video_has_no_picture_in_the_list(moderator, film):
    _, media = film(testimonial={"state": "withdrawn"})
    assert media.public_id not in moderator.get("/app/moderation?state=all").text


# ---- who may not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", DECISIONS)
def test_a_viewer_may_look_but_not_decide(signed_in, company, give, session, act):
    testimonial, viewer = give(), signed_in("viewer", company=company)
    assert viewer.post(path(testimonial, act), {"version": 1}).status_code == 403
    assert state_of(session, testimonial) == "submitted"


def test_a_viewer_sees_no_buttons(signed_in, company, give):
    testimonial, viewer = give(), signed_in("viewer", company=company)
    page = viewer.get(path(testimonial))
    assert page.status_code == 200
    assert testimonial.text in page.text
    for words in ("/approve", "/reject", "/bulk", "/proposal", "/tag", 'checkbox" form'):
        assert words not in page.text
    assert viewer.post("/app/moderation/bulk", {"act": "approve"}).status_code == 403


@pytest.mark.parametrize("role", ["moderator", "admin", "owner"])
def test_another_companys_testimonial_is_as_missing_as_none(signed_in, factories, session, role):
    """hostile case: every route with another tenant's id, each role → same 404 as a missing id."""
    foreign, member = factories.testimonial(), signed_in(role)
    missing = member.get("/app/moderation/AAAAAAAAAAAAAAAA")
    found = member.get(path(foreign))
    assert found.status_code == missing.status_code == 404
    assert found.text == missing.text.replace("AAAAAAAAAAAAAAAA", foreign.public_id)
    for act in DECISIONS:
        assert member.post(path(foreign, act), {"version": 1, "reason": "abuse"}).status_code == 404
    assert state_of(session, foreign) == "submitted"


def test_nobody_sees_the_room_without_signing_in(client, give, factories):
    factories.member()
    testimonial = give()
    assert client.get(path(testimonial)).status_code == 303
    assert client.post(path(testimonial, "approve"), data={"version": 1}).status_code in (303, 400)


def test_a_form_from_elsewhere_is_refused(moderator, give, session):
    testimonial = give()
    assert moderator.client.post(path(testimonial, "approve"), data={"version": 1}).status_code == 400
    assert state_of(session, testimonial) == "submitted"


# ---- hostile words ---------------------------------------------------------------------------------------


def test_hostile_words_stay_words_in_every_field(moderator, give, factories, survey):
    testimonial = give(
        text=HOSTILE,
        comment=HOSTILE,
        author_name=HOSTILE,
        author_role=HOSTILE,
        author_organisation=HOSTILE,
        author_email=HOSTILE,
        attribution="full_name",
    )
    survey.name = HOSTILE
    factories.session.commit()
    factories.widget(factories.session.get(type(moderator.company), moderator.company.id), name=HOSTILE)
    moderator.post(path(testimonial, "tag"), {"version": 1, "tag": HOSTILE})
    moderator.post(path(testimonial, "best-line"), {"version": 1, "line": HOSTILE})
    for page in (
        moderator.get("/app/moderation", query_string={"q": HOSTILE, "tag": HOSTILE, "survey": HOSTILE}),
        moderator.get(path(testimonial)),
        moderator.post(path(testimonial, "proposal"), {"version": 2, "text": HOSTILE * 9}),
        moderator.post(path(testimonial, "tag"), {"version": 2, "tag": HOSTILE * 9}),
    ):
        assert page.status_code in (200, 422)
        assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\x00"},
        {"q": "%_\\'\""},
        {"q": "ä" * 5000},
        {"state": "draft"},
        {"state": "' or 1=1"},
        {"after": "x" * 5000},
        {"kind": "audio", "tag": "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")},
    ],
)
def test_an_odd_address_is_only_an_address(moderator, give, query):
    give()
    assert moderator.get("/app/moderation", query_string=query).status_code == 200


def test_odd_bytes_in_a_tag_are_cleaned_or_refused(moderator, give, session):
    testimonial = give()
    for name in ("\u202egnp.exe", "a\x00b", "\u200b\u200b", "x" * 5000):
        assert moderator.post(path(testimonial, "tag"), {"version": 1, "tag": name}).status_code in (303, 422)
    assert tags_in(session) == ["ab", "gnp.exe"]


def test_a_draft_and_a_withdrawn_one_keep_their_words(moderator, give):
    draft, withdrawn = give("draft", submitted_at=None), give("withdrawn", text="Secret words")
    assert moderator.get(path(draft)).status_code == 404
    page = moderator.get(path(withdrawn))
    assert page.status_code == 200
    assert "Taken back by its customer" in page.text
    assert "Secret words" not in page.text
    assert "Secret words" not in moderator.get("/app/moderation?state=all").text
    assert withdrawn.public_id not in moderator.get("/app/moderation?state=all&q=secret").text


def test_reading_decides_nothing(moderator, give, session):
    testimonial = give()
    for act in DECISIONS:
        assert moderator.get(path(testimonial, act)).status_code in (404, 405)
    assert state_of(session, testimonial) == "submitted"


def test_a_long_queue_costs_no_more_questions_than_a_short_one(moderator, film, app):
    def questions():
        asked = []

        def note(*_arguments):
            asked.append(1)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        moderator.get("/app/moderation?state=all")
        event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    film(details={"preview": {"width": 640, "height": 360}})
    short = questions()
    for _ in range(12):
        film(captions="draft")
    assert questions() == short


def test_after_the_customer_changed_the_photo_the_new_one_is_judged(moderator, give, factories):
    testimonial = give()
    old = factories.media(testimonial.response, testimonial, kind="photo", state="deleted")
    new = factories.media(testimonial.response, testimonial, kind="photo", variants=["192.webp"])
    page = moderator.get(f"/app/moderation/{testimonial.public_id}").text
    assert f"/app/media/{new.public_id}/192.webp" in page
    assert old.public_id not in page
