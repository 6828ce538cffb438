"""How the sample company reaches its customers: campaigns, letters on their way, people who said no, a popup."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, CampaignWording, Invitation, Popup, PopupCount
from socialproof.companies.models import Company, MailSender, User
from socialproof.contacts.models import Contact, ContactSegment, CustomerEvent, LedgerEntry
from socialproof.domain.campaign import round_occasion
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.ledger import Kind, Verdict
from socialproof.domain.schedule import add_months
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey

CITIES = ("Malmö", "Göteborg", "Uppsala", "Helsinki", "Turku", "Aarhus", "Bergen")
PLANS = ("Office", "Café", "Hotel")
ROLES = ("Office manager", "Head of people", "Owner", "Receptionist")
FIRMS = (
    "Norrsken Arkitekter",
    "Kivikangas Oy",
    "Fjordbakeriet",
    "Hotell Ljungen",
    "Byggfirma Sundblad",
    "Studio Havtorn",
)
DAILY_CAP = 25


@dataclass
class Reach:
    """Campaigns and what they did, for one company whose answers are there already."""

    session: Session
    company: Company
    owner: User
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(20261122))

    def plant(self, survey: Survey, delivery: Survey) -> None:
        """Dress the contacts, then let campaigns own the invitations that history made."""
        self._sender()
        contacts = list(self.session.scalars(select(Contact).where(Contact.company_id == self.company.id)))
        self._dress(contacts)
        cafes = self._segment("Cafés", {"field": "attributes.plan", "op": "is", "value": "Café"})
        self._segment(
            "Customers for more than a year", {"field": "customer_since", "op": "days_ago_more", "value": "365"}
        )
        quarterly = self._quarterly(survey)
        self._hand_over(quarterly, survey)
        project = self._project(delivery)
        self._deliveries(project, contacts[:6])
        self._references(project, contacts[6:12])
        self._unanswered(project, contacts[12:18])
        self._campaign(survey, "A year of good coffee", "lifecycle", milestones=[3, 6, 12])
        self._campaign(survey, "New menu: ask the cafés", "one_off", segment_id=cafes.id)
        self._refusals(contacts)
        self._popup(survey)

    def _sender(self) -> None:
        self.company.time_zone = "Europe/Stockholm"
        address = "Nordlys Kaffe AB\nHamngatan 4\n211 22 Malmö"
        sender = MailSender(company_id=self.company.id, from_name="Astrid at Nordlys Kaffe", updated_at=self.now)
        sender.postal_address = address
        self.session.add(sender)

    def _dress(self, contacts: Sequence[Contact]) -> None:
        for number, contact in enumerate(contacts):
            contact.organisation = contact.organisation or self.dice.choice(FIRMS)
            contact.role = contact.role or self.dice.choice(ROLES)
            contact.customer_since = (self.now - timedelta(days=30 + self.dice.randrange(900))).date()
            contact.attributes = {"city": self.dice.choice(CITIES), "plan": self.dice.choice(PLANS)}
            contact.time_zone = "Europe/Helsinki" if contact.language == "fi" else ""
            contact.owner_id = self.owner.id if number % 3 == 0 else None
            if number % 5 == 0:
                # Numbers that the Swedish authority keeps for stories.
                contact.phone = f"+46701740{605 + number // 5 % 95}"

    def _segment(self, name: str, *rules: dict[str, str]) -> ContactSegment:
        segment = ContactSegment(company_id=self.company.id, name=name, rules=list(rules), created_at=self.now)
        self.session.add(segment)
        self.session.flush()
        return segment

    def _campaign(self, survey: Survey, name: str, template: str, **values: object) -> Campaign:
        campaign = Campaign(
            company_id=self.company.id,
            survey_id=survey.id,
            name=name,
            template=template,
            created_at=self.now - timedelta(days=425),
            **values,
        )
        self.session.add(campaign)
        self.session.flush()
        return campaign

    def _quarterly(self, survey: Survey) -> Campaign:
        started_at = self.now - timedelta(days=424)
        planned_at = self.now - timedelta(days=1)
        running = {"state": "running", "started_at": started_at, "planned_at": planned_at, "daily_cap": DAILY_CAP}
        campaign = self._campaign(survey, "How are we doing, every quarter", "relationship", **running)
        words = "You have had our coffee for a while now. One click tells us how it is going."
        wording = CampaignWording(campaign_id=campaign.id, language="en", intro=words, signature="Astrid Holmqvist")
        self.session.add(wording)
        return campaign

    def _hand_over(self, campaign: Campaign, survey: Survey) -> None:
        """What history sent was sent by this campaign, round after round."""
        assert campaign.started_at is not None
        starts = [add_months(campaign.started_at.date(), 3 * number) for number in range(6)]
        for number, invitation in enumerate(
            self.session.scalars(select(Invitation).where(Invitation.survey_id == survey.id).order_by(Invitation.id))
        ):
            sent_at = invitation.created_at
            campaign.round_on = max(start for start in starts if start <= sent_at.date())
            invitation.campaign_id, invitation.channel = campaign.id, "mail"
            invitation.occasion = round_occasion(campaign.round_on)
            invitation.wanted_at = invitation.sent_at = sent_at
            contact = self.session.get_one(Contact, invitation.contact_id)
            contact.last_asked_at = contact.last_nps_asked_at = sent_at
            self._note(invitation, Verdict.ASKED, sent_at)
            if invitation.state != "answered" and number % 40 == 7:
                self._bounce(invitation, contact)
            elif invitation.state != "answered" and number % 40 == 19:
                invitation.state, invitation.declined_at = "declined", sent_at + timedelta(hours=2)

    def _bounce(self, invitation: Invitation, contact: Contact) -> None:
        invitation.state, invitation.error = "bounced", "550 mailbox unavailable"
        invitation.bounced_at = contact.email_bounced_at = contact.bounce_told_at = invitation.created_at
        contact.email_bounce_reason = invitation.error

    def _note(
        self, invitation: Invitation, verdict: Verdict, at: datetime, kind: Kind = Kind.NPS, **values: object
    ) -> None:
        entry = LedgerEntry(
            company_id=self.company.id,
            contact_id=invitation.contact_id,
            ask_key=invitation.public_id,
            kind=kind.value,
            channel=invitation.channel,
            verdict=verdict.value,
            decided_at=at,
            **values,
        )
        self.session.add(entry)

    def _project(self, delivery: Survey) -> Campaign:
        running = {"state": "running", "started_at": self.now - timedelta(days=60), "planned_at": self.now}
        rhythm = {"event_name": "delivered", "delay_days": 2, "reminder_after_days": 45}
        return self._campaign(delivery, "After the machine is in place", "project", **running, **rhythm)

    def _deliveries(self, campaign: Campaign, contacts: Sequence[Contact]) -> None:
        """Machines that were delivered: a letter is planned for each, and waits where its contact was just asked."""
        for number, contact in enumerate(contacts):
            happened_at = self.now - timedelta(days=1, hours=number)
            event = CustomerEvent(company_id=self.company.id, contact_id=contact.id, name="delivered", source="api")
            event.key, event.happened_at, event.created_at = f"order-{4100 + number}", happened_at, happened_at
            self.session.add(event)
            self.session.flush()
            wanted_at = happened_at + timedelta(days=2)
            invitation = Invitation(
                company_id=self.company.id,
                survey_id=campaign.survey_id,
                contact_id=contact.id,
                campaign_id=campaign.id,
                occasion=event.public_id,
                channel="mail",
                language=contact.language,
                created_at=happened_at,
                wanted_at=wanted_at,
                due_at=wanted_at,
                expires_at=wanted_at + timedelta(days=90),
            )
            self.session.add(invitation)
            self.session.flush()
            if number < 2:
                self._defer(invitation, contact)

    def _defer(self, invitation: Invitation, contact: Contact) -> None:
        asked_at = self.now - timedelta(days=20)
        contact.last_asked_at = contact.last_nps_asked_at = asked_at
        invitation.state, invitation.reason = "deferred", "nps_asked_recently"
        invitation.due_at = asked_at + timedelta(days=self.company.nps_rest_days)
        self._note(invitation, Verdict.DEFERRED, self.now, reason=invitation.reason, until=invitation.due_at)

    def _references(self, campaign: Campaign, contacts: Sequence[Contact]) -> None:
        """Machines that stand for a while: who answered gladly was asked for a reference, or is soon."""
        glad = self.session.scalars(
            select(Response)
            .where(Response.survey_id == campaign.survey_id, Response.score >= 9, Response.invitation_id.is_(None))
            .where(Response.answered_at < self.now - timedelta(days=35))
            .order_by(Response.answered_at.desc())
            .limit(len(contacts))
        ).all()
        for response, contact in zip(glad, contacts, strict=False):
            sent_at = response.answered_at - timedelta(days=2)
            due_at = sent_at + timedelta(days=campaign.reminder_after_days)
            invitation = self._sent(campaign, contact, sent_at, state="answered", answered_at=response.answered_at)
            response.invitation, response.contact, response.source = invitation, contact, "invitation"
            if due_at > self.now:
                invitation.due_at = due_at
                continue
            invitation.reminded_at, invitation.reminder_count, contact.last_asked_at = due_at, 1, due_at
            self._note(invitation, Verdict.ASKED, due_at, Kind.TESTIMONIAL)

    def _unanswered(self, campaign: Campaign, contacts: Sequence[Contact]) -> None:
        """Letters that nobody has answered yet: their reminder is still to come."""
        for number, contact in enumerate(contacts):
            sent_at = self.now - timedelta(days=12 + number, hours=2)
            due_at = sent_at + timedelta(days=campaign.reminder_after_days)
            self._sent(campaign, contact, sent_at, state="sent", due_at=due_at)
            contact.last_asked_at = contact.last_nps_asked_at = sent_at

    def _sent(
        self, campaign: Campaign, contact: Contact, sent_at: datetime, *, state: str, **values: object
    ) -> Invitation:
        invitation = Invitation(
            company_id=self.company.id,
            survey_id=campaign.survey_id,
            contact_id=contact.id,
            campaign_id=campaign.id,
            occasion=f"order-{contact.id}",
            channel="mail",
            state=state,
            language=contact.language,
            created_at=sent_at,
            wanted_at=sent_at,
            asked_at=sent_at,
            sent_at=sent_at,
            expires_at=sent_at + LINK_LIFETIME,
            **values,
        )
        self.session.add(invitation)
        self.session.flush()
        self._note(invitation, Verdict.ASKED, sent_at)
        return invitation

    def _refusals(self, contacts: Sequence[Contact]) -> None:
        for contact in contacts[30:90:12]:
            contact.unsubscribed_at, contact.unsubscribed_by = self.now - timedelta(days=40), "one_click"

    def _popup(self, survey: Survey) -> None:
        popup = Popup(
            company_id=self.company.id, survey_id=survey.id, name="Beside the order form", created_at=self.now
        )
        popup.state, popup.pages_not, popup.trigger_value = "on", ["/checkout*"], 5
        self.session.add(popup)
        self.session.flush()
        today = self.now.date()
        for days in range(1, 15):
            for reason, most in (("shown", 40), ("not_sampled", 12), ("asked_recently", 9)):
                day_on, count = today - timedelta(days=days), 1 + self.dice.randrange(most)
                self.session.add(PopupCount(popup_id=popup.id, day_on=day_on, reason=reason, count=count))


def show_popup_on(session: Session, company: Company, origin: str) -> None:
    """Let the sample company's popup show itself on the website at this origin."""
    popup = sample_popup(session, company)
    if popup is not None and origin not in popup.survey.embed_domains:
        popup.survey.embed_domains = [*popup.survey.embed_domains, origin]


