"""The captions page over HTTP, without scripts."""

import io
import re
from html import unescape

import pytest

from socialproof.domain.captions import read_time
from socialproof.media.models import Captions
from socialproof.testimonials.models import ModerationEntry

HOSTILE = "--></script><img src=x onerror=alert(1)>"
SAID = "They answered within an hour. They fixed it the same day, which nobody else had done before for us."


@pytest.fixture
def company(factories):
    return factories.company(name="Nordlys Kaffe AB")


@pytest.fixture
def give(factories, company):
    """A video of ten seconds, of a testimonial of the company."""

    def make(captions="", state="submitted", **values):
        testimonial = factories.testimonial(
            factories.response(factories.survey(company)), state, kind="video", language="fi"
        )
        given = {"captions": captions, "duration_seconds": 10.0, "variants": ["video.mp4"]}
        return factories.media(testimonial.response, testimonial, **given | values)

    return make


@pytest.fixture
def moderator(signed_in, company):
    return signed_in("moderator", company=company)


def path(media, rest=""):
    return f"/app/media/{media.public_id}/captions{rest}"


def form(*cues, act="save", version=0, **more):
    starts, ends, texts = zip(*cues, strict=True) if cues else ((), (), ())
    rows = {"start": list(starts), "end": list(ends), "text": list(texts)}
    return {"act": act, "version": version, "language": "sv"} | rows | more


def kept(session):
    session.rollback()
    session.expire_all()
    return session.query(Captions).one_or_none()


def values(page, name):
    return [unescape(found) for found in re.findall(rf'name="{name}"[^>]*? value="([^"]*)"', page.text)]


def words(page):
    return [unescape(found) for found in re.findall(r'name="text"[^>]*>\n([^<]*)</textarea>', page.text)]


def rows(page):
    times = [tuple(map(read_time, pair)) for pair in zip(values(page, "start"), values(page, "end"), strict=True)]
    return [(*pair, text) for pair, text in zip(times, words(page), strict=True)]


def test_an_empty_page_shows_the_ways_to_captions(moderator, give):
    media = give()
    page = moderator.get(path(media))
    assert page.status_code == 200
    for said in ("No captions yet", "Everything that is said", "A .vtt or .srt file", "Nobody speaks", "one by one"):
        assert said in page.text
    assert '<option value="fi" selected>' in page.text
    assert f"/app/media/{media.public_id}/video.mp4" in page.text
    assert f"/app/media/{media.public_id}/captions.vtt" in page.text


def test_what_is_said_becomes_captions_that_are_checked_and_the_video_may_be_published(moderator, give, session):
    media = give()
    page = moderator.post(path(media), form(act="transcript", transcript=SAID))
    assert page.status_code == 200
    found = rows(page)
    assert [text.replace("\n", " ") for *_times, text in found] == [
        "They answered within an hour.",
        "They fixed it the same day, which nobody else had done before for us.",
    ]
    assert (found[0][0], found[-1][1]) == (0, 10)
    assert "Not saved yet" in page.text
    assert kept(session) is None
    answer = moderator.post(path(media), form(*[(f"{a}", f"{b}", text) for a, b, text in found], act="review"))
    assert answer.status_code == 303
    page = moderator.get(answer.location)
    assert f"Checked by {moderator.user.name}" in page.text
    assert "Back to moderation" in page.text
    assert kept(session).state == "reviewed"


def test_times_are_taken_as_people_write_them_and_shown_as_they_are(moderator, give, session):
    media = give()
    cues = (("00:00:06,500", "7;25", "Hej & hå"), ("1", "0:02.5", "På ön\n\n\nsmör"))
    answer = moderator.post(path(media), form(*cues))
    assert answer.status_code == 303
    captions = kept(session)
    assert (captions.state, captions.language, captions.cues) == (
        "draft",
        "sv",
        [{"start": 1, "end": 2.5, "text": "På ön\nsmör"}, {"start": 6.5, "end": 7.25, "text": "Hej & hå"}],
    )
    page = moderator.get(path(media))
    assert values(page, "start") == ["0:01.0", "0:06.5"]
    assert words(page) == ["På ön\nsmör", "Hej & hå"]
    assert "Draft, not checked yet" in page.text


