"""Which things that happen to contacts the running campaigns wait for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign
from socialproof.contacts.models import CustomerEvent
from socialproof.domain.campaign import CampaignTemplate

BY_EVENT = (CampaignTemplate.EVENT, CampaignTemplate.PROJECT)
AWAITING = (Campaign.state == "running", Campaign.template.in_(BY_EVENT), Campaign.event_name != "")


def awaited_names(session: Session, company_id: int) -> Sequence[str]:
    """Names of events that begin something, each once, by alphabet."""
    of_company = select(Campaign.event_name).where(Campaign.company_id == company_id, *AWAITING)
    return session.scalars(of_company.distinct().order_by(Campaign.event_name)).all()


def awaiting_count(session: Session, company_id: int, name: str) -> int:
    """How many running campaigns wait for this; `name` as `domain.customer_event.event_name` writes it."""
    waiting = select(func.count(Campaign.id)).where(
        Campaign.company_id == company_id, Campaign.event_name == name, *AWAITING
    )
    return session.scalar(waiting) or 0


def known_names(session: Session, company_id: int, *, newest: int = 1000) -> list[str]:
    """Names of events that campaigns wait for, then of those that were noted lately, by hand or by other programs."""
    noted = session.scalars(
        select(CustomerEvent.name)
        .where(CustomerEvent.company_id == company_id)
        .order_by(CustomerEvent.id.desc())
        .limit(newest)
    )
    return list(dict.fromkeys([*awaited_names(session, company_id), *sorted(set(noted))]))
