"""What the moderation page shows: the queue narrowed by the address, one testimonial, and what was just done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from socialproof.database import db
from socialproof.domain import moderation
from socialproof.domain.consent import standing
from socialproof.domain.errors import NotFound
from socialproof.domain.nps import segment_of
from socialproof.domain.roles import Role
from socialproof.domain.text import clean_text
from socialproof.domain.widget import monogram, shown_name
from socialproof.testimonials import moderating
from socialproof.testimonials import moderation_queries as queries
from socialproof.testimonials.models import ProposedEdit, Testimonial
from socialproof.testimonials.moderation_queries import Filters
from socialproof.testimonials.queries import captions_states, shown_media
from socialproof.tokens import Purpose
from socialproof.web import language, services
from socialproof.web.marketer import moderation_words as words
from socialproof.web.marketer.access import current
from socialproof.web.marketer.moderation_media import badges_of, media_context
from socialproof.widgets.showing import showings_of

LONGEST_SEARCH = 200


def filters_from(values: MultiDict[str, str]) -> Filters:
    """The filters of an address; words that mean nothing here are left out."""
    state = values.get("state", "")
    kind = values.get("kind", "")
    return Filters(
        state=state if state in words.TABS else moderation.SUBMITTED,
        survey=values.get("survey", "")[:40],
        kind=kind if kind in words.KINDS else "",
        tag=values.get("tag", "")[:40],
        search=values.get("q", "")[:LONGEST_SEARCH].strip(),
    )


def query_of(filters: Filters, after: str = "") -> dict[str, str]:
    """The filters as an address has them, without those that say nothing."""
    said = {
        "state": "" if filters.state == moderation.SUBMITTED else filters.state,
        "survey": filters.survey,
        "kind": filters.kind,
        "tag": filters.tag,
        "q": filters.search,
        "after": after,
    }
    return {name: value for name, value in said.items() if value}


def here() -> dict[str, str]:
    """The part of this request's address that says which queue it is."""
    return query_of(filters_from(request.args), request.args.get("after", "")[:40])


def queue_context(selected: Testimonial | None = None, is_open: bool = False) -> dict[str, object]:
    """The list with its filters; the first of the list is selected unless another one is."""
    company_id = current().company.id
    filters = filters_from(request.args)
    page = queries.queue_page(db.session(), company_id, filters, request.args.get("after", ""))
    if selected is None and page.testimonials:
        selected = page.testimonials[0]
    context: dict[str, object] = {
        "page": page,
        "filters": filters,
        "is_filtered": filters != Filters(state=filters.state),
        "here": here(),
        "query_of": query_of,
        "counts": queries.state_counts(db.session(), company_id),
        "surveys": queries.surveys_with_testimonials(db.session(), company_id),
        "tags": queries.tags_in_use(db.session(), company_id),
        "selected": selected,
        "is_open": is_open,
        "may_decide": may_decide(),
        "decided": _just_decided(),
        "together": decided_together(moment_from(request.args.get("together", ""))),
        "badges_of": lambda row: badges_of(row, _obstacle_codes(row)),
        "video_of": lambda row: shown_media(row, "video"),
        "author_of": public_author,
        "segment_of": segment_of,
        "ticked": (),
        "results": {},
        "kept": {},
        "refused": "",
        "code": "",
        "is_conflict": False,
        "day": language.day,
        **words.for_templates(),
    }
    if selected is not None:
        context.update(detail_context(selected))
    return context


def detail_context(testimonial: Testimonial) -> dict[str, object]:
    """Everything that is judged together with the words."""
    pending = moderating.pending_proposals(testimonial)
    proposal = pending[-1] if pending else None
    return {
        "testimonial": testimonial,
        "obstacles": obstacles_of(testimonial),
        "obstacle_codes": _obstacle_codes(testimonial),
        "showings": showings_of(db.session(), testimonial),
        "proposal_link": proposal_link(testimonial, proposal),
        "steps": moderation.steps_from(testimonial.state),
        "undoable": moderating.last_decision(db.session(), testimonial),
        **media_context(testimonial),
        "proposal": proposal,
        "difference": moderation.difference(proposal.old_text, proposal.new_text) if proposal else (),
        "drafted": moderation.difference(testimonial.text, clean_text(request.form.get("text", testimonial.text))),
        "author": public_author(testimonial),
        "parts": parts_around(testimonial.text, testimonial.best_line),
    }


