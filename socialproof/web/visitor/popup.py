"""The popup's script, and how one popup looks and when it asks. Whether it may show itself is asked elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask_babel import force_locale
from flask_babel import gettext as _

from socialproof.campaigns.models import Popup
from socialproof.campaigns.popup_queries import popup_behind_script
from socialproof.database import db
from socialproof.domain.colour import ink_on, is_colour, seen_on
from socialproof.languages import known_language
from socialproof.surveys.models import Survey
from socialproof.web.customer.access import is_public_id
from socialproof.web.customer.survey import DARK_SURFACE, LIGHT_SURFACE
from socialproof.web.visitor.answers import POPUP_SCRIPT, script_answer
from socialproof.web.visitor.feed import respond

blueprint = Blueprint("popup", __name__)

SETTINGS_SECONDS = 60
"""A popup that is switched off is gone from pages that open a minute later."""
STANDARD_COLOUR = "#14574a"


@blueprint.get("/popup.js")
def script() -> Response:
    """One file for all popups; it names nobody and asks only the host it came from."""
    return respond(script_answer(current_app, POPUP_SCRIPT))


@blueprint.get("/p/<popup_id>.json")
def settings(popup_id: str) -> Response:
    """What everybody may know of a popup, in the language of the page; of one that is off only that."""
    popup = popup_behind_script(db.session(), popup_id) if is_public_id(popup_id) else None
    if popup is None:
        abort(404)
    is_on = popup.state == "on" and popup.survey.state == "open"
    language = known_language(request.args.get("lang")) or popup.survey.default_language
    answer = jsonify(appearance(popup, language) if is_on else {"on": False})
    answer.headers["Cache-Control"] = f"public, max-age={SETTINGS_SECONDS}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def appearance(popup: Popup, language: str) -> dict[str, object]:
    """Mode, trigger, colours and words; the page rules stay with us."""
    with force_locale(language):
        words = {
            "title": _("A question from %(company)s", company=popup.survey.company.name),
            "close": _("Close"),
            "label": _("Give feedback"),
        }
    return {
        "on": True,
        "mode": popup.mode,
        "position": popup.position,
        "trigger": popup.trigger,
        "value": popup.trigger_value,
        "event": popup.event_name,
        "language": language,
        "colours": _colours(popup.survey),
        **words,
    }


def _colours(survey: Survey) -> list[str]:
    """The survey's colour and the ink that can be read on it, by day and by night."""
    named = (survey.brand_color, survey.company.brand_color, STANDARD_COLOUR)
    colour = next(colour for colour in named if is_colour(colour))
    day, night = seen_on(colour, LIGHT_SURFACE), seen_on(colour, DARK_SURFACE)
    return [day, ink_on(day), night, ink_on(night)]
