"""Private photos and videos: for the team of the company alone."""

import io

import pytest

from socialproof.testimonials.models import Testimonial

VARIANTS = ("video.mp4", "video-360.mp4", "poster.webp", "preview.webp")
BYTES = bytes(range(256)) * 40


@pytest.fixture
def company(factories):
    return factories.company()


@pytest.fixture
def video(factories, company, app):
    response = factories.response(factories.survey(company))
    testimonial = factories.testimonial(response, kind="video")
    media = factories.media(response, testimonial, variants=list(VARIANTS))
    storage = app.extensions["socialproof"].backends.storage
    for name in (*VARIANTS, "source"):
        storage.put(f"{media.prefix}/{name}", io.BytesIO(BYTES))
    return media


@pytest.fixture
def testimonial(video, factories):
    return factories.session.get(Testimonial, video.testimonial_id)


def fetch(member, address, **options):
    """The whole answer, with its file closed again."""
    with member.get(address, **options) as answer:
        assert answer.data is not None
    return answer


def path(media, variant="video.mp4"):
    return f"/app/media/{media.public_id}/{variant}"


@pytest.mark.parametrize(
    ("variant", "kind"),
    [("video-360.mp4", "video/mp4"), ("poster.webp", "image/webp"), ("preview.webp", "image/webp")],
)
def test_smaller_files_and_pictures_are_served_too(signed_in, company, video, variant, kind):
    answer = fetch(signed_in("viewer", company=company), path(video, variant))
    assert (answer.status_code, answer.content_type, answer.data) == (200, kind, BYTES)


@pytest.mark.parametrize("role", ["viewer", "moderator", "owner"])
def test_the_team_watches_what_is_not_public_yet(signed_in, company, video, role):
    answer = fetch(signed_in(role, company=company), path(video))
    assert answer.status_code == 200
    assert answer.data == BYTES
    assert answer.content_type == "video/mp4"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=100-199", 100, 199), ("bytes=-10", 10230, 10239), ("bytes=10000-", 10000, 10239)],
)
def test_a_player_may_jump(signed_in, company, video, wanted, first, last):
    answer = fetch(signed_in("viewer", company=company), path(video), headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10240"
    assert answer.data == BYTES[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=20000-", "bytes=9-1", "pages=1-2", "bytes=a-b"])
def test_an_impossible_jump_is_no_error_of_ours(signed_in, company, video, wanted):
    assert fetch(signed_in("viewer", company=company), path(video), headers={"Range": wanted}).status_code in (200, 416)


def test_an_unchanged_file_is_not_sent_twice(signed_in, company, video):
    viewer = signed_in("viewer", company=company)
    tag = fetch(viewer, path(video, "poster.webp")).headers["ETag"]
    answer = fetch(viewer, path(video, "poster.webp"), headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_another_team_gets_what_a_missing_file_gets(signed_in, video):
    stranger = signed_in("owner")
    missing = fetch(stranger, "/app/media/AAAAAAAAAAAAAAAA/video.mp4")
    foreign = fetch(stranger, path(video))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text == missing.text.replace("AAAAAAAAAAAAAAAA", video.public_id)


def test_nobody_watches_without_signing_in(client, video, factories):
    factories.member()
    answer = client.get(path(video))
    assert answer.status_code == 303
    assert BYTES not in answer.data


@pytest.mark.parametrize(
    "variant", ["source", "video.html", "192.webp", "..%2f..%2fsocialproof.db", "video.mp4%00", "x" * 900]
)
def test_only_finished_files_are_served(signed_in, company, video, variant):
    """What a customer uploaded is never sent back as it came."""
    assert fetch(signed_in("owner", company=company), path(video, variant)).status_code == 404


@pytest.mark.parametrize("state", ["uploading", "processing", "unreadable", "deleted"])
def test_unfinished_media_is_not_served(signed_in, company, video, factories, state):
    video.state = state
    factories.session.commit()
    assert fetch(signed_in("owner", company=company), path(video)).status_code == 404


@pytest.mark.parametrize("state", ["withdrawn", "draft"])
def test_what_the_customer_took_back_or_has_not_sent_is_not_served(
    signed_in, company, video, testimonial, factories, state
):
    testimonial.state = state
    factories.session.commit()
    assert fetch(signed_in("owner", company=company), path(video)).status_code == 404
    assert fetch(signed_in("owner", company=company), path(video, "progress")).status_code == 404


def test_a_file_that_is_gone_from_the_disk_is_missing_and_no_crash(signed_in, company, video, app):
    app.extensions["socialproof"].backends.storage.delete(f"{video.prefix}/video.mp4")
    assert fetch(signed_in("owner", company=company), path(video)).status_code == 404


# ---- how far the worker is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"state": "uploaded"}, {"state": "uploaded", "percent": 0, "reason": ""}),
        ({"state": "processing", "progress_percent": 40}, {"state": "processing", "percent": 40, "reason": ""}),
        ({"state": "ready", "progress_percent": 100}, {"state": "ready", "percent": 100, "reason": ""}),
        ({"state": "parked", "reason": "storage_full"}, {"state": "parked", "percent": 0, "reason": "storage_full"}),
        ({"state": "unreadable", "reason": "too_long"}, {"state": "unreadable", "percent": 0, "reason": "too_long"}),
    ],
)
def test_the_team_is_told_how_far_a_video_is(signed_in, company, video, factories, values, told):
    for name, value in values.items():
        setattr(video, name, value)
    factories.session.commit()
    answer = fetch(signed_in("viewer", company=company), path(video, "progress"))
    assert (answer.status_code, answer.json) == (200, told)
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_erased_video_and_one_that_is_no_testimonials_yet_have_no_progress(
    signed_in, company, video, testimonial, factories
):
    viewer = signed_in("viewer", company=company)
    unsent = factories.media(testimonial.response, state="processing")
    assert fetch(viewer, path(unsent, "progress")).status_code == 404
    video.state = "deleted"
    factories.session.commit()
    assert fetch(viewer, path(video, "progress")).status_code == 404


def test_another_team_learns_nothing_of_the_progress(signed_in, video):
    stranger = signed_in("owner")
    missing, foreign = fetch(stranger, "/app/media/AAAAAAAAAAAAAAAA/progress"), fetch(stranger, path(video, "progress"))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text == missing.text.replace("AAAAAAAAAAAAAAAA", video.public_id)
