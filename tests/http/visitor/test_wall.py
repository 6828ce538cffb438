"""The hosted wall: everything reads without any script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'


def test_it_shows_the_stories_the_score_and_the_disclosure(client: FlaskClient, showcase: Any) -> None:
    showcase.story(text="They fixed it the same day.", best_line="the same day", author_name="Astrid Berg")
    for score in [10] * 15 + [5] * 6:
        showcase.factories.response(showcase.survey, score)
    page = client.get(f"/w/{showcase.publish().public_id}")
    assert page.status_code == 200
    assert "They fixed it <mark>the same day</mark>." in page.text
    assert "<bdi>Astrid Berg</bdi>" in page.text
    assert "+45" in page.text
    assert "± " in page.text
    assert "Shown here: 1." in page.text
    assert "/method" in page.text
    assert "★" not in page.text


def test_it_needs_no_script_and_allows_none(client: FlaskClient, showcase: Any) -> None:
    page = client.get(f"/w/{showcase.publish().public_id}")
    assert "<script" not in page.text
    assert " style=" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "Set-Cookie" not in page.headers
    assert (page.cache_control.max_age or 99) <= 60


def test_a_video_has_two_sizes_captions_and_a_place_and_loads_nothing(client: FlaskClient, showcase: Any) -> None:
    story = showcase.story(kind="video")
    media = showcase.media(
        story, "video", **{"video_mp4": b"1", "video-360_mp4": b"2", "poster_webp": b"3", "preview_webp": b"4"}
    )
    media.width, media.height = 720, 1280
    showcase.session.commit()
    page = client.get(f"/w/{showcase.publish().public_id}").text
    film = page[page.index("<video") : page.index("</video>")]
    address = f"/w/media/{media.public_id}"
    assert 'preload="none"' in film
    assert f'poster="{address}/preview.webp" width="720" height="1280"' in film
    small, large = film.index(f'media="(max-width: 600px)" src="{address}/video-360.mp4"'), film.index("/video.mp4")
    assert small < large, "a browser takes the first source that fits"
    assert f'<track kind="captions" default src="{address}/captions.vtt" srclang="en" label="Captions">' in film


def test_a_video_of_an_earlier_release_is_one_file_with_its_poster(client: FlaskClient, showcase: Any) -> None:
    story = showcase.story(kind="video")
    media = showcase.media(story, "video", video_mp4=b"1", poster_webp=b"3")
    media.captions.state = "no_speech"
    showcase.session.commit()
    page = client.get(f"/w/{showcase.publish().public_id}").text
    film = page[page.index("<video") : page.index("</video>")]
    assert f'poster="/w/media/{media.public_id}/poster.webp"' in film
    assert (film.count("<source"), film.count("<track")) == (1, 0)


def test_structured_data_is_off(client: FlaskClient, showcase: Any) -> None:
    showcase.story()
    page = client.get(f"/w/{showcase.publish().public_id}").text
    assert "ld+json" not in page
    assert "itemprop" not in page


def test_hostile_words_stay_words(client: FlaskClient, showcase: Any) -> None:
    showcase.company.name = HOSTILE
    showcase.story(
        text=HOSTILE, best_line=HOSTILE[3:12], author_name=HOSTILE, author_role=HOSTILE, author_organisation=HOSTILE
    )
    page = client.get(f"/w/{showcase.publish().public_id}").text
    assert "<img src=x" not in page
    assert "<script>" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 3


def test_a_story_keeps_its_own_language_and_direction(client: FlaskClient, showcase: Any) -> None:
    showcase.story(text="قهوة ممتازة", language="ar")
    page = client.get(f"/w/{showcase.publish().public_id}").text
    assert '<blockquote lang="ar" dir="auto">قهوة ممتازة</blockquote>' in page


@pytest.mark.parametrize(
    ("query", "browser", "language"),
    [("?lang=fi", "sv", "fi"), ("", "nb, en;q=0.5", "nb"), ("", "de", "da"), ("?lang=xx", "de", "da")],
)
def test_it_speaks_the_visitors_language(
    client: FlaskClient, showcase: Any, query: str, browser: str, language: str
) -> None:
    widget = showcase.publish(language="da")
    page = client.get(f"/w/{widget.public_id}{query}", headers={"Accept-Language": browser})
    assert f'<html lang="{language}"' in page.text
    assert page.headers["Content-Language"] == language
    assert "Accept-Language" in page.headers["Vary"]


def test_without_stories_it_says_so(client: FlaskClient, showcase: Any) -> None:
    assert "No stories yet" in client.get(f"/w/{showcase.publish().public_id}").text


def test_the_colour_comes_as_a_style_sheet(client: FlaskClient, showcase: Any) -> None:
    widget = showcase.publish(accent="#2456a6")
    sheet = client.get(f"/w/{widget.public_id}/accent.css")
    assert sheet.mimetype == "text/css"
    assert sheet.text == ":root{--wall-accent:#2456a6}\n"


def test_an_address_of_script_is_not_linked(client: FlaskClient, showcase: Any) -> None:
    showcase.company.website_url = "javascript:alert(1)"
    assert "javascript:" not in client.get(f"/w/{showcase.publish().public_id}").text


def test_a_withdrawn_story_is_gone_at_once(client: FlaskClient, showcase: Any) -> None:
    story = showcase.story(text="Take me back")
    path = f"/w/{showcase.publish().public_id}"
    assert "Take me back" in client.get(path).text
    showcase.withdraw(story)
    assert "Take me back" not in client.get(path).text


@pytest.mark.parametrize("end", ["", "/method", "/accent.css", "/nothing"])
def test_an_unknown_widget_is_404_for_all_its_pages(client: FlaskClient, end: str) -> None:
    assert client.get(f"/w/AAAAAAAAAAAAAAAA{end}").status_code == 404


def test_a_member_of_the_team_is_nobody_special_here(signed_in: Callable[..., Any], showcase: Any) -> None:
    widget = showcase.publish()
    answer = signed_in("owner").get(f"/w/{widget.public_id}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
