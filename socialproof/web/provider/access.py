"""Whom the providers' room trusts: an address that only the provider was told, and the provider's signature on top.

No cookie is read or set, and nothing here is for a browser. Each page checks the signature in its provider's way
before it looks at what was sent; without a right one it answers 403 and nothing happens.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from socialproof.tokens import BadToken, Purpose
from socialproof.web import services

MOST_BYTES = 256 * 1024

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def guard(room: Blueprint) -> None:
    """Put the room's limits and headers on every page."""
    room.before_request(_limit_body)
    room.after_request(_set_headers)


def require_hook(token: str, subject: str) -> None:
    """404 unless this is the secret address of that provider."""
    try:
        named = services().tokens.read(Purpose.HOOK, token)
    except BadToken:
        abort(404)
    if named != subject:
        abort(404)


def _limit_body() -> None:
    request.max_content_length = request.max_form_memory_size = MOST_BYTES


def _set_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
