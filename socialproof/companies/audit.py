"""The audit trail: who did what in a company's administration, written with the act itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import AuditEntry, Company, Membership, User

ITSELF = "itself"
"""In the details as `by`: nobody of the team did it, the worker did."""


def note(
    session: Session,
    *,
    company: Company,
    user: User | None,
    action: str,
    now: datetime,
    subject: str = "",
    **details: object,
) -> None:
    """Note one act. `subject` is whom or what it touched; details are short words, never secrets."""
    _add(session, company.id, user, action, now, subject, details)


def note_everywhere(session: Session, *, user: User, action: str, now: datetime, **details: object) -> None:
    """Note an act on the user's own account in the trail of each of their companies."""
    of_user = select(Membership.company_id).where(Membership.user_id == user.id)
    for company_id in session.scalars(of_user.order_by(Membership.company_id)):
        _add(session, company_id, user, action, now, user.email, details)


def _add(
    session: Session,
    company_id: int,
    user: User | None,
    action: str,
    now: datetime,
    subject: str,
    details: dict[str, object],
) -> None:
    session.add(
        AuditEntry(
            company_id=company_id,
            user_id=user.id if user else None,
            action=action,
            subject=subject[:320],
            details=details,
            happened_at=now,
        )
    )
