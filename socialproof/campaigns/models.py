"""When and whom: campaigns, popups, and the invitation of one contact to one survey."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.contacts.models import Contact, ContactSegment
from socialproof.database import Base, LedByCompany, Line, LongText, OfCompany, Public, Word
from socialproof.surveys.models import Survey


class Campaign(Public, OfCompany, Base):
    """A rule that asks contacts by itself. Fields that its template does not use keep their defaults."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("template in ('relationship', 'lifecycle', 'event', 'project', 'one_off')", name="template"),
        CheckConstraint("state in ('draft', 'running', 'paused', 'stopped', 'finished')", name="state"),
        CheckConstraint("channel in ('mail', 'sms')", name="channel"),
        CheckConstraint("spread in ('drip', 'at_once')", name="spread"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), index=True)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("contact_segment.id"), index=True)
    """None: every contact. A segment that a campaign uses cannot be deleted."""
    name: Mapped[Line]
    template: Mapped[Word]
    state: Mapped[Word] = mapped_column(default="draft")
    channel: Mapped[Word] = mapped_column(default="mail")
    every_months: Mapped[int] = mapped_column(default=3)
    """Relationship: a round begins every so many months."""
    spread: Mapped[Word] = mapped_column(default="drip")
    """drip: evenly over the working days of the round; at_once: all when it begins."""
    milestones: Mapped[list[int]] = mapped_column(default=list)
    """Lifecycle: months after "customer since"."""
    event_name: Mapped[Line] = mapped_column(default="")
    delay_days: Mapped[int] = mapped_column(default=0)
    """Event and project: days between what happened and the ask."""
    sample_percent: Mapped[int] = mapped_column(default=100)
    daily_cap: Mapped[int | None]
    """Most first letters on one day of the company's time zone; None: no limit."""
    send_from_minute: Mapped[int] = mapped_column(default=9 * 60)
    """First minute of the contact's local day in which it may be asked."""
    send_until_minute: Mapped[int] = mapped_column(default=17 * 60)
    """First minute in which it may no longer."""
    weekdays: Mapped[list[int]] = mapped_column(default=lambda: [1, 2, 3, 4, 5])
    """ISO: Monday is 1."""
    most_reminders: Mapped[int] = mapped_column(default=1)
    """0 or 1."""
    reminder_after_days: Mapped[int] = mapped_column(default=7)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    round_on: Mapped[date | None]
    """First day of the round that was planned last."""
    planned_at: Mapped[datetime | None]
    """When the planner last came to the end of the contacts."""
    planning_count: Mapped[int] = mapped_column(default=0)
    """Contacts looked at in the planning that runs now, out of `planning_total`."""
    planning_total: Mapped[int] = mapped_column(default=0)

    survey: Mapped[Survey] = relationship()
    segment: Mapped[ContactSegment | None] = relationship()
    wordings: Mapped[list[CampaignWording]] = relationship(
        back_populates="campaign", cascade="all, delete-orphan", passive_deletes=True
    )


