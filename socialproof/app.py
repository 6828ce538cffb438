"""The application, put together: a flat list of what is plugged into what."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import Babel
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import socialproof.testimonials.models
import socialproof.widgets.models  # noqa: F401  with these two every table is known
from socialproof import cli, logs, wiring
from socialproof.backends import Backends, build_backends
from socialproof.database import db
from socialproof.settings import Settings
from socialproof.tokens import Tokens
from socialproof.web import (
    EXTENSION,
    Services,
    customer,
    developer,
    errors,
    language,
    marketer,
    operator,
    provider,
    request_log,
    visitor,
)
from socialproof.web.form_session import FormSession
from socialproof.web.shield import Shield

ROOT = Path(__file__).resolve().parent
TOP = ROOT if (ROOT / "templates").is_dir() else ROOT.parent
"""Beside the package in a checkout, inside it in an installed wheel."""

REQUEST_BYTES = 2 * 1024 * 1024
"""What a request may carry unless its own room says otherwise."""


def create_app(settings: Settings, backends: Backends | None = None) -> Flask:
    """The WSGI application for these settings. Touches neither network nor environment."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = request_log.LogKeepingFlask(
        "socialproof", root_path=str(ROOT), template_folder=str(TOP / "templates"), static_folder=str(TOP / "static")
    )
    app.config.from_mapping(_configuration(settings))
    app.extensions[EXTENSION] = Services(settings, backends or build_backends(settings), Tokens(settings.secret_keys))
    if not settings.testing:
        logs.configure(settings.log_level)
    app.session_interface = FormSession()
    db.init_app(app)
    wiring.connect()
    Migrate(app, db, directory=str(TOP / "migrations"))
    Babel(app, default_translation_directories=str(ROOT / "translations"), locale_selector=language.select)
    request_log.init_app(app)
    language.init_app(app)
    errors.init_app(app)
    app.register_blueprint(customer.room)
    app.register_blueprint(visitor.room)
    app.register_blueprint(marketer.room)
    app.register_blueprint(provider.room)
    app.register_blueprint(developer.room)
    app.register_blueprint(operator.blueprint)
    cli.init_app(app)
    app.wsgi_app = Shield(app.wsgi_app, app)  # type: ignore[method-assign]
    if settings.proxy_count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_count, x_proto=0)  # type: ignore[method-assign]
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_keys[0],
        "SECRET_KEY_FALLBACKS": list(settings.secret_keys[1:]),
        "TESTING": settings.testing,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "socialproof_form",
        "SESSION_COOKIE_PATH": "/app",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "TRUSTED_HOSTS": None if settings.testing else _trusted_hosts(settings),
        "MAX_CONTENT_LENGTH": REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": REQUEST_BYTES,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        "PREFERRED_URL_SCHEME": "https" if settings.is_https else "http",
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_DEFAULT_TIMEZONE": "UTC",
    }


def _engine_options(url: str) -> dict[str, object]:
    """Errors of the database name the statement but not its values: they end in logs and in the job table."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True}
    return {"hide_parameters": True, "pool_pre_ping": True, "pool_size": 10, "max_overflow": 20}


def _trusted_hosts(settings: Settings) -> list[str]:
    return [settings.host.rsplit(":", 1)[0], "127.0.0.1", "localhost"]
