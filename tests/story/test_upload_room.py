"""Room where browsers send to the storage itself: what was allowed counts, because nobody sees what arrives."""

from __future__ import annotations

import io
from pathlib import Path

from socialproof.backends.storage.local import LocalStorage
from socialproof.backends.storage.port import Part
from socialproof.media.uploads import Place, byte_count_with

KEY = "companies/a/media/b/source"
LEAST = 5_000_000


class Elsewhere(LocalStorage):
    """A storage to which browsers send themselves."""

    origin = "https://s3.example.com"


def place_in(storage: LocalStorage) -> Place:
    return Place(KEY, storage.begin(KEY), LEAST)


def test_an_address_for_a_late_part_counts_what_may_lie_before_it(tmp_path: Path) -> None:
    storage = Elsewhere(tmp_path, reserve_bytes=0)
    place = place_in(storage)
    asked = [Part(7, 1_000_000, "0" * 64)]
    assert byte_count_with(storage, place=place, parts=asked) == 6 * LEAST + 1_000_000


def test_where_every_part_passes_through_us_only_parts_count(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    place = place_in(storage)
    held = Part(1, 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    storage.write_part(KEY, place.storage_upload_id, held, io.BytesIO(b"x"))
    assert byte_count_with(storage, place=place, parts=[Part(7, 1_000_000, "0" * 64)]) == 1_000_001