class CampaignWording(Base):
    """The company's own words of a campaign in one language; an empty field means the product's standard words."""

    __tablename__ = "campaign_wording"
    __table_args__ = (UniqueConstraint("campaign_id", "language"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    language: Mapped[Word]
    from_name: Mapped[Line] = mapped_column(default="")
    subject: Mapped[Line] = mapped_column(default="")
    intro: Mapped[LongText] = mapped_column(default="")
    signature: Mapped[LongText] = mapped_column(default="")
    reminder_subject: Mapped[Line] = mapped_column(default="")
    reminder_intro: Mapped[LongText] = mapped_column(default="")
    reference_subject: Mapped[Line] = mapped_column(default="", server_default="")
    reference_intro: Mapped[LongText] = mapped_column(default="", server_default="")
    """The project template's second step, to those who answered gladly and have not told their story yet."""
    sms_text: Mapped[LongText] = mapped_column(default="")

    campaign: Mapped[Campaign] = relationship(back_populates="wordings")


class Popup(Public, OfCompany, Base):
    """The survey inside the company's own site or product, and when it shows itself."""

    __tablename__ = "popup"
    __table_args__ = (
        CheckConstraint("state in ('off', 'on')", name="state"),
        CheckConstraint("mode in ('popup', 'tab', 'inline')", name="mode"),
        CheckConstraint("trigger in ('seconds', 'scroll', 'exit', 'event')", name="trigger"),
        CheckConstraint("position in ('left', 'right')", name="position"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), index=True)
    name: Mapped[Line]
    state: Mapped[Word] = mapped_column(default="off")
    mode: Mapped[Word] = mapped_column(default="popup")
    position: Mapped[Word] = mapped_column(default="right")
    trigger: Mapped[Word] = mapped_column(default="seconds")
    trigger_value: Mapped[int] = mapped_column(default=20)
    """Seconds on the page, or percent of it scrolled; exit and event do not use it."""
    event_name: Mapped[Line] = mapped_column(default="")
    pages: Mapped[list[str]] = mapped_column(default=list)
    """Paths where it may show itself, `*` for anything; empty: everywhere."""
    pages_not: Mapped[list[str]] = mapped_column(default=list)
    """Paths where it must not, whatever `pages` says."""
    sample_percent: Mapped[int] = mapped_column(default=100)
    is_identified_only: Mapped[bool] = mapped_column(default=False)
    """Shows itself only to people whom the company's server has named by a signature."""
    created_at: Mapped[datetime]

    survey: Mapped[Survey] = relationship()


class PopupCount(Base):
    """How often on one UTC day the server let a popup show itself, or did not and why."""

    __tablename__ = "popup_count"
    __table_args__ = (UniqueConstraint("popup_id", "day_on", "reason"),)

    popup_id: Mapped[int] = mapped_column(ForeignKey("popup.id", ondelete="CASCADE"))
    day_on: Mapped[date]
    reason: Mapped[Word]
    count: Mapped[int] = mapped_column(default=0)


class Invitation(Public, LedByCompany, Base):
    """One contact is asked one survey once: by a letter, a text message, a popup, or a link that somebody hands over.

    `due_at` is the moment at which the sender looks at it next: for the first letter, a repeat after 4xx, the
    reminder, or, once it is answered, the request for a reference. None: there is nothing left to send.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(
            "state in ('pending', 'deferred', 'sent', 'delivered', 'answered', 'declined', 'expired', 'bounced',"
            " 'unsubscribed', 'cancelled')",
            name="state",
        ),
        CheckConstraint("channel in ('link', 'mail', 'sms', 'popup')", name="channel"),
        # The planner runs again and again, on any clock: a contact has one invitation per occasion.
        UniqueConstraint("campaign_id", "contact_id", "occasion"),
        Index(None, "company_id", "due_at"),
        Index(None, "campaign_id", "state", "channel"),
        # The dashboard's funnel counts from this index alone, without a look at the rows.
        Index("ix_invitation_funnel", "company_id", "survey_id", "asked_at", "answered_at"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id", ondelete="SET NULL"))
    popup_id: Mapped[int | None] = mapped_column(ForeignKey("popup.id", ondelete="SET NULL"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    """Who of the team made this personal link."""
    occasion: Mapped[str | None] = mapped_column(String(60))
    """What it is about within its campaign: "2026-11-01" (round), "month-6", an event's public id, "once"."""
    state: Mapped[Word] = mapped_column(default="pending")
    channel: Mapped[Word] = mapped_column(default="link", server_default="link")
    language: Mapped[Word] = mapped_column(default="")
    reason: Mapped[Word] = mapped_column(default="", server_default="")
    """Why it is deferred, or why it will never be sent."""
    created_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]
    """When its campaign wanted it to be sent; of two that wait for one contact the older goes first."""
    due_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    """When the ledger said yes: from here on it is an ask, also while a server puts the letter off."""
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    reminder_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Second letters that the ledger let go: a reminder or a request for a reference, never both."""
    answered_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Tries of the letter that is on its way; begins anew with the second one."""
    error: Mapped[Line] = mapped_column(default="", server_default="")
    """The last words of the server that put it off or refused it, without addresses."""
    claim: Mapped[str | None] = mapped_column(String(22))
    """The sender that has it in hand until `claimed_until`; when that one dies, another takes it."""
    claimed_until: Mapped[datetime | None]
    short_code: Mapped[str | None] = mapped_column(String(12), unique=True)
    """The address in a text message."""
    provider_key: Mapped[str | None] = mapped_column(String(80), index=True)
    """The text message service's own number of the message, by which it reports."""

    survey: Mapped[Survey] = relationship()
    contact: Mapped[Contact] = relationship()
    campaign: Mapped[Campaign | None] = relationship()
    popup: Mapped[Popup | None] = relationship()


class LinkOpening(Base):
    """A link with a score in it was opened by something, human or machine: a click that is not confirmed yet."""

    __tablename__ = "link_opening"
    __table_args__ = (Index(None, "invitation_id", "opened_at"),)

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    score: Mapped[int]
    opened_at: Mapped[datetime]
