"""From whom the company's letters to its customers come, and the key that signs them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import Company, MailSender


def sender_of(session: Session, company: Company) -> MailSender | None:
    """What the company chose, or None when it has chosen nothing yet. The key is sealed: open it with `Seal`."""
    return session.scalar(select(MailSender).where(MailSender.company_id == company.id))
