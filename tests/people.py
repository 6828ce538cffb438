"""The people of the product as drivers: each does over HTTP what the person does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from socialproof import clock
from socialproof.companies.models import Company, User
from socialproof.companies.sessions import start_session
from tests.factories import Factories

_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def csrf_token(html: str) -> str:
    """The token of the first form on a page."""
    found = _CSRF.search(html)
    assert found, "the page holds no csrf token"
    return found.group(1)


@dataclass
class Marketer:
    """A signed-in team member with a browser of their own."""

    client: FlaskClient
    user: User
    company: Company
    role: str
    _token: str = ""

    @classmethod
    def signed_in(cls, app: Flask, factories: Factories, role: str, company: object = None) -> Marketer:
        """Let in by a session of their own, not by the sign-in page: hashing a password for every test takes long."""
        chosen = company if isinstance(company, Company) else factories.company()
        member = factories.member(role, chosen)
        marketer = cls(app.test_client(), member.user, chosen, role)
        now = clock.now()
        secret = start_session(factories.session, user=member.user, now=now, company_id=chosen.id)
        factories.session.commit()
        name = "__Secure-socialproof" if app.config["SESSION_COOKIE_SECURE"] else "socialproof"
        marketer.client.set_cookie(name, secret, path="/app", secure=app.config["SESSION_COOKIE_SECURE"])
        return marketer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form with a valid CSRF token."""
        if not self._token:
            self._token = csrf_token(self.client.get("/app/account").text)
        return self.client.post(path, data={"csrf_token": self._token} | (data or {}), **options)
