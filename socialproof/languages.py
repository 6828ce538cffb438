"""The languages of the product, and translation for the rooms that know no request."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.support import NullTranslations, Translations

TRANSLATIONS_DIR = Path(__file__).parent / "translations"

LANGUAGES = ("en", "sv", "da", "nb", "fi")
DEFAULT = "en"
ALIASES = {"no": "nb", "nn": "nb"}
HOME_ZONES = {"sv": "Europe/Stockholm", "da": "Europe/Copenhagen", "nb": "Europe/Oslo", "fi": "Europe/Helsinki"}
"""Where most people of a language live; English is spoken in too many zones to guess one."""


def known_language(code: str | None) -> str | None:
    """The product's language for a tag such as `sv-FI` or `no`; None when it has none."""
    if not code:
        return None
    base = code.strip().lower().replace("_", "-").split("-")[0]
    base = ALIASES.get(base, base)
    return base if base in LANGUAGES else None


def best_language(wanted: list[str], default: str = DEFAULT) -> str:
    """The first wanted tag that the product speaks, else `default`."""
    known = [code for code in map(known_language, wanted) if code]
    return negotiate_locale(known, LANGUAGES) or default


def language_name(code: str) -> str:
    """The language's own name for itself, such as Suomi."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def locale_of(language: str) -> Locale:
    """How days and numbers are written for a reader of this language; English is written as in Europe."""
    return Locale("en", "GB") if language == "en" else Locale.parse(language)


@lru_cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one language: has `.gettext(message)` and `.ngettext(one, many, n)`."""
    return Translations.load(TRANSLATIONS_DIR, [language])
