"""What campaigns do by themselves: plan, send what is due, and give old invitations their word."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.campaigns import planning
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.queries import TO_SEND
from socialproof.campaigns.service import expire_invitations
from socialproof.domain.campaign import CampaignTemplate
from socialproof.surveys.models import Survey

PLAN, PLAN_EVENT, TICK, DELIVER = "campaigns.plan", "campaigns.plan_event", "campaigns.tick", "campaigns.deliver"
PLAN_EVERY = timedelta(hours=1)


def expire(context: JobContext) -> None:
    """Give invitations whose time is over their word."""
    with context.transaction() as session:
        expire_invitations(session, now=context.now())


def plan(context: JobContext, company_id: int, campaign_id: int) -> None:
    """Plan all that the campaign wants now, batch by batch; begun anew after a kill it passes over what is there."""
    with context.transaction() as session:
        is_running = planning.begin(session, company_id=company_id, campaign_id=campaign_id, now=context.now())
    after: planning.Place | None = None
    while is_running:
        with context.transaction() as session:
            step = planning.plan_batch(
                session, company_id=company_id, campaign_id=campaign_id, after=after, now=context.now()
            )
        after, is_running = step.after, step.after is not None
    with context.transaction() as session:
        planning.finish(session, company_id=company_id, campaign_id=campaign_id, now=context.now())


def plan_event(context: JobContext, company_id: int, customer_event_id: int) -> None:
    """Something happened with a contact: let the campaigns that wait for it ask."""
    with context.transaction() as session:
        planning.plan_event(session, company_id=company_id, customer_event_id=customer_event_id, now=context.now())


def tick(context: JobContext) -> None:
    """Once a minute: put on the table what is to be planned and sent, and end one-off campaigns that are through."""
    now = context.now()
    with context.transaction() as session:
        _enqueue_planning(session, now)
        _enqueue_sending(session, now)
    with context.transaction() as session:
        through = _perhaps_through(session)
    for company_id, campaign_id in through:
        with context.transaction() as session:
            planning.finish_one_off(session, company_id=company_id, campaign_id=campaign_id)


def _enqueue_planning(session: Session, now: datetime) -> None:
    """Campaigns whose last planning is an hour old, or lies in the future because the clock was wrong."""
    due = session.execute(
        select(Campaign.company_id, Campaign.id)
        .join(Survey, Survey.id == Campaign.survey_id)
        .where(
            Campaign.state == "running",
            Survey.state == "open",
            or_(Campaign.planned_at.is_(None), Campaign.planned_at <= now - PLAN_EVERY, Campaign.planned_at > now),
        )
        .order_by(Campaign.id)
    ).all()
    if not due:
        return
    being_planned = _payloads(session, PLAN, "campaign_id", "waiting", "running")
    for company_id, campaign_id in due:
        if campaign_id not in being_planned:
            payload = {"company_id": company_id, "campaign_id": campaign_id}
            enqueue(session, PLAN, payload, now=now, key=f"{PLAN}:{campaign_id}")


def _enqueue_sending(session: Session, now: datetime) -> None:
    """Companies with something due in a campaign that runs, unless their job waits already, perhaps after a failure."""
    asked_for = _payloads(session, DELIVER, "company_id", "waiting")
    running = select(Campaign.company_id).where(Campaign.state == "running").distinct().order_by(Campaign.company_id)
    for company_id in session.scalars(running).all():
        if company_id in asked_for:
            continue
        due = (
            select(Invitation.id)
            .join(Campaign, Campaign.id == Invitation.campaign_id)
            .where(*TO_SEND, Invitation.company_id == company_id, Invitation.due_at <= now)
        )
        if session.scalar(due.limit(1)) is not None:
            enqueue(session, DELIVER, {"company_id": company_id}, now=now, key=f"{DELIVER}:{company_id}")


def _payloads(session: Session, kind: str, field: str, *states: str) -> set[int]:
    """This field of the jobs of one kind that are in these states; one that failed and is to be repeated waits too."""
    jobs = session.scalars(select(Job.payload).where(Job.kind == kind, Job.state.in_(states)))
    return {payload[field] for payload in jobs}


def _perhaps_through(session: Session) -> list[tuple[int, int]]:
    running = select(Campaign.company_id, Campaign.id).where(
        Campaign.state == "running",
        Campaign.template == CampaignTemplate.ONE_OFF.value,
        Campaign.planned_at.is_not(None),
        ~select(Invitation.id).where(Invitation.campaign_id == Campaign.id, Invitation.due_at.is_not(None)).exists(),
    )
    return [(company_id, campaign_id) for company_id, campaign_id in session.execute(running)]
