"""Every string a person reads exists in every language, and the compiled catalogues are the written ones."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from socialproof.languages import LANGUAGES, TRANSLATIONS_DIR

ROOT = Path(__file__).parents[2]
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def strings_in_the_code() -> set[str | tuple[str, ...]]:
    options = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
    keywords = {
        "_": None,
        "_l": None,
        "_n": (1, 2),
        "gettext": None,
        "ngettext": (1, 2),
        "lazy_gettext": None,
        "N_": None,
    }
    found: set[str | tuple[str, ...]] = set()
    for folder in ("socialproof", "templates"):
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder, [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")], options, keywords
        ):
            found.add(message)
    return found


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS_DIR / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_string_lacks_a_translation(language: str) -> None:
    known = {message.id: message.string for message in catalogue(language) if message.id and not message.fuzzy}
    missing = [message for message in strings_in_the_code() if not complete(known.get(message))]
    assert sorted(map(str, missing)) == []


def complete(translation: str | list[str] | tuple[str, ...] | None) -> bool:
    if isinstance(translation, list | tuple):
        return all(translation)
    return bool(translation)


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_survive_translation(language: str) -> None:
    wrong = [str(message.id) for message in catalogue(language) if message.id and list(message.check())]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    assert (TRANSLATIONS_DIR / language / "LC_MESSAGES" / "messages.mo").read_bytes() == compiled.getvalue()


def test_no_template_filters_a_constant() -> None:
    """Jinja works such a word out once, when it compiles the page: in the language of whoever came first."""
    folded = re.compile(r"""\{\{\s*(["'])[^"']*\1\s*\|(?!format\b)""")
    found = [
        str(page.relative_to(ROOT)) for page in (ROOT / "templates").rglob("*.*") if folded.search(page.read_text())
    ]
    assert found == []
