"""Which fact wakes what: `NOW` in the same transaction, `LATER` as a job written in that same transaction.

The only page that names what lies downstream. A job of `LATER` gets the fact's fields as its payload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy import event
from sqlalchemy.orm import Session

from socialproof import clock
from socialproof.backends.jobs.port import Handler, NoteParked, NoteRevived
from socialproof.backends.jobs.queue import enqueue
from socialproof.campaigns import delivering, refusing, trying
from socialproof.campaigns import jobs as campaigns
from socialproof.companies import jobs as companies_jobs
from socialproof.companies import key_watch, signing
from socialproof.contacts import import_job, importing, telling
from socialproof.domain import events
from socialproof.media import hearing, processing, sweeping
from socialproof.testimonials import hiding, references
from socialproof.testimonials import jobs as testimonials
from socialproof.widgets import jobs as widgets

Hearer = Callable[[Session, events.Event, datetime], None]

NOW: dict[type[events.Event], list[Hearer]] = {
    events.ResponseRecorded: [widgets.hear_answer],
    events.ResponseChanged: [widgets.hear_answer],
    events.TestimonialSubmitted: [widgets.hear_change],
    events.TestimonialEdited: [widgets.hear_loss, hiding.hear_loss],
    events.TestimonialApproved: [widgets.hear_change],
    events.TestimonialRejected: [widgets.hear_loss, hiding.hear_loss],
    events.TestimonialReopened: [widgets.hear_loss, hiding.hear_loss],
    events.TestimonialCurated: [widgets.hear_loss, hiding.hear_loss],
    events.TestimonialWithdrawn: [widgets.hear_loss, hiding.hear_loss],
    events.TestimonialErased: [widgets.hear_loss],
    events.ConsentChanged: [widgets.hear_loss, hiding.hear_loss],
    events.EditDecided: [widgets.hear_change],
    events.MediaReady: [widgets.hear_change],
    events.CaptionsChanged: [widgets.hear_captions, hiding.hear_loss],
    events.SurveyChanged: [widgets.hear_change],
    events.CompanyChanged: [widgets.hear_change],
    events.AddressSuppressed: [telling.hear_suppressed],
}

LATER: dict[type[events.Event], list[str]] = {
    events.TestimonialSubmitted: ["testimonials.send_receipt"],
    events.TestimonialErased: ["testimonials.erase_media"],
    events.EditProposed: ["testimonials.send_proposal"],
    events.MediaUploaded: [processing.PROCESS_VIDEO],
    events.MediaReady: [hearing.DRAFT_CAPTIONS],
    events.CampaignStarted: [campaigns.PLAN],
    events.CustomerEventNoted: [campaigns.PLAN_EVENT],
}

JOBS: dict[str, Handler] = {
    "campaigns.expire": campaigns.expire,
    campaigns.PLAN: campaigns.plan,
    campaigns.PLAN_EVENT: campaigns.plan_event,
    campaigns.TICK: campaigns.tick,
    campaigns.DELIVER: partial(delivering.deliver, still_glad=references.still_glad),
    trying.SEND_TEST: trying.send_test,
    refusing.REFUSE_ADDRESS: refusing.refuse_address,
    "companies.forget": companies_jobs.forget,
    key_watch.LOOK_AT_KEYS: key_watch.look_at_keys,
    signing.LOOK_AT_KEY: key_watch.look_at_key,
    key_watch.TELL_RECORD_GONE: key_watch.tell_record_gone,
    "companies.send_team_invitation": companies_jobs.send_team_invitation,
    "companies.send_password_reset": companies_jobs.send_password_reset,
    importing.IMPORT: import_job.take_in,
    importing.SWEEP: import_job.sweep_imports,
    telling.TELL_BOUNCES: telling.tell_bounces,
    "testimonials.send_receipt": testimonials.send_receipt,
    "testimonials.send_proposal": testimonials.send_proposal,
    "testimonials.erase_media": testimonials.erase_media,
    hiding.HIDE_MEDIA: hiding.hide_media,
    "widgets.rebuild": widgets.rebuild,
    processing.PROCESS_VIDEO: processing.process_video,
    hearing.DRAFT_CAPTIONS: hearing.draft_captions,
    "media.sweep_uploads": sweeping.sweep_uploads,
}

PARKED: dict[str, NoteParked] = {
    processing.PROCESS_VIDEO: processing.note_parked,
    importing.IMPORT: importing.note_parked,
}
"""Who is told, in the same transaction, when a job of this kind is given up."""

REVIVED: dict[str, NoteRevived] = {
    processing.PROCESS_VIDEO: processing.note_revived,
    importing.IMPORT: importing.note_revived,
}
"""Who is told when the operator lets it run again."""

HOURLY = ("campaigns.expire", "companies.forget", key_watch.LOOK_AT_KEYS, importing.SWEEP, "media.sweep_uploads")
"""Kinds of jobs that the worker puts on the table every hour: what time alone brings about."""

MINUTELY = ("campaigns.tick",)
"""Those that it puts there every minute."""


def connect() -> None:
    """Let every commit first tell the facts that were recorded; connecting twice is the same as once."""
    event.listen(Session, "before_commit", dispatch)


def dispatch(session: Session) -> None:
    """Tell the recorded facts, and those that are recorded while telling, in order.

    Not at the end of a part of the transaction: that part may still be undone, and with it what was told.
    """
    if session.in_nested_transaction():
        return
    waiting: list[events.Event] = session.info.get("events", [])
    while waiting:
        fact = waiting.pop(0)
        now = clock.now()
        session.flush()
        for hear in NOW.get(type(fact), []):
            hear(session, fact, now)
        for kind in LATER.get(type(fact), []):
            enqueue(session, kind, asdict(fact), now=now)
