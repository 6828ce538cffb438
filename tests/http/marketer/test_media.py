"""Private photos and videos: for the team of the company alone."""

import io

import pytest

BYTES = bytes(range(256)) * 40


@pytest.fixture
def company(factories):
    return factories.company()


@pytest.fixture
def video(factories, company, app):
    response = factories.response(factories.survey(company))
    testimonial = factories.testimonial(response, kind="video")
    media = factories.media(response, testimonial, variants=["video.mp4", "poster.webp"])
    storage = app.extensions["socialproof"].backends.storage
    for name in ("video.mp4", "poster.webp", "source"):
        storage.put(f"{media.prefix}/{name}", io.BytesIO(BYTES))
    return media


def fetch(member, address, **options):
    """The whole answer, with its file closed again."""
    with member.get(address, **options) as answer:
        assert answer.data is not None
    return answer


def path(media, variant="video.mp4"):
    return f"/app/media/{media.public_id}/{variant}"


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
def test_what_the_customer_took_back_or_has_not_sent_is_not_served(signed_in, company, video, factories, state):
    video.testimonial.state = state
    factories.session.commit()
    assert fetch(signed_in("owner", company=company), path(video)).status_code == 404


def test_a_file_that_is_gone_from_the_disk_is_missing_and_no_crash(signed_in, company, video, app):
    app.extensions["socialproof"].backends.storage.delete(f"{video.prefix}/video.mp4")
    assert fetch(signed_in("owner", company=company), path(video)).status_code == 404
