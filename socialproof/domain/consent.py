"""What a customer allows, purpose by purpose, in words that are kept exactly as they were read.

A consent text has a version. Who changes a sentence adds a version and leaves the old one in place: the records of
the past name it. The words themselves are translated; the record keeps the text in the language that was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from socialproof.domain.errors import RuleBroken

WEBSITE = "website"
SOCIAL_MEDIA = "social_media"
ADVERTISING = "advertising"
CASE_STUDY = "case_study"
PURPOSES = (WEBSITE, SOCIAL_MEDIA, ADVERTISING, CASE_STUDY)

CURRENT_VERSION = "2026-11"


def N_(text: str) -> str:
    """Mark a text for the extractor of messages, which knows this name; it is translated where it is shown."""
    return text


TEXTS: dict[str, dict[str, str]] = {
    "2026-11": {
        WEBSITE: N_(
            "%(company)s may show my testimonial on its websites: my words, and the name, photo and video as I chose "
            "to give them. I can take this back at any time."
        ),
        SOCIAL_MEDIA: N_(
            "%(company)s may share my testimonial on its own pages in social media. I can take this back at any time; "
            "copies that other people made by then may remain."
        ),
        ADVERTISING: N_(
            "%(company)s may use my testimonial in its advertising, in print and online. I can take this back at any "
            "time for everything that is not printed yet."
        ),
        CASE_STUDY: N_(
            "%(company)s may contact me about a longer story on how I use its products. Nothing of it is published "
            "before I have approved it."
        ),
    },
}

NAMES = {
    WEBSITE: N_("Website"),
    SOCIAL_MEDIA: N_("Social media"),
    ADVERTISING: N_("Advertising"),
    CASE_STUDY: N_("Case study"),
}


class Grant(Protocol):
    """A kept consent, as far as the rule needs it."""

    @property
    def purpose(self) -> str: ...

    @property
    def withdrawn_at(self) -> object | None: ...


@dataclass(frozen=True)
class ConsentText:
    """One purpose in the words that the customer reads."""

    purpose: str
    version: str
    text: str

    @property
    def sha256(self) -> str:
        return text_sha256(self.text)


def text_sha256(text: str) -> str:
    """SHA-256 of the exact text in UTF-8, as 64 hexadecimal digits."""
    return sha256(text.encode("utf-8")).hexdigest()


def message(purpose: str, version: str = CURRENT_VERSION) -> str:
    """The untranslated text of one purpose in one version; RuleBroken("consent_text") if there is none."""
    try:
        return TEXTS[version][purpose]
    except KeyError:
        raise RuleBroken("consent_text") from None


def require_purposes(chosen: Iterable[str]) -> tuple[str, ...]:
    """The chosen purposes in their fixed order, each once; RuleBroken("purpose") for one that does not exist."""
    wanted = set(chosen)
    if not wanted <= set(PURPOSES):
        raise RuleBroken("purpose")
    return tuple(purpose for purpose in PURPOSES if purpose in wanted)


def standing(grants: Iterable[Grant]) -> frozenset[str]:
    """The purposes that are granted and not taken back."""
    return frozenset(grant.purpose for grant in grants if grant.withdrawn_at is None)


def covers(grants: Iterable[Grant], purpose: str) -> bool:
    """Whether the customer allows this use today. One purpose never implies another."""
    return purpose in standing(grants)
