"""The consent in the words that one customer reads."""

from __future__ import annotations

from socialproof.domain.consent import (
    CURRENT_VERSION,
    NAMES,
    PURPOSES,
    ConsentText,
    message,
    text_sha256,
)
from socialproof.languages import translations


def consent_text(purpose: str, company_name: str, language: str) -> ConsentText:
    """One purpose, in the current version, in one language, with the company's name in it."""
    _ = translations(language).gettext
    return ConsentText(purpose, CURRENT_VERSION, _(message(purpose)) % {"company": company_name})


def consent_texts(company_name: str, language: str) -> list[ConsentText]:
    """All purposes in their fixed order."""
    return [consent_text(purpose, company_name, language) for purpose in PURPOSES]


def purpose_name(purpose: str, language: str) -> str:
    """The short name of a purpose."""
    return translations(language).gettext(NAMES[purpose])


def seen_digest(texts: list[ConsentText]) -> str:
    """What a form carries to prove which words were on the page that its customer read."""
    return text_sha256("\n".join(f"{each.purpose} {each.version} {each.text}" for each in texts))
