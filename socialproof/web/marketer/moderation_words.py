"""The moderation room's words: states, reasons, what history tells, and why something was not done."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from socialproof.domain import consent, moderation
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.domain.testimonial import ATTRIBUTION_NAMES
from socialproof.web import language

TABS = {
    "submitted": _l("Waiting"),
    "approved": _l("Approved"),
    "rejected": _l("Rejected"),
    "archived": _l("Archived"),
    "withdrawn": _l("Taken back"),
    "all": _l("All"),
}

STATES = {
    "draft": _l("Draft"),
    "submitted": _l("Waiting"),
    "approved": _l("Approved"),
    "rejected": _l("Rejected"),
    "withdrawn": _l("Taken back"),
    "archived": _l("Archived"),
}

KINDS = {"text": _l("Written"), "video": _l("Video"), "uncaptioned": _l("Video without captions")}

REASONS = {
    "privacy": _l("Privacy: names or details of other people"),
    "abuse": _l("Abuse: insults, threats or hate"),
    "not_a_customer": _l("Not a customer"),
    "off_topic": _l("Off topic: not about us"),
    "duplicate": _l("Duplicate of another testimonial"),
    "advertising": _l("Advertising for somebody else"),
    "rights": _l("Rights: pictures, music or words of others"),
}

PURPOSES = {purpose: _l(name) for purpose, name in consent.NAMES.items()}

ATTRIBUTIONS = {attribution: _l(name) for attribution, name in ATTRIBUTION_NAMES.items()}

PROPOSALS = {
    "pending": _l("Waiting for the customer"),
    "approved": _l("Approved by the customer"),
    "declined": _l("Declined by the customer"),
    "superseded": _l("Replaced by a newer proposal"),
    "cancelled": _l("Cancelled"),
}

SHOWINGS = {
    "shown": _l("Shown"),
    "full": _l("Others come first"),
    "not_public": _l("Once it is approved"),
}

MEDIA_REASONS = {
    "unreadable": _l("The file is damaged or is no video."),
    "incomplete": _l("The recording is incomplete."),
    "too_long": _l("It is longer than allowed."),
    "no_video": _l("It has sound only, no picture."),  # of an earlier release
    "too_large": _l("Its picture is too large."),
    "too_complex": _l("It took too long to read."),
    "source_damaged": _l("It was damaged on its way."),
    "worker_lost": _l("The worker stopped each time it was tried."),
    "storage_full": _l("There was no room to store what is made of it."),
    "transcoder_failed": _l("The program that reads videos failed on this machine."),
    "machine_failed": _l("Something on this machine failed."),
}

CAPTIONS = {
    "none": _l("It has no captions yet."),
    "heard": _l("Its captions were drafted by speech recognition. Nobody has checked them yet."),
    "draft": _l("Its captions are a draft. Nobody has checked them yet."),
    "reviewed": _l("Its captions are checked."),
    "no_speech": _l("Nobody speaks in it, so it needs no captions."),
}

ACTIONS = {
    "approve": _l("%(name)s approved it"),
    "reject": _l("%(name)s rejected it"),
    "archive": _l("%(name)s archived it"),
    "reopen": _l("%(name)s put it back into the queue"),
    "undo": _l("%(name)s undid the last decision"),
    "feature": _l("%(name)s featured it"),
    "unfeature": _l("%(name)s stopped featuring it"),
    "tag": _l("%(name)s added the tag “%(tag)s”"),
    "untag": _l("%(name)s removed the tag “%(tag)s”"),
    "best_line": _l("%(name)s marked the best line"),
    "first": _l("%(name)s moved it to the front"),
    "last": _l("%(name)s moved it to the end"),
    "leave_media_out": _l("%(name)s left out the file that could not be read"),
    "process_again": _l("%(name)s let the video be tried again"),
    "propose": _l("%(name)s proposed a shorter text"),
    "cancel_proposal": _l("%(name)s cancelled the proposed text"),
    "captions": _l("%(name)s wrote captions"),
    "captions_reviewed": _l("%(name)s checked the captions"),
    "captions_reopened": _l("%(name)s took the captions back to check them again"),
    "no_speech": _l("%(name)s noted that nobody speaks in the video"),
}

CUSTOMER_ACTIONS = {
    "submit": _l("The customer sent it"),
    "edit": _l("The customer changed it"),
    "consent": _l("The customer changed the consent"),
    "withdraw": _l("The customer took it back"),
    "erase": _l("The customer had it erased"),
    "approve_edit": _l("The customer approved the shorter text"),
    "decline_edit": _l("The customer declined the shorter text"),
    "mail_refused": _l("A mail to the customer could not be delivered"),
}

REFUSALS = {
    "no_consent": _l("The customer has not consented to publication on the website, so it cannot be approved."),
    "media_processing": _l("Its photo or video is still being prepared. Please try again in a minute."),
    "media_unreadable": _l("Its photo or video could not be read, so it cannot be approved with it."),
    "media_parked": _l("Its video could not be prepared. Look at it and let it be tried again."),
    "captions_missing": _l("Its video has no reviewed captions yet. Write or check them, or say that nobody speaks."),
    "wrong_state": _l("This is no longer possible: its state has changed."),
    "reason": _l("Choose one of the reasons."),
    "best_line": _l("The best line must be a part of the customer’s text, word for word."),
    "tag_empty": _l("Write a tag."),
    "tag_long": _l("A tag has at most 40 characters."),
    "tags_many": _l("A testimonial has at most 20 tags."),
    "proposal_empty": _l("Write the shorter text that you propose."),
    "proposal_same": _l("The proposed text is the same as the customer’s own."),
    "proposal_longer": _l("The proposed text is longer than the customer’s own. Only a shorter one can be proposed."),
    "nothing_to_undo": _l("There is no decision to undo."),
    "no_proposal": _l("No proposal is waiting any more."),
    "no_words": _l("Without the file nothing would be left: the customer wrote no text."),
    "nothing_parked": _l("Nothing waits to be tried again any more."),
    "nothing_unreadable": _l("Nothing is unreadable here any more."),
    "act": _l("Choose what to do with the ticked ones."),
    "none_ticked": _l("Tick at least one testimonial first."),
}

DONE = {
    "approve": _l("You approved the testimonial by %(author)s."),
    "reject": _l("You rejected the testimonial by %(author)s."),
    "archive": _l("You archived the testimonial by %(author)s."),
    "reopen": _l("You put the testimonial by %(author)s back into the queue."),
}

DONE_UNNAMED = {
    "approve": _l("You approved the testimonial."),
    "reject": _l("You rejected the testimonial."),
    "archive": _l("You archived the testimonial."),
    "reopen": _l("You put the testimonial back into the queue."),
}


def refusal(broken: RuleBroken) -> str:
    """Why something was not done, as a sentence; a conflict says who was first and with what."""
    if not isinstance(broken, Conflict):
        return str(REFUSALS.get(broken.code) or _("This could not be done."))
    action, moment = broken.details.get("action"), broken.details.get("happened_at")
    if not isinstance(action, str) or not isinstance(moment, datetime):
        return str(_("Somebody changed this testimonial while you were looking. Yours was not saved."))
    deed = told(action, broken.by, {})
    text = _("Somebody was first: %(deed)s (%(time)s). Yours was not saved.", deed=deed, time=when(moment))
    return str(text)


def told(action: str, name: str, details: dict[str, object]) -> str:
    """One line of history: who did what. Without a name it was the customer, or somebody who has left the team."""
    if action not in ACTIONS:
        return str(CUSTOMER_ACTIONS.get(action) or _("The testimonial was changed"))
    who = name or str(_("A former team member"))
    if action == "best_line" and details.get("line") == "":
        return str(_("%(name)s removed the best line", name=who))
    return str(ACTIONS[action]) % {"name": who, "tag": details.get("tag", "…")}


def when(moment: datetime) -> str:
    """A moment for people, in UTC and saying so."""
    return str(_("%(time)s UTC", time=language.moment(moment)))


def for_templates() -> dict[str, object]:
    """The words that the room's templates look up."""
    return {
        "TABS": TABS,
        "STATES": STATES,
        "KINDS": KINDS,
        "REASONS": {code: REASONS[code] for code in moderation.REASONS},
        "PURPOSES": PURPOSES,
        "ATTRIBUTIONS": ATTRIBUTIONS,
        "PROPOSALS": PROPOSALS,
        "SHOWINGS": SHOWINGS,
        "MEDIA_REASONS": MEDIA_REASONS,
        "CAPTIONS": CAPTIONS,
        "told": told,
        "when": when,
    }
