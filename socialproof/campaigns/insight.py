"""What became of a campaign's invitations, counted and listed. No opening of a letter is ever counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, selectinload

from socialproof.campaigns.models import Campaign, Invitation, LinkOpening

PAGE = 50


@dataclass(frozen=True, slots=True)
class Funnel:
    """Invitations by what has happened to them. One that answered also counts as asked, and as delivered if known."""

    planned: int = 0
    """All of them, whatever became of them."""
    pending: int = 0
    deferred: int = 0
    asked: int = 0
    delivered: int = 0
    """Where the receiving side said so; most mail servers never do."""
    answered: int = 0
    declined: int = 0
    bounced: int = 0
    unsubscribed: int = 0
    expired: int = 0
    cancelled: int = 0

    def __add__(self, other: Funnel) -> Funnel:
        return Funnel(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def waiting(self) -> int:
        """Planned, and not asked for good yet."""
        return self.pending + self.deferred

    @property
    def response_rate(self) -> float | None:
        """Answered out of asked, 0 to 1; None before anybody was asked."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Reach:
    """A campaign's funnel by channel, and how many invitations are in each state."""

    by_channel: dict[str, Funnel]
    by_state: dict[str, int]

    @property
    def total(self) -> Funnel:
        return sum(self.by_channel.values(), Funnel())


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Some invitations with their contacts; `after` asks for those that follow, None on the last page."""

    invitations: Sequence[Invitation]
    after: str | None


def funnel(session: Session, campaign: Campaign) -> Reach:
    """Every figure of the campaign's page, in one statement."""
    counts = select(
        Invitation.channel,
        Invitation.state,
        func.count(),
        func.count(Invitation.asked_at),
        func.count(Invitation.delivered_at),
        func.count(Invitation.answered_at),
        func.count(Invitation.declined_at),
        func.count(Invitation.bounced_at),
    ).where(Invitation.company_id == campaign.company_id, Invitation.campaign_id == campaign.id)
    by_channel: dict[str, Funnel] = {}
    by_state: dict[str, int] = {}
    for channel, state, planned, *happened in session.execute(counts.group_by(Invitation.channel, Invitation.state)):
        part = _part(state, planned, *happened)
        by_channel[channel] = by_channel.get(channel, Funnel()) + part
        by_state[state] = by_state.get(state, 0) + planned
    return Reach(by_channel, by_state)


def _part(state: str, planned: int, asked: int, delivered: int, answered: int, declined: int, bounced: int) -> Funnel:
    """The figures of the invitations of one channel that are in one state."""
    states = {
        name: planned for name in ("pending", "deferred", "unsubscribed", "expired", "cancelled") if name == state
    }
    return Funnel(
        planned=planned,
        asked=asked,
        delivered=delivered,
        answered=answered,
        declined=declined,
        bounced=bounced,
        **states,
    )


def reach_by_campaign(session: Session, company_id: int) -> dict[int, Funnel]:
    """Planned, asked and answered of each campaign of the company by its row id, in one statement."""
    counts = (
        select(
            Invitation.campaign_id,
            func.count(),
            func.count(Invitation.asked_at),
            func.count(Invitation.answered_at),
        )
        .where(Invitation.company_id == company_id, Invitation.campaign_id.is_not(None))
        .group_by(Invitation.campaign_id)
    )
    found: dict[int, Funnel] = {}
    for campaign_id, planned, asked, answered in session.execute(counts):
        found[campaign_id or 0] = Funnel(planned=planned, asked=asked, answered=answered)
    return found


def invitations_page(
    session: Session, campaign: Campaign, *, state: str | None = None, after: str | None = None, limit: int = PAGE
) -> InvitationPage:
    """One page of the campaign's invitations, by state and channel, newest first.

    `after` is the public id of the last one already seen; an unknown one means page one. The order follows the index.
    Contacts are read for the page alone: joined, some databases would fetch them for every invitation before sorting.
    """
    place = (Invitation.state, Invitation.channel, Invitation.id)
    found = (
        select(Invitation)
        .where(Invitation.company_id == campaign.company_id, Invitation.campaign_id == campaign.id)
        .options(selectinload(Invitation.contact))
        .order_by(*(column.desc() for column in place))
        .limit(limit + 1)
    )
    if state is not None:
        found = found.where(Invitation.state == state)
    last = _named(session, campaign, after)
    if last is not None:
        found = found.where(tuple_(*place) < (last.state, last.channel, last.id))
    rows = session.scalars(found).all()
    return InvitationPage(rows[:limit], rows[limit - 1].public_id if len(rows) > limit else None)


def _named(session: Session, campaign: Campaign, public_id: str | None) -> Invitation | None:
    if not public_id:
        return None
    named = select(Invitation).where(
        Invitation.company_id == campaign.company_id,
        Invitation.campaign_id == campaign.id,
        Invitation.public_id == public_id,
    )
    return session.scalar(named)


def unconfirmed_clicks(session: Session, campaign: Campaign) -> int:
    """Openings of links with a score in them by which nobody answered: "clicks not confirmed: k"."""
    count = (
        select(func.count(LinkOpening.id))
        .join(Invitation, Invitation.id == LinkOpening.invitation_id)
        .where(
            Invitation.company_id == campaign.company_id,
            Invitation.campaign_id == campaign.id,
            Invitation.answered_at.is_(None),
        )
    )
    return session.scalar(count) or 0
