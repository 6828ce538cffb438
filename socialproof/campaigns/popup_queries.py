"""Popups, found and counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Invitation, Popup, PopupCount
from socialproof.domain.popup import SHOWN
from socialproof.surveys.models import Survey

COUNTED_DAYS = 30


def popup_behind_script(session: Session, public_id: str) -> Popup | None:
    """The popup that a script on the company's site names, with its survey and company; public, like the script."""
    return session.scalar(
        select(Popup)
        .where(Popup.public_id == public_id)
        .options(joinedload(Popup.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True))
    )


def popup_of(session: Session, company_id: int, public_id: str) -> Popup | None:
    """The company's popup with its survey, or None: foreign and missing look the same."""
    return session.scalar(
        select(Popup)
        .where(Popup.company_id == company_id, Popup.public_id == public_id)
        .options(joinedload(Popup.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True))
    )


def popups_of(session: Session, company_id: int) -> Sequence[Popup]:
    """All popups of the company with their surveys: those that are on first, then the newest."""
    return session.scalars(
        select(Popup)
        .where(Popup.company_id == company_id)
        .options(joinedload(Popup.survey, innerjoin=True))
        .order_by(Popup.state.desc(), Popup.id.desc())
    ).all()


def counts_by_reason(session: Session, popup: Popup, today: date) -> dict[str, int]:
    """How often it was shown, and how often it was not and why, in the last 30 UTC days; the largest first."""
    rows = session.execute(
        select(PopupCount.reason, func.sum(PopupCount.count))
        .where(PopupCount.popup_id == popup.id, PopupCount.day_on > today - timedelta(days=COUNTED_DAYS))
        .group_by(PopupCount.reason)
        .order_by(func.sum(PopupCount.count).desc(), PopupCount.reason)
    )
    return {reason: int(total) for reason, total in rows}


def shown_counts(session: Session, company_id: int, today: date) -> dict[int, int]:
    """How often each of the company's popups was shown in the last 30 UTC days, by row."""
    rows = session.execute(
        select(PopupCount.popup_id, func.sum(PopupCount.count))
        .join(Popup, Popup.id == PopupCount.popup_id)
        .where(
            Popup.company_id == company_id,
            PopupCount.day_on > today - timedelta(days=COUNTED_DAYS),
            PopupCount.reason.in_(SHOWN),
        )
        .group_by(PopupCount.popup_id)
    )
    return {popup_id: int(count) for popup_id, count in rows}


def open_invitation(session: Session, popup: Popup, contact_id: int) -> Invitation | None:
    """What this popup has asked this contact already and was not answered; its link still works."""
    return session.scalar(
        select(Invitation)
        .where(
            Invitation.company_id == popup.company_id,
            Invitation.contact_id == contact_id,
            Invitation.popup_id == popup.id,
            Invitation.survey_id == popup.survey_id,
            Invitation.state == "sent",
            Invitation.revoked_at.is_(None),
        )
        .order_by(Invitation.id.desc())
        .limit(1)
    )
