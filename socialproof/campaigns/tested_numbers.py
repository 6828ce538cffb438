"""Test texts of a campaign: how many, to which numbers, and to which never.

A number is typed and may be mistyped: whoever gets such a text and answers STOP must be heard. So the trail keeps a
keyed hash of the number, never the number.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign
from socialproof.campaigns.rewording import refuse_many_tests
from socialproof.companies import audit
from socialproof.companies.models import AuditEntry, Company, User
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import STOPPED, UNSUBSCRIBED, address_hash, has_refused
from socialproof.domain.errors import RuleBroken

TEST_TEXTED = "campaign.test_texted"
HEARD_FOR = timedelta(days=30)
"""How long after a test text its reader's STOP is understood."""


def note_text_test(session: Session, *, campaign: Campaign, user: User, phone: str, now: datetime) -> None:
    """A member sends a text to a number (E.164) of their own.

    RuleBroken("too_many_tests") after so many within an hour, RuleBroken("stopped") when its owner wants none.
    """
    refuse_many_tests(session, campaign=campaign, user=user, action=TEST_TEXTED, now=now)
    company = session.get_one(Company, campaign.company_id)
    number = address_hash(company, phone)
    if _wants_none(session, company, phone, number):
        raise RuleBroken("stopped")
    audit.note(
        session, company=company, user=user, action=TEST_TEXTED, subject=campaign.name, now=now, number_hash=number
    )


def companies_that_tested(session: Session, phone: str, now: datetime) -> list[int]:
    """Who sent a test text to this number lately."""
    tests = session.execute(
        select(Company, AuditEntry.details)
        .join(AuditEntry, AuditEntry.company_id == Company.id)
        .where(AuditEntry.action == TEST_TEXTED, AuditEntry.happened_at > now - HEARD_FOR)
    )
    return sorted({company.id for company, details in tests if details["number_hash"] == address_hash(company, phone)})


def _wants_none(session: Session, company: Company, phone: str, number: str) -> bool:
    said_no = or_(Contact.phone_stopped_at.is_not(None), Contact.unsubscribed_at.is_not(None))
    contact = select(Contact.id).where(Contact.company_id == company.id, Contact.phone == phone, said_no)
    return session.scalar(contact.limit(1)) is not None or has_refused(
        session, company_id=company.id, hashed=number, reasons=(STOPPED, UNSUBSCRIBED)
    )
