"""API tokens: seen once, listed, revoked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from socialproof.companies.api_tokens import MOST_TOKENS
from socialproof.companies.models import ApiToken, AuditEntry


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


def events(client, shown):
    headers = {"Authorization": f"Bearer {shown}"}
    return client.post("/api/v1/events", json={"event": "met", "email": "a@b.example"}, headers=headers).status_code


def test_a_token_is_shown_once_works_and_is_revoked_at_once(admin, client, session):
    made = admin.post("/app/tokens", {"name": "Our CRM"})
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    shown = re.search(r'id="token" value="([^"]+)"', made.text)[1]
    assert events(client, shown) == 202
    page = admin.get("/app/tokens").text
    assert "Our CRM" in page
    assert shown.partition(".")[2] not in page
    token = session.scalars(select(ApiToken)).one()
    assert shown.startswith(token.public_id + ".")
    gone = admin.post(f"/app/tokens/{token.public_id}/revoke")
    assert gone.status_code == 303
    assert events(client, shown) == 401
    assert "Our CRM" not in admin.get("/app/tokens").text.partition("<table")[2]
    session.rollback()
    noted = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert noted == ["token.created", "token.revoked"]
    assert "made the API token Our CRM" in admin.get("/app/team/audit").text
    assert admin.post(f"/app/tokens/{token.public_id}/revoke").status_code == 404


def test_the_page_says_how_to_use_one(admin, settings):
    page = admin.get("/app/tokens").text
    assert f"<code>TOKEN=…\ncurl {settings.base_url}/api/v1/events" in page


def test_a_token_whose_maker_left_is_said_not_to_work(admin, session, factories):
    former = factories.user()
    row = {"company_id": admin.company.id, "created_by_id": former.id, "created_at": factories.now}
    factories.add(ApiToken(name="Old", secret_hash="x", scopes=["events"], **row))
    assert "does not work" in admin.get("/app/tokens").text


def test_a_name_is_needed_and_there_is_an_end(admin, session, factories):
    assert admin.post("/app/tokens", {"name": " "}).status_code == 422
    for number in range(MOST_TOKENS):
        row = ApiToken(company_id=admin.company.id, name="x", secret_hash=str(number), created_at=factories.now)
        session.add(row)
    session.commit()
    refused = admin.post("/app/tokens", {"name": "One more"})
    assert refused.status_code == 422
    assert "One more" in refused.text
    assert "revoke one first" in refused.text


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_only_admins_see_tokens(signed_in, role):
    assert signed_in(role).get("/app/tokens").status_code == 403
