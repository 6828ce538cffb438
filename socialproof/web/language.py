"""The reader's language: from the link, then what the room knows, then the browser; and how it writes days."""

from __future__ import annotations

from datetime import date, datetime

from babel import Locale
from babel.dates import format_date, format_time
from flask import Flask, g, request
from flask_babel import get_locale

from socialproof.languages import DEFAULT, LANGUAGES, best_language, known_language, language_name, locale_of


def select() -> str:
    """Called by Flask-Babel. A room that knows better sets `g.language` before anything is translated."""
    linked = known_language(request.args.get("lang")) if request else None
    chosen: str | None = g.get("language")
    return (
        linked or chosen or best_language(list(request.accept_languages.values()), g.get("default_language", DEFAULT))
    )


def day(when: date) -> str:
    """A day in the reader's language, for templates: 21 Nov 2026."""
    return format_date(when, "medium", locale=_written())


def moment(when: datetime) -> str:
    """A day and time (UTC), to the minute, for templates: 21 Nov 2026, 09:05."""
    pattern = str(_written().datetime_formats["medium"])
    return pattern.format(format_time(when, "short", locale=_written()), day(when))


def _written() -> Locale:
    return locale_of(str(get_locale() or DEFAULT))


def init_app(app: Flask) -> None:
    """What templates may say about languages."""
    app.jinja_env.globals.update(
        LANGUAGES=LANGUAGES, language_name=language_name, current_language=lambda: str(get_locale() or DEFAULT)
    )
    app.jinja_env.filters.update(day=day, moment=moment)
