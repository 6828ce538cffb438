"""What moderators do with a testimonial. Each act names the version that was looked at: of two, one wins.

The words are the customer's: nothing here writes `Testimonial.text`. A shorter text can only be proposed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.database import record
from socialproof.domain import moderation
from socialproof.domain.consent import standing
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.domain.events import (
    EditProposed,
    Event,
    TestimonialApproved,
    TestimonialCurated,
    TestimonialRejected,
    TestimonialReopened,
)
from socialproof.domain.text import clean_line, clean_text
from socialproof.media.processing import run_again
from socialproof.testimonials.models import ModerationEntry, ProposedEdit, Testimonial, TestimonialTag
from socialproof.testimonials.queries import captions_states

_FACT_OF_STATE: dict[str, type[Event]] = {
    moderation.APPROVED: TestimonialApproved,
    moderation.REJECTED: TestimonialRejected,
    moderation.SUBMITTED: TestimonialReopened,
    moderation.ARCHIVED: TestimonialCurated,
}


def approve(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Release a submitted testimonial; needs the customer's consent to the website and all media ready."""
    _claim(session, testimonial, version)
    _require_approvable(testimonial, testimonial.state)
    _decide(session, testimonial, user, "approve", now)


def reject(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, reason: str) -> None:
    """Refuse a testimonial for one of the fixed reasons; an approved one disappears from every widget."""
    moderation.require_reason(reason)
    _claim(session, testimonial, version)
    _decide(session, testimonial, user, "reject", now, reason=reason)


