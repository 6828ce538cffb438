"""Trust in this room: everybody may read what is published, nobody is recognised, nothing can be changed."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from socialproof.web import services

READING = ("GET", "HEAD", "OPTIONS")
PAGE_SECONDS = 30

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""On every answer. Without Allow-Credentials, so no browser ever sends a cookie along for a foreign page."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self' {storage}; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Our pages for visitors need no script at all. `storage`: where videos are read, if that is another origin."""


def guard(room: Blueprint) -> None:
    """Put the room's trust on every page in it."""
    room.before_request(_only_reading)
    room.after_request(_headers)


def _only_reading() -> None:
    if request.method not in READING:
        abort(405)


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = PAGE_POLICY.format(storage=services().backends.storage.origin)
    if response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = f"public, max-age={PAGE_SECONDS}"
    return response
