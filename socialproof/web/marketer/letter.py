"""The words of a campaign in each language, with the letter beside them as it will arrive, and a test of it."""

from __future__ import annotations

import re

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response

from socialproof.backends.jobs.queue import enqueue
from socialproof.campaigns.letters import (
    own_words,
    sample_text,
    sample_values,
    skeleton_for,
    standard_words,
    stationery_of,
)
from socialproof.campaigns.models import Campaign
from socialproof.campaigns.rewording import change_words, note_test
from socialproof.campaigns.texts import standard_text
from socialproof.campaigns.trying import SEND_TEST
from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.campaign import asks_for_reference, is_over
from socialproof.domain.errors import RuleBroken
from socialproof.domain.letter import LIMITS, Part
from socialproof.domain.sms import size_of
from socialproof.languages import LANGUAGES
from socialproof.web import services
from socialproof.web.marketer.access import current, may, role_required
from socialproof.web.marketer.campaign_page import found, page
from socialproof.web.marketer.campaign_words import register_campaign_words
from socialproof.web.marketer.headers import policy
from socialproof.web.marketer.letter_form import LetterForm
from socialproof.web.marketer.reach_words import register_reach_words

blueprint = Blueprint("letter", __name__, url_prefix="/campaigns/<campaign_id>/letter")
register_reach_words(blueprint)
register_campaign_words(blueprint)

PARTS = {
    Part.FIRST: _l("First letter"),
    Part.REMINDER: _l("Reminder"),
    Part.REFERENCE: _l("Request for a reference"),
}
TEXTS = {Part.FIRST: _l("Question and reminder"), Part.REFERENCE: _l("Request for a reference")}
"""A text message has the same words both times."""
VIEWS = {"html": _l("As HTML"), "text": _l("As plain text")}


@blueprint.get("")
def show(campaign_id: str) -> Response:
    """The words in the survey's main language."""
    campaign = found(campaign_id)
    return words_page(campaign, campaign.survey.default_language)


@blueprint.get("/<language>")
def words(campaign_id: str, language: str) -> Response:
    campaign = found(campaign_id)
    return words_page(campaign, spoken(language))


@blueprint.post("/<language>")
@role_required("admin")
def reword(campaign_id: str, language: str) -> Response:
    """Keep the words."""
    campaign = found(campaign_id)
    form = LetterForm.of(campaign, spoken(language))
    if is_over(campaign.state):
        abort(403)
    if not form.validate():
        return words_page(campaign, language, form, 422)
    with transaction() as session:
        change_words(session, campaign=campaign, language=language, words=form.words(), user=current().user, now=now())
    flash(_("Saved."), "good")
    return redirect(url_for(".words", campaign_id=campaign_id, language=language), 303)


@blueprint.get("/<language>/preview")
def preview(campaign_id: str, language: str) -> Response:
    """The letter with the words that are kept."""
    campaign = found(campaign_id)
    return _letter(campaign, spoken(language), own_words(campaign, language))


@blueprint.post("/<language>/preview")
@role_required("admin")
def typed(campaign_id: str, language: str) -> Response:
    """The letter with the words in the form, as far as they are right."""
    campaign = found(campaign_id)
    form = LetterForm.of(campaign, spoken(language))
    form.validate()
    kept = own_words(campaign, language)
    return _letter(campaign, language, form.words() | {name: kept[name] for name in LIMITS if name in form.errors})


@blueprint.post("/<language>/test")
@role_required("admin")
def try_out(campaign_id: str, language: str) -> Response:
    """Send the letter with the words in the form to the member's own address."""
    campaign, acting = found(campaign_id), current()
    form = LetterForm.of(campaign, spoken(language))
    if campaign.channel != "mail" or not form.validate():
        return words_page(campaign, language, form, 422)
    letter = {"language": language, "part": part_of(campaign), "words": form.words()}
    try:
        with transaction() as session:
            note_test(session, campaign=campaign, user=acting.user, now=now())
            whose = {"company_id": campaign.company_id, "campaign_id": campaign.id, "user_id": acting.user.id}
            enqueue(session, SEND_TEST, whose | letter, now=now())
    except RuleBroken as broken:
        limit = broken.details["limit"]
        form.form_errors.append(_("You have sent yourself %(limit)s tests. Please wait an hour.", limit=limit))
        return words_page(campaign, language, form, 422)
    # No redirect: what was typed and is not saved stays in the form.
    flash(_("A test is on its way to %(address)s. Words that you have not saved are in it.", address=acting.user.email))
    return words_page(campaign, language, form)


