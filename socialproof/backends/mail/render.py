"""The words of a message: templates/mail/<message>/{subject.txt,body.txt,body.html} in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from socialproof.languages import translations

PACKAGE = Path(__file__).resolve().parents[2]
FOLDERS = (PACKAGE.parent / "templates" / "mail", PACKAGE / "templates" / "mail")


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


def render(message: str, language: str, **values: object) -> Rendered:
    """Fill in one message. HTML is escaped, the subject is folded into one line, a missing value is an error."""
    environment = _environment(language)
    filled = {**values, "language": language}
    subject = environment.get_template(f"{message}/subject.txt").render(filled)
    text = environment.get_template(f"{message}/body.txt").render(filled)
    html = environment.get_template(f"{message}/body.html").render(filled)
    return Rendered(subject=" ".join(subject.split()), text=text.strip() + "\n", html=html)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = translations(language)
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment
