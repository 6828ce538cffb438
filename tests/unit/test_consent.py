"""Consent: one purpose at a time, in the exact words that were read."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from socialproof.domain import consent
from socialproof.domain.consent import ConsentText, covers, require_purposes, standing, text_sha256
from socialproof.domain.errors import RuleBroken


@dataclass(frozen=True)
class Grant:
    purpose: str
    withdrawn_at: datetime | None = None


TAKEN_BACK = datetime(2026, 11, 21, tzinfo=UTC)


def test_every_version_has_words_for_every_purpose() -> None:
    for texts in consent.TEXTS.values():
        assert set(texts) == set(consent.PURPOSES)
        assert all("%(company)s" in text for text in texts.values())


def test_the_current_version_exists_and_every_purpose_has_a_name() -> None:
    assert consent.CURRENT_VERSION in consent.TEXTS
    assert set(consent.NAMES) == set(consent.PURPOSES)


def test_words_once_shown_are_never_changed() -> None:
    """Change a text? Add a version. This digest holds the words of 2026-11."""
    words = "".join(consent.TEXTS["2026-11"][purpose] for purpose in consent.PURPOSES)
    assert text_sha256(words) == "259e9f9afc1954d3dffedb164a4f2cbcb41861dc2bcfb22049da2b82b616eb9b"


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(RuleBroken):
        consent.message("website", "1999-01")


def test_purposes_come_in_their_fixed_order_and_once() -> None:
    assert require_purposes(["advertising", "website", "website"]) == ("website", "advertising")
    assert require_purposes([]) == ()


def test_a_purpose_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RuleBroken) as refused:
        require_purposes(["website", "everything"])
    assert refused.value.code == "purpose"


def test_one_purpose_never_implies_another() -> None:
    grants = [Grant("advertising"), Grant("social_media")]
    assert covers(grants, "advertising")
    assert not covers(grants, "website")


def test_a_consent_taken_back_covers_nothing() -> None:
    assert not covers([Grant("website", TAKEN_BACK)], "website")


def test_a_consent_given_again_covers_again() -> None:
    assert standing([Grant("website", TAKEN_BACK), Grant("website")]) == {"website"}


def test_the_hash_is_of_the_exact_text_as_shown() -> None:
    shown = ConsentText("website", "2026-11", "Nordlys Kaffe AB får visa …")
    assert shown.sha256 == text_sha256("Nordlys Kaffe AB får visa …") != text_sha256("Nordlys Kaffe AB får visa ...")
