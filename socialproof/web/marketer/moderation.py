"""The moderation room: a queue, one testimonial beside it, and what may be done with it.

Every deed is a form that names the version its moderator looked at; a refusal comes back as the same page with
the reason and everything typed kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.testimonials import moderating
from socialproof.testimonials import moderation_queries as queries
from socialproof.testimonials.models import Testimonial
from socialproof.web.marketer import moderation_page as page
from socialproof.web.marketer import moderation_words as words
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.fields import version_named

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")

Act = Callable[..., Any]


@blueprint.get("")
def queue() -> ResponseReturnValue:
    """What waits, oldest first; on a desk its first one is open beside the list."""
    return render_template("marketer/moderation/queue.html", **page.queue_context())


@blueprint.get("/<testimonial_id>")
def show(testimonial_id: str) -> ResponseReturnValue:
    """One testimonial with everything that is judged together."""
    return _page_of(testimonial_id)


@blueprint.post("/<testimonial_id>/approve")
@role_required("moderator")
def approve(testimonial_id: str) -> ResponseReturnValue:
    return _decide(testimonial_id, moderating.approve)


@blueprint.post("/<testimonial_id>/reject")
@role_required("moderator")
def reject(testimonial_id: str) -> ResponseReturnValue:
    return _decide(testimonial_id, moderating.reject, reason=request.form.get("reason", ""))


@blueprint.post("/<testimonial_id>/archive")
@role_required("moderator")
def archive(testimonial_id: str) -> ResponseReturnValue:
    return _decide(testimonial_id, moderating.archive)


@blueprint.post("/<testimonial_id>/reopen")
@role_required("moderator")
def reopen(testimonial_id: str) -> ResponseReturnValue:
    return _decide(testimonial_id, moderating.reopen)


@blueprint.post("/<testimonial_id>/undo")
@role_required("moderator")
def undo(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.undo, _("Undone."))


@blueprint.post("/<testimonial_id>/feature")
@role_required("moderator")
def feature(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.feature, is_featured=request.form.get("is_featured") == "yes")


@blueprint.post("/<testimonial_id>/order")
@role_required("moderator")
def order(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.reorder, is_first=request.form.get("to") == "first")


@blueprint.post("/<testimonial_id>/tag")
@role_required("moderator")
def tag(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.tag, name=request.form.get("tag", ""))


@blueprint.post("/<testimonial_id>/untag")
@role_required("moderator")
def untag(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.untag, name=request.form.get("tag", ""))


@blueprint.post("/<testimonial_id>/best-line")
@role_required("moderator")
def best_line(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.mark_best_line, line=request.form.get("line", ""))


@blueprint.post("/<testimonial_id>/media")
@role_required("moderator")
def leave_media_out(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.leave_media_out)


@blueprint.post("/<testimonial_id>/process-again")
@role_required("moderator")
def process_again(testimonial_id: str) -> ResponseReturnValue:
    """Let the worker try again; takes nothing from anybody's decision, so it names no version."""
    try:
        with transaction() as session:
            testimonial = queries.testimonial_for_moderation(session, current().company.id, testimonial_id)
            moderating.process_again(session, testimonial=testimonial, user=current().user, now=now())
    except NotFound:
        raise
    except RuleBroken as broken:
        return _refused(testimonial_id, broken)
    return redirect(page.onward(testimonial_id), 303)


@blueprint.post("/<testimonial_id>/proposal")
@role_required("moderator")
def propose(testimonial_id: str) -> ResponseReturnValue:
    if request.form.get("act") == "look":
        return _page_of(testimonial_id, kept=request.form)
    done = _("Your proposal waits for the customer. The text stays as it is until they approve.")
    return _improve(testimonial_id, moderating.propose_edit, done, text=request.form.get("text", ""))


@blueprint.post("/<testimonial_id>/proposal/cancel")
@role_required("moderator")
def cancel_proposal(testimonial_id: str) -> ResponseReturnValue:
    return _improve(testimonial_id, moderating.cancel_proposal, _("The proposal is cancelled."))


@blueprint.post("/bulk")
@role_required("moderator")
def bulk() -> ResponseReturnValue:
    """The same act for all that are ticked, each on its own: what cannot be done stays ticked and says why."""
    act, more = _bulk_act()
    ticked = dict(part.rpartition(":")[::2] for part in request.form.getlist("ticked")[: queries.PAGE_SIZE * 5])
    if not ticked:
        return _bulk_page({}, words.refusal(RuleBroken("none_ticked")))
    moment = more["now"] = now()
    results = {public_id: _one_of_many(public_id, version, act, more) for public_id, version in ticked.items()}
    stayed = {public_id: sentence for public_id, sentence in results.items() if sentence}
    together = page.decided_together(moment)
    done = len(results) - len(stayed)
    if done and together is None:
        flash(ngettext("%(num)s testimonial done.", "%(num)s testimonials done.", done), "good")
    if stayed:
        return _bulk_page(stayed, _("Some of them stayed."), together)
    return redirect(page.onward(None, **({"together": together.moment} if together else {})), 303)


