"""Invitations of one company, found and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Campaign, CampaignWording, Invitation, LinkOpening
from socialproof.contacts.models import Contact
from socialproof.domain.invitation import WAITING, WRITTEN_TO, LinkState, Opening, link_state, opened_by_machine
from socialproof.languages import best_language
from socialproof.surveys.models import Survey

MOST_OPENINGS_READ = 200
TO_SEND: tuple[ColumnElement[bool], ...] = (
    Invitation.due_at.is_not(None),
    Invitation.state.in_(WRITTEN_TO),
    Invitation.channel.in_(("mail", "sms")),
    Campaign.state == "running",
)
"""Of an invitation and its campaign: a letter or text of it is still to go out. Whoever sends, wakes the sender or
counts what is left means the same rows.
"""


def invitation_behind_link(session: Session, public_id: str) -> Invitation | None:
    """The invitation that a signed link names, with its contact, survey and company. The link is the authority."""
    return session.scalar(_BEHIND_LINK, {"public_id": public_id})


_BEHIND_LINK = (
    select(Invitation)
    .where(Invitation.public_id == bindparam("public_id"))
    .options(
        joinedload(Invitation.contact, innerjoin=True),
        joinedload(Invitation.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True),
    )
)


def survey_last_asked(session: Session, contact: Contact) -> Survey | None:
    """The survey that this contact was invited to most recently; pages about the contact wear its colours."""
    return session.scalar(
        select(Survey)
        .join(Invitation, Invitation.survey_id == Survey.id)
        .where(Invitation.company_id == contact.company_id, Invitation.contact_id == contact.id)
        .order_by(Invitation.id.desc())
        .limit(1)
    )


def invitation_by_public_id(session: Session, company_id: int, public_id: str) -> Invitation | None:
    """The company's invitation, or None."""
    return session.scalar(
        select(Invitation).where(Invitation.company_id == company_id, Invitation.public_id == public_id)
    )


def wording_in(campaign: Campaign, language: str) -> CampaignWording | None:
    """The company's own words of the campaign in this language, if it has any."""
    return next((wording for wording in campaign.wordings if wording.language == language), None)


def language_of(invitation: Invitation) -> str:
    """In which language its letter or text is: the first that the product speaks of its own, the contact's, the
    survey's.
    """
    return best_language([invitation.language, invitation.contact.language, invitation.survey.default_language])


def state_of_link(invitation: Invitation, now: datetime) -> LinkState:
    """What this invitation's link is good for at `now`."""
    return link_state(
        now=now,
        expires_at=invitation.expires_at,
        revoked_at=invitation.revoked_at,
        answered_at=invitation.answered_at,
        contact_deleted=invitation.contact.deleted_at is not None,
    )


def is_opened_by_machine(session: Session, invitation: Invitation, *, last_act_at: datetime | None = None) -> bool:
    """Whether the latest openings of this link look like a scanner that tries every score."""
    rows = session.execute(
        select(LinkOpening.score, LinkOpening.opened_at)
        .where(LinkOpening.invitation_id == invitation.id)
        .order_by(LinkOpening.opened_at.desc())
        .limit(MOST_OPENINGS_READ)
    )
    return opened_by_machine((Opening(score, at) for score, at in rows), last_act_at=last_act_at)


def unconfirmed_click_count(session: Session, company_id: int, survey_id: int | None = None) -> int:
    """Clicks on links with a score in them by which nobody answered: "clicks not confirmed: k"."""
    count = (
        select(func.count(LinkOpening.id))
        .join(Invitation, Invitation.id == LinkOpening.invitation_id)
        .where(Invitation.company_id == company_id, Invitation.answered_at.is_(None))
    )
    if survey_id is not None:
        count = count.where(Invitation.survey_id == survey_id)
    return session.scalar(count) or 0


def asked_since(session: Session, campaign: Campaign, since: datetime) -> int:
    """How many contacts the campaign has asked since then; its reminders do not count."""
    count = select(func.count(Invitation.id)).where(
        Invitation.company_id == campaign.company_id,
        Invitation.survey_id == campaign.survey_id,
        Invitation.asked_at >= since,
        Invitation.campaign_id == campaign.id,
    )
    return session.scalar(count) or 0


def older_waiting(
    session: Session, contact_ids: Collection[int], now: datetime
) -> dict[int, list[tuple[datetime, int]]]:
    """Asks of these contacts that wait only for the hours, a cap or their turn, by contact: when wanted, and number.

    An ask yields to those before it. One whose own rest time is not over holds nobody up.
    """
    waits_for_nobody = or_(Invitation.due_at <= now, Invitation.reason.in_(("outside_hours", "daily_cap")))
    rows = session.execute(
        select(Invitation.contact_id, Invitation.wanted_at, Invitation.id)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(
            Invitation.contact_id.in_(contact_ids),
            Invitation.state.in_(WAITING),
            Invitation.asked_at.is_(None),
            Invitation.wanted_at <= now,
            Invitation.due_at.is_not(None),
            Invitation.channel.in_(("mail", "sms")),
            Campaign.state == "running",
            waits_for_nobody,
        )
    )
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for contact_id, wanted_at, invitation_id in rows:
        if wanted_at is not None:
            found[contact_id].append((wanted_at, invitation_id))
    return found
