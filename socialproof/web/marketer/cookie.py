"""The cookie of a signed-in browser: not for scripts, only for this room, only over https where we have it."""

from __future__ import annotations

from typing import TypeVar

from flask import Response, request, session
from werkzeug.wrappers import Response as AnyResponse

from socialproof.companies.sessions import ABSOLUTE
from socialproof.web import services

PATH = "/app"
Answer = TypeVar("Answer", bound=AnyResponse)


def cookie_name() -> str:
    """With https the name itself makes browsers insist on it."""
    return "__Secure-socialproof" if services().settings.is_https else "socialproof"


def give_cookie(response: Answer, secret: str) -> Answer:
    """Let this browser in. The form's old token ends with the old session."""
    session.clear()
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=int(ABSOLUTE.total_seconds()),
        path=request.script_root + PATH,
        secure=services().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def take_cookie(response: Response) -> Response:
    """This browser is signed out."""
    session.clear()
    response.delete_cookie(
        cookie_name(),
        path=request.script_root + PATH,
        secure=services().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response