@blueprint.post("/bulk/undo")
@role_required("moderator")
def undo_together() -> ResponseReturnValue:
    """Take back what one bulk decided; what somebody has decided anew since then stays."""
    moment = page.moment_from(request.form.get("together", ""))
    if moment is None:
        abort(400)
    decided = queries.decided_together(db.session(), current().company.id, current().user.id, moment)
    ticked = {testimonial.public_id: str(testimonial.version) for testimonial in decided}
    more = {"now": now()}
    stayed = [each for each in (_one_of_many(*one, moderating.undo, more) for one in ticked.items()) if each]
    flash(_("Undone.") if not stayed else stayed[0], "bad" if stayed else "good")
    return redirect(page.onward(None), 303)


def _bulk_act() -> tuple[Act, dict[str, Any]]:
    more: dict[str, dict[str, Any]] = {
        "approve": {},
        "reject": {"reason": request.form.get("reason", "")},
        "tag": {"name": request.form.get("tag", "")},
    }
    name = request.form.get("act", "")
    if name not in more:
        abort(400)
    acts: dict[str, Act] = {"approve": moderating.approve, "reject": moderating.reject, "tag": moderating.tag}
    return acts[name], more[name]


def _one_of_many(public_id: str, version: str, act: Act, more: dict[str, Any]) -> str:
    """Do it for one and return why not, or ""; each stands or falls alone, so each is its own transaction."""
    try:
        with transaction() as session:
            testimonial = queries.testimonial_for_moderation(session, current().company.id, public_id)
            act(session, testimonial=testimonial, user=current().user, version=version_named(version), **more)
    except NotFound:
        return str(_("This testimonial no longer exists."))
    except RuleBroken as broken:
        return words.refusal(broken)
    return ""


def _bulk_page(stayed: dict[str, str], refused: str, together: page.Together | None = None) -> ResponseReturnValue:
    context = page.queue_context() | {
        "results": stayed,
        "together": together,
        "ticked": tuple(stayed) or request.form.getlist("ticked"),
        "refused": refused,
        "kept": request.form,
    }
    return render_template("marketer/moderation/queue.html", **context), 422


def _decide(testimonial_id: str, act: Act, **more: Any) -> ResponseReturnValue:
    """Decide and go on to the next one in the queue."""

    def follow(testimonial: Testimonial) -> str:
        filters = page.filters_from(request.args)
        following = queries.next_in_queue(db.session(), current().company.id, filters, testimonial)
        return page.onward(following, decided=testimonial.public_id)

    return _attempt(testimonial_id, act, follow, more)


def _improve(testimonial_id: str, act: Act, done: str = "", **more: Any) -> ResponseReturnValue:
    """Do something to a testimonial and stay with it."""

    def follow(testimonial: Testimonial) -> str:
        if done:
            flash(done, "good")
        return page.onward(testimonial.public_id)

    return _attempt(testimonial_id, act, follow, more)


def _attempt(
    testimonial_id: str, act: Act, follow: Callable[[Testimonial], str], more: dict[str, Any]
) -> ResponseReturnValue:
    try:
        with transaction() as session:
            testimonial = queries.testimonial_for_moderation(session, current().company.id, testimonial_id)
            version = version_named(request.form.get("version", ""))
            act(session, testimonial=testimonial, user=current().user, version=version, now=now(), **more)
            target = follow(testimonial)
    except NotFound:
        raise
    except RuleBroken as broken:
        return _refused(testimonial_id, broken)
    return redirect(target, 303)


def _refused(testimonial_id: str, broken: RuleBroken) -> ResponseReturnValue:
    """The same page as it stands now, with the reason and everything typed."""
    is_conflict = isinstance(broken, Conflict)
    more = {"refused": words.refusal(broken), "code": broken.code, "is_conflict": is_conflict}
    return _page_of(testimonial_id, kept=request.form, **more), 409 if is_conflict else 422


def _page_of(testimonial_id: str, **more: object) -> str:
    testimonial = queries.testimonial_for_moderation(db.session(), current().company.id, testimonial_id)
    context = page.queue_context(testimonial, is_open=True) | more
    return render_template("marketer/moderation/show.html", **context)