def obstacles_of(testimonial: Testimonial) -> tuple[str, ...]:
    """What stands between a waiting testimonial and its approval, as sentences."""
    return tuple(str(words.REFUSALS[code]) for code in _obstacle_codes(testimonial))


def _obstacle_codes(testimonial: Testimonial) -> tuple[str, ...]:
    if testimonial.state != moderation.SUBMITTED:
        return ()
    purposes, media_states = standing(testimonial.consents), moderating.media_states(testimonial)
    return moderation.obstacles(purposes, media_states, captions_states(testimonial))


def proposal_link(testimonial: Testimonial, proposal: ProposedEdit | None) -> str:
    """The customer's link, only where no mail reaches them: with it the words could be approved by anybody."""
    if proposal is None or _is_reached_by_mail(testimonial, proposal):
        return ""
    token = services().tokens.sign(Purpose.PROPOSAL, proposal.public_id)
    return f"{services().settings.base_url}/s/p/{token}"


def _is_reached_by_mail(testimonial: Testimonial, proposal: ProposedEdit) -> bool:
    contact = testimonial.contact
    address = testimonial.author_email or (contact.email if contact and contact.deleted_at is None else "")
    returned = any(
        entry.action == "mail_refused" and entry.happened_at >= proposal.proposed_at for entry in testimonial.history
    )
    return bool(address) and not returned


def may_decide() -> bool:
    """Whether the reader may do more than look."""
    return current().role.covers(Role.MODERATOR)


def parts_around(text: str, line: str) -> tuple[str, str, str]:
    """The text before the best line, the line, and the rest."""
    if not line or line not in text:
        return text, "", ""
    before, found, rest = text.partition(line)
    return before, found, rest


@dataclass(frozen=True)
class Author:
    """Who will be named, as the author chose; an empty name is nobody."""

    name: str
    monogram: str
    about: str


def public_author(testimonial: Testimonial) -> Author:
    """The author as visitors will read it."""
    name = shown_name(testimonial.author_name, testimonial.attribution)
    about = [testimonial.author_role, testimonial.author_organisation] if name else []
    return Author(name, monogram(name), ", ".join(part for part in about if part))


@dataclass(frozen=True)
class Decided:
    """What the reader has just done, and may undo."""

    testimonial: Testimonial
    sentence: str


def _just_decided() -> Decided | None:
    """Named by the address, but believed only if the history says so."""
    public_id = request.args.get("decided", "")
    if not public_id:
        return None
    try:
        testimonial = queries.testimonial_for_moderation(db.session(), current().company.id, public_id)
    except NotFound:
        return None
    last = moderating.last_decision(db.session(), testimonial)
    if last is None or last.user_id != current().user.id or last.action not in words.DONE:
        return None
    author = public_author(testimonial).name
    sentence = words.DONE[last.action] if author else words.DONE_UNNAMED[last.action]
    return Decided(testimonial, str(sentence) % {"author": author})


@dataclass(frozen=True)
class Together:
    """What the reader has just decided in one go, and may undo in one go."""

    moment: str
    count: int


def decided_together(moment: datetime | None) -> Together | None:
    """What the reader decided at this moment; believed only as far as the history says so."""
    if moment is None:
        return None
    decided = queries.decided_together(db.session(), current().company.id, current().user.id, moment)
    return Together(moment.isoformat(), len(decided)) if decided else None


def moment_from(typed: str) -> datetime | None:
    """A moment as `isoformat` writes it, with its zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def onward(following: str | None, **more: str) -> str:
    """The address of the next testimonial in this queue, or of the queue itself."""
    target: dict[str, Any] = here() | more
    if following is None:
        target.pop("after", None)
        return url_for("marketer.moderation.queue", **target)
    return url_for("marketer.moderation.show", testimonial_id=following, **target, _anchor="testimonial")
