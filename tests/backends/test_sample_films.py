"""The films of the sample company: real files, and captions that a moderator could have approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialproof.backends.transcoder.port import SNIFF_BYTES, container_of
from socialproof.demo.films import LANDSCAPE, PORTRAIT, SOUND, Film, shoot
from socialproof.demo.voices import VOICES
from socialproof.domain.captions import problems
from tests.clips import ffmpeg

FILMS = {voice.name: voice.film for voice in VOICES if voice.film}


@pytest.mark.parametrize("name", FILMS)
def test_its_captions_stand_long_enough_and_within_the_film(name: str) -> None:
    film = FILMS[name]
    assert problems(film.cues, film.seconds) == []
    assert film.seconds < 15, "seeding takes seconds"


def test_there_is_one_of_every_kind() -> None:
    assert {film.shape for film in FILMS.values()} == {LANDSCAPE, PORTRAIT, SOUND}
    assert {film.captions for film in FILMS.values()} == {"reviewed", "draft"}


@pytest.mark.parametrize(
    ("shape", "container", "size"),
    [(LANDSCAPE, "mov", "1280x720"), (PORTRAIT, "mov", "720x1280"), (SOUND, "matroska", "")],
)
def test_a_film_is_a_file_as_people_send_them(shape: str, container: str, size: str, tmp_path: Path) -> None:
    path = shoot(Film(("Short and clear.",), shape), "Somebody", tmp_path)
    assert container_of(path.read_bytes()[:SNIFF_BYTES]) == container
    seen = ffmpeg("-i", path, "-f", "null", "-")
    assert "Audio: " in seen
    assert (f" {size}" in seen) if size else ("Video: " not in seen)