def sample_popup(session: Session, company: Company) -> Popup | None:
    """The sample company's popup."""
    return session.scalars(select(Popup).where(Popup.company_id == company.id).order_by(Popup.id)).first()


def plant_hostile(session: Session, company: Company, survey: Survey, words: str, now: datetime) -> None:
    """Hostile text in every field that reach has."""
    rules = [{"field": "name", "op": "contains", "value": words[:100]}]
    segment = ContactSegment(company_id=company.id, name=words[:100], rules=rules, created_at=now)
    campaign = Campaign(
        company_id=company.id, survey_id=survey.id, name=words[:100], template="one_off", created_at=now
    )
    session.add_all([segment, campaign])
    session.flush()
    session.add(CampaignWording(campaign_id=campaign.id, language="en", subject=words, intro=words, signature=words))
    session.add(MailSender(company_id=company.id, from_name=words[:100], postal_address=words, updated_at=now))
    session.add(
        Popup(company_id=company.id, survey_id=survey.id, name=words[:100], event_name=words[:100], created_at=now)
    )
    for number, contact in enumerate(session.scalars(select(Contact).where(Contact.company_id == company.id))):
        contact.attributes = {"plan": words, f"odd {number}": f"=1+1 {words}"}
        contact.organisation = contact.role = words