def archive(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Put a decided testimonial away: kept, but shown nowhere."""
    _claim(session, testimonial, version)
    _decide(session, testimonial, user, "archive", now, reason=testimonial.rejection_reason)


def reopen(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Put a decided testimonial back into the queue, to be decided anew."""
    _claim(session, testimonial, version)
    _decide(session, testimonial, user, "reopen", now, reason=testimonial.rejection_reason)


def undo(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Take the last decision back, as if it had not been made; the history keeps both."""
    _claim(session, testimonial, version)
    last = last_decision(session, testimonial)
    if last is None or last.new_state != testimonial.state:
        raise RuleBroken("nothing_to_undo")
    if last.old_state == moderation.APPROVED:
        _require_approvable(testimonial, moderation.SUBMITTED)
    reason = last.reason if last.old_state == moderation.REJECTED else ""
    _settle(session, testimonial, user, "undo", last.old_state, now, reason=reason)


def feature(
    session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, is_featured: bool
) -> None:
    """Put a testimonial in front of the others, or back among them."""
    _claim(session, testimonial, version, is_judgement=False)
    if testimonial.is_featured == is_featured:
        return
    testimonial.is_featured = is_featured
    _curate(session, testimonial, user, "feature" if is_featured else "unfeature", now)


def tag(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, name: str) -> str:
    """Add a tag and return it as kept; a tag that is already there is left as it is."""
    kept = moderation.clean_tag(clean_line(name))
    _claim(session, testimonial, version, is_judgement=False)
    names = {each.name for each in testimonial.tags}
    if kept in names:
        return kept
    if len(names) >= moderation.TAGS_MAX:
        raise RuleBroken("tags_many", most=moderation.TAGS_MAX)
    testimonial.tags.append(TestimonialTag(company_id=testimonial.company_id, name=kept))
    _curate(session, testimonial, user, "tag", now, tag=kept)
    return kept


def untag(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, name: str) -> None:
    """Take a tag away; quiet when it is not there."""
    _claim(session, testimonial, version, is_judgement=False)
    found = [each for each in testimonial.tags if each.name == name]
    if not found:
        return
    testimonial.tags.remove(found[0])
    _curate(session, testimonial, user, "untag", now, tag=name)


def mark_best_line(
    session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, line: str
) -> None:
    """Mark a literal part of the customer's words as the line to show large; "" takes the mark away."""
    _claim(session, testimonial, version)
    testimonial.best_line = moderation.best_line(testimonial.text, clean_text(line))
    _curate(session, testimonial, user, "best_line", now, line=testimonial.best_line)


def reorder(
    session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, is_first: bool
) -> None:
    """Move an approved testimonial to the front or to the end of the wall (larger position is earlier)."""
    _claim(session, testimonial, version, is_judgement=False)
    if testimonial.state != moderation.APPROVED:
        raise RuleBroken("wrong_state")
    edge = func.max(Testimonial.position) if is_first else func.min(Testimonial.position)
    found = session.scalar(select(edge).where(Testimonial.company_id == testimonial.company_id)) or 0
    testimonial.position = found + (1 if is_first else -1)
    _curate(session, testimonial, user, "first" if is_first else "last", now)


def leave_media_out(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Go on with the words alone when a photo or video could not be read; the file stays with the response."""
    _claim(session, testimonial, version)
    unreadable = [media for media in testimonial.media if media.state == "unreadable"]
    if not unreadable:
        raise RuleBroken("nothing_unreadable")
    if not testimonial.text.strip():
        raise RuleBroken("no_words")
    for media in unreadable:
        testimonial.media.remove(media)
    if not any(media.kind == "video" and media.state != "deleted" for media in testimonial.media):
        testimonial.kind = "text"
    note(session, testimonial, user, "leave_media_out", testimonial.state, now)


def process_again(session: Session, *, testimonial: Testimonial, user: User, now: datetime) -> None:
    """Let the worker try again what this machine failed at; no judgement, so no version is needed."""
    parked = [media for media in testimonial.media if media.state == "parked"]
    if not parked:
        raise RuleBroken("nothing_parked")
    for media in parked:
        run_again(session, media=media, now=now)
    note(session, testimonial, user, "process_again", testimonial.state, now)


def propose_edit(
    session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime, text: str
) -> ProposedEdit:
    """Propose a shorter text to the customer; the text stays as it is until the customer approves."""
    shorter = moderation.require_shorter(testimonial.text, clean_text(text))
    _claim(session, testimonial, version)
    if testimonial.state not in (moderation.SUBMITTED, moderation.APPROVED):
        raise RuleBroken("wrong_state")
    for earlier in pending_proposals(testimonial):
        earlier.state, earlier.decided_at = "superseded", now
    proposal = ProposedEdit(
        company_id=testimonial.company_id,
        testimonial=testimonial,
        proposed_by=user,
        old_text=testimonial.text,
        new_text=shorter,
        state="pending",
        proposed_at=now,
    )
    session.add(proposal)
    note(session, testimonial, user, "propose", testimonial.state, now)
    session.flush()
    record(session, EditProposed(testimonial.company_id, proposal.id))
    return proposal


def cancel_proposal(session: Session, *, testimonial: Testimonial, user: User, version: int, now: datetime) -> None:
    """Take the pending proposal back before the customer has decided."""
    _claim(session, testimonial, version)
    pending = pending_proposals(testimonial)
    if not pending:
        raise RuleBroken("no_proposal")
    for proposal in pending:
        proposal.state, proposal.decided_at = "cancelled", now
    note(session, testimonial, user, "cancel_proposal", testimonial.state, now)


def pending_proposals(testimonial: Testimonial) -> list[ProposedEdit]:
    """The proposals that wait for the customer: none or one."""
    return [proposal for proposal in testimonial.proposals if proposal.state == "pending"]


def media_states(testimonial: Testimonial) -> Collection[str]:
    """The states of everything that would be shown with the words."""
    return {media.state for media in testimonial.media}


def last_decision(session: Session, testimonial: Testimonial) -> ModerationEntry | None:
    """The newest change of state if a moderator made it and it can be taken back."""
    newest = session.scalar(
        select(ModerationEntry)
        .where(ModerationEntry.company_id == testimonial.company_id)
        .where(ModerationEntry.testimonial_id == testimonial.id)
        .where(ModerationEntry.old_state != ModerationEntry.new_state)
        .order_by(ModerationEntry.id.desc())
        .limit(1)
    )
    return newest if newest is not None and newest.action in moderation.DECISIONS else None


def _require_approvable(testimonial: Testimonial, state: str) -> None:
    purposes = standing(testimonial.consents)
    moderation.require_approvable(state, purposes, media_states(testimonial), captions_states(testimonial))


def _claim(session: Session, testimonial: Testimonial, version: int, is_judgement: bool = True) -> None:
    """Take the testimonial's row if it is still as it was looked at, else raise Conflict with who was first.

    The one conditional UPDATE is what decides between two moderators, on every database. Only judgements
    raise the version: a tag added meanwhile takes nothing from somebody else's decision.
    """
    taken = session.execute(
        update(Testimonial)
        .where(Testimonial.company_id == testimonial.company_id)
        .where(Testimonial.id == testimonial.id, Testimonial.version == version)
        .values(version=version + 1 if is_judgement else version)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    session.expire(testimonial)
    if not taken.rowcount:
        raise _conflict(session, testimonial)


def _conflict(session: Session, testimonial: Testimonial) -> Conflict:
    newest = session.scalar(
        select(ModerationEntry)
        .where(ModerationEntry.company_id == testimonial.company_id)
        .where(ModerationEntry.testimonial_id == testimonial.id)
        .order_by(ModerationEntry.id.desc())
        .limit(1)
    )
    if newest is None:
        return Conflict("changed_meanwhile")
    name = newest.user.name if newest.user else ""
    return Conflict("decided_meanwhile", by=name, action=newest.action, happened_at=newest.happened_at)


def _decide(session: Session, testimonial: Testimonial, user: User, step: str, now: datetime, reason: str = "") -> None:
    _settle(session, testimonial, user, step, moderation.after(step, testimonial.state), now, reason)


def _settle(
    session: Session,
    testimonial: Testimonial,
    user: User,
    action: str,
    state: str,
    now: datetime,
    reason: str = "",
) -> None:
    note(session, testimonial, user, action, state, now, reason)
    testimonial.state = state
    for media in testimonial.media:
        media.judged_at = media.judged_at or now
    testimonial.rejection_reason = reason if state in (moderation.REJECTED, moderation.ARCHIVED) else ""
    is_open = state == moderation.SUBMITTED
    testimonial.decided_by_id, testimonial.decided_at = (None, None) if is_open else (user.id, now)
    record(session, _FACT_OF_STATE[state](testimonial.company_id, testimonial.id))  # type: ignore[call-arg]


def _curate(session: Session, testimonial: Testimonial, user: User, action: str, now: datetime, **details: Any) -> None:
    note(session, testimonial, user, action, testimonial.state, now, **details)
    record(session, TestimonialCurated(testimonial.company_id, testimonial.id))


def note(
    session: Session,
    testimonial: Testimonial,
    user: User,
    action: str,
    state: str,
    now: datetime,
    reason: str = "",
    **details: Any,
) -> None:
    """Write an act of the team into the testimonial's history; `state` is the one it leads to."""
    session.add(
        ModerationEntry(
            company_id=testimonial.company_id,
            testimonial_id=testimonial.id,
            user_id=user.id,
            action=action,
            old_state=testimonial.state,
            new_state=state,
            reason=reason,
            details=details,
            happened_at=now,
        )
    )
