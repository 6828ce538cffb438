"""The company's own words of a campaign's letters, kept by language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, CampaignWording
from socialproof.campaigns.queries import wording_in
from socialproof.companies import audit
from socialproof.companies.models import AuditEntry, User
from socialproof.domain.errors import RuleBroken
from socialproof.domain.letter import LIMITS

MOST_TESTS, TEST_WINDOW = 20, timedelta(hours=1)
"""Letters, or texts, that one member may send to try them out."""
TEST_SENT = "campaign.test_sent"


def change_words(
    session: Session, *, campaign: Campaign, language: str, words: Mapping[str, str], user: User, now: datetime
) -> bool:
    """Keep the words of one language; says whether any was different. Letters that are made from now on have them.

    They are checked at the edge.
    """
    own = wording_in(campaign, language)
    if own is None:
        own = CampaignWording(language=language, **dict.fromkeys(LIMITS, ""))
        campaign.wordings.append(own)
    changed = [field for field in LIMITS if getattr(own, field) != words[field]]
    for field in changed:
        setattr(own, field, words[field])
    if changed:
        company = campaign.survey.company
        details = {"campaign": campaign.public_id, "language": language, "fields": changed}
        audit.note(
            session, company=company, user=user, action="campaign.reworded", subject=campaign.name, now=now, **details
        )
    session.flush()
    return bool(changed)


def note_test(session: Session, *, campaign: Campaign, user: User, now: datetime) -> None:
    """A member sends a letter to the own address; RuleBroken("too_many_tests") after so many within an hour."""
    refuse_many_tests(session, campaign=campaign, user=user, action=TEST_SENT, now=now)
    company = campaign.survey.company
    audit.note(session, company=company, user=user, action=TEST_SENT, subject=campaign.name, now=now)


def refuse_many_tests(session: Session, *, campaign: Campaign, user: User, action: str, now: datetime) -> None:
    """RuleBroken("too_many_tests") when the trail tells of so many such acts of the member within the hour."""
    sent = session.scalar(
        select(func.count(AuditEntry.id)).where(
            AuditEntry.company_id == campaign.company_id,
            AuditEntry.user_id == user.id,
            AuditEntry.action == action,
            AuditEntry.happened_at > now - TEST_WINDOW,
        )
    )
    if (sent or 0) >= MOST_TESTS:
        raise RuleBroken("too_many_tests", limit=MOST_TESTS)
