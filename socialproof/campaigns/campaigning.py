"""Campaigns are made, set, started, paused and stopped here. Planning and sending hear of it and follow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.outcomes import cancel
from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.companies.sender import sender_of
from socialproof.contacts.models import Contact, ContactSegment
from socialproof.contacts.queries import Wanted, conditions
from socialproof.database import record
from socialproof.domain.campaign import (
    DEFAULTS,
    CampaignTemplate,
    Readiness,
    Rhythm,
    checked,
    checked_name,
    event_named,
    fits,
    is_over,
    obstacles,
    state_after,
)
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import CampaignStarted
from socialproof.languages import translations
from socialproof.surveys.models import Survey

STOPPED = "campaign_stopped"
_LISTS = ("milestones", "weekdays")


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """Everything about a campaign but its template and its state; `segment` None means every contact."""

    name: str
    survey: Survey
    segment: ContactSegment | None
    rhythm: Rhythm


def rhythm_of(campaign: Campaign) -> Rhythm:
    """The campaign's settings as the rules know them."""
    values = {each.name: getattr(campaign, each.name) for each in fields(Rhythm)}
    return Rhythm(**values | {name: tuple(values[name]) for name in _LISTS})


def create_campaign(
    session: Session, *, company: Company, user: User, name: str, template: str, survey: Survey, now: datetime
) -> Campaign:
    """A new draft with its template's defaults, for every contact.

    RuleBroken("survey_kind") when the template does not ask surveys of this kind.
    """
    _check_survey(template, survey, company.id)
    kind = CampaignTemplate(template)
    campaign = Campaign(
        company_id=company.id, name=checked_name(name), template=kind.value, survey=survey, created_at=now
    )
    _set_rhythm(campaign, _first_rhythm(kind, company.default_language))
    session.add(campaign)
    session.flush()
    _note(session, campaign, user, "campaign.created", now, template=kind.value)
    return campaign


def change_campaign(
    session: Session, *, campaign: Campaign, settings: CampaignSettings, user: User, now: datetime
) -> list[str]:
    """Keep the settings; they are for what is not planned yet. Returns the names of what changed.

    CampaignRefused names a field out of its limits. RuleBroken("wrong_state") when the campaign is over,
    ("survey_kind") or ("survey_fixed") when it may not ask that survey: once started it stays with its own.
    """
    if is_over(campaign.state):
        raise RuleBroken("wrong_state", state=campaign.state)
    _check_survey(campaign.template, settings.survey, campaign.company_id)
    if campaign.state != "draft" and settings.survey.id != campaign.survey_id:
        raise RuleBroken("survey_fixed")
    if settings.segment is not None and settings.segment.company_id != campaign.company_id:
        raise RuleBroken("segment_unknown")
    rhythm = checked(campaign.template, settings.rhythm)
    before, former = rhythm_of(campaign), (campaign.name, campaign.survey_id, campaign.segment_id)
    _set_rhythm(campaign, rhythm)
    campaign.name = checked_name(settings.name)
    campaign.survey, campaign.segment = settings.survey, settings.segment
    session.flush()
    changed = [name for name, value in asdict(rhythm).items() if asdict(before)[name] != value]
    here = (campaign.name, campaign.survey_id, campaign.segment_id)
    changed += [name for name, old, new in zip(("name", "survey", "segment"), former, here, strict=True) if old != new]
    if changed:
        _note(session, campaign, user, "campaign.changed", now, fields=changed)
    return changed


def start(session: Session, *, campaign: Campaign, user: User, now: datetime) -> None:
    """Ask from now on: the planner begins as soon as this is committed.

    RuleBroken("not_ready", why=…) with the codes of all obstacles, ("wrong_state") when it is no draft.
    """
    state_after(campaign.state, "start")
    _refuse_unready(what_prevents(session, campaign, now=now))
    _move(session, campaign, "start", started_at=now)
    _note(session, campaign, user, "campaign.started", now)
    record(session, CampaignStarted(company_id=campaign.company_id, campaign_id=campaign.id))


def pause(session: Session, *, campaign: Campaign, user: User, now: datetime) -> None:
    """Send nothing until it is resumed; what waits keeps its place. RuleBroken("wrong_state")."""
    _move(session, campaign, "pause")
    _note(session, campaign, user, "campaign.paused", now)


def resume(session: Session, *, campaign: Campaign, user: User, now: datetime) -> None:
    """Go on where it paused. RuleBroken("not_ready") as for a start, ("wrong_state")."""
    state_after(campaign.state, "resume")
    _refuse_unready(what_prevents(session, campaign, now=now))
    _move(session, campaign, "resume")
    _note(session, campaign, user, "campaign.resumed", now)
    record(session, CampaignStarted(company_id=campaign.company_id, campaign_id=campaign.id))