@pytest.mark.parametrize("act", ["save", "review", "tidy", "split:0", "start-later:0"])
def test_a_time_that_is_none_is_marked_and_nothing_typed_is_lost(moderator, give, session, act):
    media = give()
    cues = (("soon", "2", "Hej"), ("3", '4"><img src=x>', "då"))
    page = moderator.post(path(media), form(*cues, act=act, transcript="All of it"))
    assert page.status_code == 422
    assert "A time is written such as" in page.text
    assert 'aria-invalid="true"' in page.text
    assert values(page, "start") == ["soon", "3"]
    assert values(page, "end") == ["2", '4"><img src=x>']
    assert words(page) == ["Hej", "då"]
    assert ">\nAll of it</textarea>" in page.text
    assert "<img src=x" not in page.text
    assert kept(session) is None


THREE = (("0", "2", "One two three four"), ("2", "4", "Five"), ("5", "6", "Six"))


@pytest.mark.parametrize(
    ("act", "more", "expected"),
    [
        ("add:0", {}, [*THREE[:1], ("2", "4", ""), *THREE[1:]]),
        ("add:1", {}, [*THREE[:2], ("4", "5", ""), THREE[2]]),
        ("add:2", {}, [*THREE, ("6", "8", "")]),
        ("split:0", {}, [("0", "0.824", "One two"), ("0.824", "2", "three four"), *THREE[1:]]),
        ("split:0", {"caret": "4"}, [("0", "0.353", "One"), ("0.353", "2", "two three four"), *THREE[1:]]),
        ("merge:1", {}, [THREE[0], ("2", "6", "Five Six")]),
        ("delete:0", {}, list(THREE[1:])),
        ("start-earlier:2", {}, [*THREE[:2], ("4.9", "6", "Six")]),
        ("start-later:2", {}, [*THREE[:2], ("5.1", "6", "Six")]),
        ("end-earlier:0", {}, [("0", "1.9", "One two three four"), *THREE[1:]]),
        ("end-later:0", {}, [("0", "2.1", "One two three four"), *THREE[1:]]),
        ("start-earlier:0", {}, list(THREE)),
        ("tidy", {}, list(THREE)),
        ("check", {}, list(THREE)),
        ("what", {}, list(THREE)),
    ],
)
def test_each_button_changes_its_row_and_keeps_everything_else(moderator, give, session, act, more, expected):
    media = give()
    page = moderator.post(path(media), form(*THREE, act=act, transcript="Kept", **more))
    assert page.status_code == 200
    assert rows(page) == [(float(start), float(end), text) for start, end, text in expected]
    assert ">\nKept</textarea>" in page.text
    assert kept(session) is None


@pytest.mark.parametrize(("act", "said"), [("split:1", "would have no words"), ("merge:2", "no caption below")])
def test_a_button_that_can_do_nothing_says_why(moderator, give, act, said):
    page = moderator.post(path(give()), form(*THREE, act=act))
    assert page.status_code == 422
    assert said in page.text
    assert len(rows(page)) == 3


@pytest.mark.parametrize("act", ["split:3", "delete:-1", "merge:x", "add:99", "add:-2", "start-later:", "split:１"])
def test_a_button_that_is_not_ours_is_refused(moderator, give, act):
    assert moderator.post(path(give()), form(*THREE, act=act)).status_code == 400


@pytest.mark.parametrize("version", ["", "x", "-1", "1e3", "9" * 30, "１"])
def test_a_form_without_its_version_is_refused(moderator, give, session, version):
    assert moderator.post(path(give()), form(*THREE, version=version)).status_code == 400
    assert kept(session) is None


