"""What every answer of the team's room tells the browser to refuse."""

from __future__ import annotations

from flask import Response

from socialproof.web import services

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def policy(**changes: str) -> str:
    """The room's Content-Security-Policy, with changes such as `frame_ancestors="'self'"` for one page."""
    videos = f"{POLICY['media-src']} {services().backends.storage.origin}".rstrip()
    rules = {**POLICY, "media-src": videos, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def protect(response: Response) -> Response:
    """Not kept, not framed, not guessed at, not told to others. A view may have set its own policy or caching."""
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = policy()
        response.headers["X-Frame-Options"] = "DENY"
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.vary.add("Cookie")
    return response
