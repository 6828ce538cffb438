"""The reader's language: from the link, then what the room knows, then the browser."""

from __future__ import annotations

from flask import Flask, g, request
from flask_babel import get_locale

from socialproof.languages import DEFAULT, LANGUAGES, best_language, known_language, language_name


def select() -> str:
    """Called by Flask-Babel. A room that knows better sets `g.language` before anything is translated."""
    linked = known_language(request.args.get("lang")) if request else None
    chosen: str | None = g.get("language")
    return (
        linked or chosen or best_language(list(request.accept_languages.values()), g.get("default_language", DEFAULT))
    )


def init_app(app: Flask) -> None:
    """What templates may say about languages."""
    app.jinja_env.globals.update(
        LANGUAGES=LANGUAGES, language_name=language_name, current_language=lambda: str(get_locale() or DEFAULT)
    )