def test_captions_that_cannot_be_read_are_not_called_right(moderator, give, session):
    media = give()
    cues = (("0", "2", "One"), ("1", "3", "Two"), ("9", "20", "Three"), ("4", "4.1", "x" * 30))
    page = moderator.post(path(media), form(*cues, act="review"))
    assert page.status_code == 422
    for said in ("cannot be read as they stand", "begins before the one above", "outside the video", "shorter than"):
        assert said in page.text
    assert "3 captions need a look" in page.text
    page = moderator.post(path(media), form(act="review"))
    assert page.status_code == 422
    assert "There are no captions yet" in page.text
    assert kept(session) is None


# ---- files and replacing ---------------------------------------------------------------------------------


def upload(moderator, media, content, *cues, name="captions.srt", **more):
    data = form(*cues, act="upload", **more) | {"file": (io.BytesIO(content), name)}
    answer = moderator.post(path(media), data, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # a large body lies in a file
    return answer


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_taken_with_its_letters(moderator, give, session, encoding):
    text = "1\r\n00:00:01,000 --> 00:00:02,500\r\nRäksmörgås på ön\r\n\r\n"
    media = give()
    page = upload(moderator, media, text.encode(encoding))
    assert rows(page) == [(1, 2.5, "Räksmörgås på ön")]
    moderator.post(path(media), form(("1", "2.5", "Räksmörgås på ön"), source="uploaded"))
    assert kept(session).source == "uploaded"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "letters of this file"),
        (b"<!doctype html><script>alert(1)</script>", "holds no captions"),
        (b"WEBVTT\n\n00:01.000 --> soon\nHej", "Line 3 of the file"),
        (b"1\n00:01 --> 00:02\n" + b"x" * 501, "Line 2 of the file"),
        (b"x" * 1_000_001, "too large"),
        (b"", "holds no captions"),
    ],
)
def test_a_file_that_is_none_is_explained_and_what_was_typed_stays(moderator, give, content, said):
    page = upload(moderator, give(), content, *THREE)
    assert page.status_code == 422
    assert said in page.text
    assert len(rows(page)) == 3


def test_nothing_chosen_and_nothing_written_is_said(moderator, give):
    assert "choose a file first" in upload(moderator, give(), b"", name="").text
    assert "paste what is said" in moderator.post(path(give()), form(act="transcript", transcript=" \u200b")).text


@pytest.mark.parametrize(("said", "refused"), [("a" * 60_001, "at most 60000"), ("a.\n\n" * 2001, "at most 2000")])
def test_there_is_an_end_to_what_is_said(moderator, give, said, refused):
    page = moderator.post(path(give()), form(act="transcript", transcript=said))
    assert page.status_code == 422
    assert refused in page.text
    assert said[:50] in page.text


def test_words_are_never_replaced_without_asking(moderator, give):
    media = give()
    page = upload(moderator, media, b"1\n00:01 --> 00:02\nNew", *THREE)
    assert page.status_code == 200
    assert "Replace the captions that are here?" in page.text
    assert len(rows(page)) == 3
    [replacement] = values(page, "replacement")
    [source] = values(page, "replacement_source")
    asked = {"replacement": replacement, "replacement_source": source}
    assert len(rows(moderator.post(path(media), form(*THREE, act="keep", **asked)))) == 3
    page = moderator.post(path(media), form(*THREE, act="replace", **asked))
    assert rows(page) == [(1, 2, "New")]
    assert values(page, "source") == ["uploaded"]
    page = moderator.post(path(media), form(*THREE, act="transcript", transcript=SAID))
    assert "Replace the captions that are here?" in page.text


