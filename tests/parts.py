"""Real parts that a machine may lack: named when skipped, and a failure where CI promised them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

Part = TypeVar("Part")


class MissingPart(Exception):
    """The part cannot be had here; the message says why."""


def need(name: str, start: Callable[[], Part]) -> Part:
    """Start a real part; where it cannot be had, skip by name, and fail in CI."""
    try:
        return start()
    except MissingPart as error:
        reason = f"{name} is missing: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
