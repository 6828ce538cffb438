"""A company's campaigns as its team finds them, and what a new one may choose from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Campaign
from socialproof.contacts.models import Contact
from socialproof.domain.campaign import KINDS, CampaignTemplate
from socialproof.domain.survey import SurveyKind
from socialproof.surveys.models import Survey


def campaigns_of(session: Session, company_id: int) -> Sequence[Campaign]:
    """The company's campaigns with survey and segment: running, paused, drafts, what is over; each newest first."""
    place = case({"running": 0, "paused": 1, "draft": 2}, value=Campaign.state, else_=3)
    return session.scalars(
        select(Campaign)
        .where(Campaign.company_id == company_id)
        .options(joinedload(Campaign.survey, innerjoin=True), joinedload(Campaign.segment))
        .order_by(place, Campaign.id.desc())
    ).all()


def campaign_of(session: Session, company_id: int, public_id: str) -> Campaign | None:
    """The company's campaign of that public id with survey and company, or None: foreign and missing look the same."""
    return session.scalar(
        select(Campaign)
        .where(Campaign.company_id == company_id, Campaign.public_id == public_id)
        .options(
            joinedload(Campaign.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True),
            joinedload(Campaign.segment),
        )
    )


def surveys_for(session: Session, company_id: int, template: str) -> Sequence[Survey]:
    """Surveys that a campaign of this template may ask: open ones first, then drafts; no closed ones.

    Among these relationship surveys come first, then the newest.
    """
    kinds = [kind.value for kind in KINDS[CampaignTemplate(template)]]
    return session.scalars(
        select(Survey)
        .where(Survey.company_id == company_id, Survey.kind.in_(kinds), Survey.state != "closed")
        .order_by(
            case((Survey.state == "open", 0), else_=1),
            case((Survey.kind == SurveyKind.RELATIONSHIP, 0), else_=1),
            Survey.id.desc(),
        )
    ).all()


def has_more_contacts(session: Session, company_id: int, than: int) -> bool:
    """Whether the company has so many contacts that looking at each of them takes a while."""
    living = select(Contact.id).where(Contact.company_id == company_id, Contact.deleted_at.is_(None))
    return session.scalar(living.offset(than).limit(1)) is not None