def spoken(language: str) -> str:
    """The language of the address, or 404."""
    if language not in LANGUAGES:
        abort(404)
    return language


def _chosen(name: str, among: dict[str, str]) -> str:
    said = request.values.get(name, "")
    return said if said in among else next(iter(among))


def _parts(campaign: Campaign) -> dict[str, str]:
    """The letters or texts that this campaign sends, by their words."""
    parts = TEXTS if campaign.channel == "sms" else PARTS
    is_sent = asks_for_reference(campaign.template)
    return {part.value: str(word) for part, word in parts.items() if is_sent or part is not Part.REFERENCE}


def part_of(campaign: Campaign) -> str:
    """Which of its letters or texts the form has chosen."""
    return _chosen("part", _parts(campaign))


def words_page(campaign: Campaign, language: str, form: LetterForm | None = None, status: int = 200) -> Response:
    """The form with the words, and the preview beside it."""
    locked = not may("admin") or is_over(campaign.state)
    return page(
        "letter/show",
        campaign,
        status,
        form=form or LetterForm.of(campaign, language),
        words_language=language,
        standard=standard_words(campaign.template, current().company.name, language)
        | {"sms_text": standard_text(campaign.survey, language), "from_name": _house_name()},
        is_locked=locked,
        parts=_parts(campaign),
        views=VIEWS,
        part=part_of(campaign),
        limits=LIMITS,
    )


def _house_name() -> str:
    """Who writes when the campaign names nobody."""
    return stationery_of(db.session(), current().company, services().settings, is_signed=False).sender.name


def _letter(campaign: Campaign, language: str, said: dict[str, str]) -> Response:
    """A picture of the letter: nothing in it runs, and its links record nothing."""
    if campaign.channel == "sms":
        return _text_message(campaign, language, said)
    acting, settings = current(), services().settings
    stationery = stationery_of(db.session(), acting.company, settings, is_signed=False)
    skeleton = skeleton_for(campaign, language, part=Part(part_of(campaign)), stationery=stationery, words=said)
    values = sample_values(campaign, language, name=acting.user.name, base_url=settings.base_url)
    head = {"sender": skeleton.sender, "subject": skeleton.subject.filled(values), "to": acting.user.email}
    if _chosen("view", VIEWS) == "text":
        return _picture(render_template("marketer/letter/text.html", text=skeleton.text.filled(values), **head))
    envelope = render_template("marketer/letter/_envelope.html", **head)
    return _picture(_framed(skeleton.html.filled(values, lambda value: str(Markup.escape(value))), envelope))


def _framed(letter: str, envelope: str) -> str:
    """The letter under its own head lines, on a light or a dark ground as the reader chose."""
    style, _end, lines = envelope.partition("<!-- lines -->")
    is_dark = request.values.get("ground") == "dark"
    letter = letter.replace("(prefers-color-scheme: dark)", "all" if is_dark else "not all")
    letter = letter.replace("color-scheme: light dark", f"color-scheme: {'dark' if is_dark else 'light'}")
    letter = letter.replace("</head>", f"{style}</head>", 1)
    return re.sub(r"<body[^>]*>", lambda body: body[0] + lines, letter, count=1)


def _text_message(campaign: Campaign, language: str, said: dict[str, str]) -> Response:
    settings, name = services().settings, current().user.name
    part = Part(part_of(campaign))
    text = sample_text(campaign, language, said["sms_text"], name=name, settings=settings, part=part)
    return _picture(render_template("marketer/letter/message.html", text=text, size=size_of(text)))


def _picture(html: str) -> Response:
    answer = make_response(html)
    # Letters carry their styles with them, because mail programs know no style sheets.
    answer.headers["Content-Security-Policy"] = policy(
        script_src="'none'",
        connect_src="'none'",
        form_action="'none'",
        style_src="'self' 'unsafe-inline'",
        frame_ancestors="'self'",
    )
    return answer