def stop(session: Session, *, campaign: Campaign, user: User, now: datetime) -> int:
    """End it for good: nothing that waits is sent, no reminder follows; links in letters that were sent stay alive.

    Returns how many waiting invitations were cancelled. RuleBroken("wrong_state").
    """
    _move(session, campaign, "stop", stopped_at=now)
    cancelled = _cancel_waiting(session, campaign)
    _note(session, campaign, user, "campaign.stopped", now, cancelled=cancelled)
    return cancelled


def discard(session: Session, *, campaign: Campaign, user: User, now: datetime) -> None:
    """Delete a draft, of which nobody has heard. RuleBroken("wrong_state") for anything else."""
    if campaign.state != "draft":
        raise RuleBroken("wrong_state", state=campaign.state)
    _note(session, campaign, user, "campaign.discarded", now)
    session.delete(campaign)
    session.flush()


def what_prevents(session: Session, campaign: Campaign, *, now: datetime) -> list[str]:
    """Codes of what must be repaired before the campaign can run; empty when nothing is in the way."""
    sender = sender_of(session, campaign.survey.company)
    return obstacles(
        Readiness(
            template=campaign.template,
            channel=campaign.channel,
            event_name=campaign.event_name,
            survey_kind=campaign.survey.kind,
            survey_state=campaign.survey.state,
            has_contacts=_has_contacts(session, campaign, now.date()),
            has_postal_address=bool(sender and sender.postal_address.strip()),
        )
    )


def _move(session: Session, campaign: Campaign, act: str, **values: Any) -> None:
    """One statement from state to state: of two people who act at once one is told that it is no longer possible.

    It also waits for a batch of planning that is being written, so that stopping finds all of it.
    """
    state = state_after(campaign.state, act)
    moved = session.execute(
        update(Campaign)
        .where(Campaign.company_id == campaign.company_id, Campaign.id == campaign.id, Campaign.state == campaign.state)
        .values(state=state.value, **values)
        .returning(Campaign.id),
        execution_options={"synchronize_session": False},
    )
    if moved.first() is None:
        raise RuleBroken("wrong_state", state=campaign.state, act=act)
    session.refresh(campaign, ["state", "started_at", "stopped_at"])


def _refuse_unready(why: list[str]) -> None:
    if why:
        raise RuleBroken("not_ready", why=why)


def _has_contacts(session: Session, campaign: Campaign, today: date) -> bool:
    one = select(Contact.id).where(*conditions(campaign.company_id, Wanted(today, segment=campaign.segment)))
    return session.scalar(one.limit(1)) is not None


def _cancel_waiting(session: Session, campaign: Campaign) -> int:
    """Cancel what waits, and the reminders that were still to come.

    What a sender has in hand comes last and in its order: then neither can hold what the other waits for.
    """
    of_campaign = (Invitation.company_id == campaign.company_id, Invitation.campaign_id == campaign.id)
    cancelled = cancel(session, *of_campaign, Invitation.claim.is_(None), reason=STOPPED, are_many=True)
    in_hand = session.scalars(
        select(Invitation.id)
        .where(*of_campaign, Invitation.due_at.is_not(None), Invitation.claim.is_not(None))
        .order_by(Invitation.id)
        .with_for_update()
    ).all()
    if in_hand:
        cancelled += cancel(session, *of_campaign, Invitation.id.in_(in_hand), reason=STOPPED, are_many=True)
    return cancelled


def _first_rhythm(kind: CampaignTemplate, language: str) -> Rhythm:
    """The template's defaults; an event has its name in the language of the team that will note it."""
    rhythm = DEFAULTS[kind]
    if not rhythm.event_name:
        return rhythm
    return replace(rhythm, event_name=event_named(translations(language).gettext("delivered")))


def _check_survey(template: str, survey: Survey, company_id: int) -> None:
    if survey.company_id != company_id or not fits(template, survey.kind):
        raise RuleBroken("survey_kind")


def _set_rhythm(campaign: Campaign, rhythm: Rhythm) -> None:
    for name, value in asdict(rhythm).items():
        setattr(campaign, name, list(value) if name in _LISTS else value)


def _note(session: Session, campaign: Campaign, user: User, action: str, now: datetime, **details: Any) -> None:
    company = campaign.survey.company
    about = {"campaign": campaign.public_id, **details}
    audit.note(session, company=company, user=user, action=action, subject=campaign.name, now=now, **about)