def test_two_thousand_captions_are_still_one_form(moderator, give, session):
    media = give(duration_seconds=4000.0)
    cues = [(str(number), str(number + 1), "Some words here") for number in range(2000)]
    data = form(*cues) | {"file": (io.BytesIO(b""), "")}
    answer = moderator.post(path(media), data, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # a large body lies in a file
    assert answer.status_code == 303
    assert len(kept(session).cues) == 2000
    page = moderator.post(path(media), form(*cues, ("3000", "3001", "One more"), version=1))
    assert page.status_code == 422
    assert "at most 2000 captions" in page.text


# ---- states ------------------------------------------------------------------------------------------------


def test_nobody_speaks_and_somebody_does_after_all(moderator, give, session):
    media = give()
    page = moderator.post(path(media), form(act="no_speech"), follow_redirects=True)
    assert "Nobody speaks in this video" in page.text
    assert kept(session).state == "no_speech"
    assert moderator.get(path(media, ".vtt")).text == "WEBVTT\n"
    page = moderator.post(path(media), form(act="reopen", version=1), follow_redirects=True)
    assert "Write what is said" in page.text
    assert kept(session).state == "draft"


def test_who_comes_from_moderation_goes_back_there(moderator, give):
    answer = moderator.post(path(give()), form(act="no_speech", back="moderation"), follow_redirects=True)
    assert "nobody speaks, so no captions are needed" in answer.text
    assert answer.request.path.startswith("/app/moderation/")


def test_nobody_speaks_is_asked_again_where_captions_are(moderator, give, session):
    media = give("draft")
    page = moderator.post(path(media), form(*THREE, act="no_speech", version=1))
    assert page.status_code == 422
    assert "I am sure: nobody speaks" in page.text
    assert kept(session).state == "draft"
    assert moderator.post(path(media), form(*THREE, act="no_speech_sure", version=1)).status_code == 303
    assert kept(session).state == "no_speech"


def test_what_a_machine_heard_asks_to_be_checked(moderator, give, session):
    media = give("draft")
    kept(session).source = "speech"
    session.commit()
    page = moderator.get(path(media)).text
    assert "Drafted by speech recognition – please check" in page
    assert "A machine heard this" in page


def test_saving_checked_captions_as_a_draft_takes_the_video_back(moderator, give, session):
    media = give("reviewed", state="approved")
    assert "not public until it is checked again" in moderator.get(path(media)).text
    moderator.post(path(media), form(*THREE, version=1))
    captions = kept(session)
    assert (captions.state, captions.reviewed_at) == ("draft", None)


def test_the_second_editor_reads_who_was_first_and_keeps_both(moderator, signed_in, company, give, session):
    media, other = give(), signed_in("admin", company=company)
    moderator.post(path(media), form(("0", "2", "The first words")))
    page = other.post(path(media), form(("0", "2", "The other words")))
    assert page.status_code == 409
    assert f"{moderator.user.name} changed these captions while you were working" in page.text
    assert words(page) == ["The other words"]
    assert "The first words" in page.text
    assert values(page, "version") == ["1"]
    assert other.post(path(media), form(("0", "2", "The other words"), version=1)).status_code == 303
    assert kept(session).cues[0]["text"] == "The other words"


def test_the_history_of_the_testimonial_tells_who_did_what(moderator, give, session):
    media = give()
    moderator.post(path(media), form(*THREE))
    moderator.post(path(media), form(*THREE, act="review", version=1))
    moderator.post(path(media), form(act="no_speech_sure", version=2))
    moderator.post(path(media), form(act="reopen", version=3))
    session.rollback()
    public_id = moderator.get(path(media)).text.split("/app/moderation/")[1].split('"')[0]
    page = moderator.get(f"/app/moderation/{public_id}").text
    for deed in ("wrote captions", "checked the captions", "nobody speaks in the video", "took the captions back"):
        assert f"{moderator.user.name} {deed}" in page or f"{moderator.user.name} noted that {deed}" in page


# ---- the file -----------------------------------------------------------------------------------------------


def test_the_file_is_what_it_says(moderator, give):
    answer = moderator.get(path(give("draft"), ".vtt"))
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer.headers["Cache-Control"]
    assert answer.text == "WEBVTT\n\n00:00.000 --> 00:02.000\nThey answered within an hour.\n"
    assert moderator.get(path(give(), ".vtt")).text == "WEBVTT\n"


# ---- who may not ---------------------------------------------------------------------------------------------


def test_a_viewer_reads_and_changes_nothing(signed_in, company, give, session):
    media, viewer = give("draft"), signed_in("viewer", company=company)
    page = viewer.get(path(media))
    assert page.status_code == 200
    assert "They answered within an hour." in page.text
    assert "<textarea" not in page.text
    assert 'name="act"' not in page.text
    assert viewer.get(path(media, ".vtt")).status_code == 200
    assert viewer.post(path(media), form(*THREE, version=1)).status_code == 403
    assert kept(session).version == 1


@pytest.mark.parametrize("role", ["viewer", "moderator", "admin", "owner"])
def test_another_companys_video_is_as_missing_as_none(signed_in, give, session, role):
    """hostile case: every route with another tenant's id, each role → same 404 as a missing id."""
    foreign, member = give("draft"), signed_in(role)
    for rest in ("", ".vtt"):
        missing = member.get(f"/app/media/AAAAAAAAAAAAAAAA/captions{rest}")
        found = member.get(path(foreign, rest))
        assert found.status_code == missing.status_code == 404
        assert found.text == missing.text.replace("AAAAAAAAAAAAAAAA", foreign.public_id)
    if role != "viewer":
        assert member.post(path(foreign), form(*THREE, version=1)).status_code == 404
    assert kept(session).version == 1


def test_nobody_sees_captions_without_signing_in(client, give, factories):
    factories.member()
    media = give("reviewed", state="approved")
    for rest in ("", ".vtt"):
        assert client.get(path(media, rest)).status_code == 303
    assert client.post(path(media), data=form(*THREE, version=1)).status_code in (303, 400)


@pytest.mark.parametrize(("state", "values"), [("withdrawn", {}), ("draft", {}), ("submitted", {"state": "parked"})])
def test_a_video_that_the_team_may_not_see_has_no_captions_page(moderator, give, factories, company, state, values):
    testimonial = factories.testimonial(factories.response(factories.survey(company)), state, kind="video")
    media = factories.media(testimonial.response, testimonial, **values)
    for rest in ("", ".vtt"):
        assert moderator.get(path(media, rest)).status_code == 404
    assert moderator.post(path(media), form(*THREE, version=1)).status_code == 404


def test_a_photo_has_no_captions(moderator, factories, company):
    testimonial = factories.testimonial(factories.response(factories.survey(company)))
    photo = factories.media(testimonial.response, testimonial, kind="photo")
    assert moderator.get(path(photo)).status_code == 404


def test_reading_changes_nothing(moderator, give, session):
    media = give()
    moderator.get(path(media) + "?act=no_speech&version=0")
    assert kept(session) is None


# ---- hostile words -----------------------------------------------------------------------------------------------


def test_hostile_words_stay_words_on_the_page_and_in_the_file(moderator, give, session):
    media = give()
    text = f"{HOSTILE}\n\n00:00.000 --> 00:09.000\nNOTE \u202egnp.exe\u0000 <v Bo>hi"
    assert moderator.post(path(media), form(("0", "4", text), transcript=HOSTILE)).status_code == 303
    for page in (
        moderator.get(path(media)),
        moderator.post(path(media), form(("0", HOSTILE[:20], text), version=1, transcript=HOSTILE)),
        moderator.post(path(media), form(("0", "1", text), version=1, act="transcript", transcript=HOSTILE)),
        moderator.post(path(media), form(("0", "1", text), version=0, transcript=HOSTILE)),
    ):
        assert "<img src=x" not in page.text
        assert "</script><img" not in page.text
        assert "\u202e" not in page.text
    file = moderator.get(path(media, ".vtt")).text
    assert file.count("-->") == 1
    assert "<" not in file.split("-->")[1]
    assert "\x00" not in file
    assert "gnp.exe" in file


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "\u200b\u2060", "a" * 60_001])
def test_odd_text_is_cleaned_or_refused(moderator, give, odd):
    for name in ("text", "start", "transcript", "language", "source", "replacement"):
        data = form(*THREE) | {name: [odd.encode("utf-8", "surrogatepass")] * 3}
        assert moderator.post(path(give()), data).status_code in (200, 303, 400, 422)


def test_a_machine_is_not_named_as_the_author_of_history(moderator, give, session):
    moderator.post(path(give()), form(*THREE))
    session.rollback()
    assert session.query(ModerationEntry).one().user_id == moderator.user.id
