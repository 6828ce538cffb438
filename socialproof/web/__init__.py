"""The rooms, one for each person; and what every room may ask of the application."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from socialproof.backends import Backends
from socialproof.settings import Settings
from socialproof.tokens import Tokens

EXTENSION = "socialproof"


@dataclass(frozen=True)
class Services:
    """What was built once at the start and is shared by all requests."""

    settings: Settings
    backends: Backends
    tokens: Tokens


def services() -> Services:
    """The services of the running application."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Services)
    return found
