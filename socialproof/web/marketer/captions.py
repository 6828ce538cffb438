"""The captions of a video: what is said beside the player. One form; its buttons change rows or keep all of them.

Whatever is refused comes back as the same page with everything typed. A viewer may read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain import captions as rules
from socialproof.domain.caption_files import MOST_BYTES, read_file
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.media.captions import TYPED, UPLOADED
from socialproof.media.models import Media
from socialproof.testimonials import captioning
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.moderation_queries import video_for_captions
from socialproof.web.captions import send_captions
from socialproof.web.marketer import captions_form as forms
from socialproof.web.marketer import captions_words as words
from socialproof.web.marketer.access import current, may, role_required, takes
from socialproof.web.marketer.captions_form import Draft
from socialproof.web.marketer.fields import version_named

blueprint = Blueprint("captions", __name__, url_prefix="/media")

BODY = MOST_BYTES + 4_000_000
FIELDS = 3 * rules.MOST_CUES + 20
KEEPING = ("save", "review", "no_speech", "no_speech_sure", "reopen")


@blueprint.get("/<media_id>/captions")
def show(media_id: str) -> ResponseReturnValue:
    """The captions as they are kept."""
    media, testimonial = _found(media_id)
    return _page(media, testimonial, forms.stored(media.captions, _language(testimonial)))


@blueprint.get("/<media_id>/captions.vtt")
def file(media_id: str) -> Response:
    """The same as a file, for the player of this page and to keep."""
    media, _testimonial = _found(media_id)
    return send_captions(media.captions, caching="private, no-store")


@blueprint.post("/<media_id>/captions")
@role_required("moderator")
@takes(BODY, FIELDS)
def edit(media_id: str) -> ResponseReturnValue:
    """What a button of the form asks for: keep everything, or change the rows and go on."""
    media, testimonial = _found(media_id)
    draft = forms.sent(
        request.form, version_named(request.form.get("version", "")), words.SPOKEN, _language(testimonial)
    )
    act, _colon, place = request.form.get("act", "save").partition(":")
    try:
        if act in KEEPING:
            return _keep(media_id, draft, act)
        changed, focus = _changed(draft, act, place, media.duration_seconds)
    except NotFound:
        raise
    except Conflict as conflict:
        return _conflict(media_id, draft, conflict)
    except RuleBroken as broken:
        refused = words.refusal(broken)
        return _page(media, testimonial, draft, refused=refused, code=broken.code, place=place), 422
    return _page(media, testimonial, changed, focus=focus)


def _keep(media_id: str, draft: Draft, act: str) -> ResponseReturnValue:
    """Keep it in one transaction. The rows are read before, so that a time that is none costs nobody a lock."""
    written = draft.written if act in ("save", "review") else None
    with transaction() as session:
        media, testimonial = video_for_captions(session, current().company.id, media_id)
        common: dict[str, Any] = {
            "testimonial": testimonial,
            "media": media,
            "user": current().user,
            "version": draft.version,
            "now": now(),
        }
        if act == "reopen":
            captioning.reopen(session, **common)
        elif written is None:
            is_sure = act == "no_speech_sure"
            captioning.say_no_speech(session, **common, language=draft.language, is_sure=is_sure)
        elif act == "review":
            captioning.review(session, **common, written=written)
        else:
            captioning.save(session, **common, written=written)
        judged = testimonial.public_id
    flash(_done(act), "good")
    if request.form.get("back") == "moderation":
        return redirect(url_for("marketer.moderation.show", testimonial_id=judged), 303)
    return redirect(url_for("marketer.captions.show", media_id=media_id), 303)


def _done(act: str) -> str:
    if act == "review":
        return str(_("The captions are checked. Thank you!"))
    if act in ("no_speech", "no_speech_sure"):
        return str(_("Noted: nobody speaks, so no captions are needed."))
    return str(_("The captions are a draft again.") if act == "reopen" else _("The draft is saved."))


def _changed(draft: Draft, act: str, place: str, duration: float | None) -> tuple[Draft, int | None]:
    """The page after a button that keeps nothing, and the row to go on with."""
    if act in forms.ROW_ACTS:
        index = _index(place, -1 if act == "add" else 0, len(draft.rows))
        rows, focus = forms.ROW_ACTS[act](draft.rows, index, duration, _caret())
        return replace(draft, rows=rows, replacement=""), focus
    if act == "tidy":
        return replace(draft, rows=tuple(map(forms.row_of, rules.tidy(draft.cues, duration)))), None
    if act == "transcript":
        return _begun(forms.replaced(draft, _from(draft.transcript, duration), TYPED))
    if act == "upload":
        return _begun(forms.replaced(draft, _uploaded(duration), UPLOADED))
    if act == "replace":
        return _begun(forms.agreed(draft))
    return draft if act == "check" else replace(draft, replacement=""), None


def _begun(draft: Draft) -> tuple[Draft, int | None]:
    """New captions are gone through from the first one; a question is answered before."""
    return draft, None if draft.replacement else 0


def _from(transcript: str, duration: float | None) -> list[rules.Cue]:
    if len(transcript) > rules.LONGEST_TRANSCRIPT:
        raise RuleBroken("transcript_long")
    cues = rules.distribute(transcript, duration)
    if not cues:
        raise RuleBroken("no_transcript")
    if len(cues) > rules.MOST_CUES:
        raise RuleBroken("captions_many")
    return cues


def _uploaded(duration: float | None) -> list[rules.Cue]:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise RuleBroken("no_file")
    content = sent.stream.read(MOST_BYTES + 1)
    sent.close()
    cues = rules.tidy(read_file(content), duration)
    if not cues:
        raise RuleBroken("captions_none_found")
    return cues


def _conflict(media_id: str, draft: Draft, conflict: Conflict) -> ResponseReturnValue:
    """Yours in the form, theirs beside it: who saves now has seen both."""
    db.session.rollback()
    media, testimonial = _found(media_id)
    theirs = forms.stored(media.captions, _language(testimonial))
    mine = replace(draft, version=theirs.version)
    return _page(media, testimonial, mine, refused=words.refusal(conflict), theirs=theirs), 409


def _page(media: Media, testimonial: Testimonial, draft: Draft, **more: Any) -> str:
    context = {
        "media": media,
        "captions": media.captions,
        "testimonial": testimonial,
        "draft": forms.checked(draft, media.duration_seconds),
        "may_write": may("moderator"),
        "say_time": rules.say_time,
        "refused": "",
        "code": "",
        "place": "",
        "theirs": None,
        "focus": None,
        **words.for_templates(),
        **more,
    }
    return render_template("marketer/captions/show.html", **context)


def _found(media_id: str) -> tuple[Media, Testimonial]:
    return video_for_captions(db.session(), current().company.id, media_id)


def _language(testimonial: Testimonial) -> str:
    return testimonial.language if testimonial.language in words.SPOKEN else "en"


def _index(word: str, least: int, count: int) -> int:
    """The row that a button names; a button of ours always names one that is there."""
    if not (word.removeprefix("-").isdecimal() and word.isascii() and len(word) < 6 and least <= int(word) < count):
        abort(400)
    return int(word)


def _caret() -> int | None:
    """Where the cursor stood, in characters, when a script says so."""
    word = request.form.get("caret", "")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 else None
