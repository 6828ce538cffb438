"""A program tells a delivery; its customer is asked by text message, the service reports, the customer says stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.sms import hook_url
from socialproof.campaigns.models import Invitation
from socialproof.companies import api_tokens
from socialproof.settings import Settings
from socialproof.web.provider.sms import signature
from tests.factories import Factories
from tests.sms_peer import TOKEN, SmsPeer

PHONE = "+46701234567"


@pytest.fixture
def settings(settings: Settings, sms_peer: SmsPeer) -> Settings:
    return replace(settings, sms_url=sms_peer.url, sms_from="+46800000000", base_url="https://proof.example.com")


@pytest.fixture
def shown(factories: Factories, session: Session) -> str:
    member = factories.member("admin", factories.company(name="Nordlys"))
    factories.campaign(
        factories.survey(member.company, kind="transactional"),
        template="event",
        state="running",
        channel="sms",
        event_name="delivered",
        delay_days=0,
        send_from_minute=0,
        send_until_minute=24 * 60,
        weekdays=[1, 2, 3, 4, 5, 6, 7],
        started_at=factories.now - timedelta(days=1),
    )
    _token, shown = api_tokens.make_token(
        session, company=member.company, name="CRM", scopes=["events"], user=member.user, now=factories.now
    )
    session.commit()
    return shown


def told(client: FlaskClient, settings: Settings, query: str, form: dict[str, str]) -> int:
    """As the service sends it."""
    text = hook_url(settings) + query + "".join(f"{name}{form[name]}" for name in sorted(form))
    path = (hook_url(settings) + query).removeprefix(settings.base_url)
    proof = signature(TOKEN, text).decode()
    return client.post(path, data=form, headers={"X-Twilio-Signature": proof}).status_code


def test_from_a_delivery_to_stop(
    client: FlaskClient,
    session: Session,
    settings: Settings,
    shown: str,
    sms_peer: SmsPeer,
    run_jobs: Callable[[], int],
) -> None:
    event = {"event": "delivered", "phone": PHONE, "name": "Aino", "key": "order-1"}
    for _again in range(2):
        answer = client.post("/api/v1/events", json=event, headers={"Authorization": f"Bearer {shown}"})
        assert (answer.status_code, answer.json["campaigns"]) == (202, 1)  # type: ignore[index]
    sms_peer.answers = [(503, 0, "Away")]
    run_jobs()
    run_jobs_of_a_minute(client, run_jobs)
    invitation = session.scalars(select(Invitation)).one()
    assert (invitation.state, sms_peer.messages) == ("deferred", [])
    invitation.due_at = invitation.created_at
    session.commit()
    run_jobs_of_a_minute(client, run_jobs)
    [message] = sms_peer.messages
    assert message["To"] == PHONE
    link = message["Body"].partition(settings.base_url)[2].partition(" ")[0]
    assert client.get(link, follow_redirects=True).status_code == 200
    query = message["StatusCallback"].removeprefix(hook_url(settings))
    assert told(client, settings, query, {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 200
    read_anew(session, invitation)
    assert invitation.state == "delivered"
    assert told(client, settings, "", {"From": PHONE, "Body": "Stopp"}) == 200
    read_anew(session, invitation)
    assert (invitation.state, invitation.reason, invitation.due_at) == ("unsubscribed", "stopped", None)


def read_anew(session: Session, invitation: Invitation) -> None:
    session.rollback()
    session.refresh(invitation)


def run_jobs_of_a_minute(client: FlaskClient, run_jobs: Callable[[], int]) -> None:
    """What the worker puts on the table every minute, and all that follows from it."""
    from socialproof.campaigns.jobs import tick
    from socialproof.cli.work import job_context

    tick(job_context(client.application))
    run_jobs()
