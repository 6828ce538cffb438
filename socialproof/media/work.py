"""The folders in which the worker has a recording in hand: private, empty, and gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

FOLDER = "work"


@contextmanager
def private_folder(data_dir: Path, name: str) -> Iterator[Path]:
    """An empty folder for this run alone."""
    folder = data_dir / FOLDER / f"{name}.{uuid4().hex}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_others(data_dir: Path, name: str) -> None:
    """Remove what killed runs of this name left, and take its folder from one that is late: only the last may end."""
    for left in (data_dir / FOLDER).glob(f"{name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def left_folders(data_dir: Path, before: datetime) -> dict[Path, str]:
    """Folders in which nothing was begun since then, and the name each was made for."""
    work = data_dir / FOLDER
    old = (path for path in (work.iterdir() if work.is_dir() else ()) if path.stat().st_mtime < before.timestamp())
    return {path: path.name.partition(".")[0] for path in old}
