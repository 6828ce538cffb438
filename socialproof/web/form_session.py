"""Flask's own session, for the team's forms only: it holds the CSRF token and the next page's message, no authority.

Outside the team's room there is none, so nothing there can set a cookie by mistake.
"""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class FormSession(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session below the cookie's path; elsewhere None, which Flask turns into one that cannot be written."""
        room = self.get_cookie_path(app)
        if request.path != room and not request.path.startswith(f"{room}/"):
            return None
        return super().open_session(app, request)
