"""Secrets at rest: closed for the database, opened with a key of the installation, also with a former one."""

from __future__ import annotations

import pytest

from socialproof.seal import BrokenSeal, Seal

OLD, NEW = "an-old-secret-key-of-the-installation", "a-new-secret-key-of-the-installation"


def test_what_was_closed_opens_again_and_shows_nothing() -> None:
    closed = Seal((NEW,)).close("the private key")
    assert "private" not in closed
    assert Seal((NEW,)).open(closed) == "the private key"


def test_after_a_rotation_the_former_key_still_opens() -> None:
    assert Seal((NEW, OLD)).open(Seal((OLD,)).close("the private key")) == "the private key"


@pytest.mark.parametrize("closed", ["", "nonsense", "å", "gAAAAA" + "x" * 80])
def test_what_was_not_closed_here_stays_closed(closed: str) -> None:
    with pytest.raises(BrokenSeal):
        Seal((NEW,)).open(closed)


def test_another_installation_cannot_open_it() -> None:
    with pytest.raises(BrokenSeal):
        Seal((NEW,)).open(Seal((OLD,)).close("the private key"))
