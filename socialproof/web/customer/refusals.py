"""What the customer reads when an answer is not taken: one sentence for each code, in the page's language."""

from __future__ import annotations

import logging

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from socialproof.database import db, is_full
from socialproof.domain.errors import RuleBroken

log = logging.getLogger(__name__)

_SENTENCES = {
    "score_missing": _l("Please choose a number from 0 to 10."),
    "not_a_score": _l("Only a whole number from 0 to 10 can be an answer. Please choose one."),
    "bad_request": _l("We could not read what was sent. Please choose a number from 0 to 10."),
    "page_too_old": _l("This page has been open for a long time. Your choice is kept: please press Send once more."),
    "press_send": _l("Is this your answer? Please press Send to confirm it."),
    "survey_not_open": _l("This survey has closed, so this was not saved."),
    "edit_window_over": _l("An answer can be changed for 24 hours. That time is over, so your first answer stays."),
    "answered_elsewhere": _l("Your answer arrived twice at the same moment. Please send it once more."),
    "database_full": _l("Nothing can be saved at the moment. What you entered is still here: please send it later."),
}

STATUS = {
    "survey_not_open": 409,
    "edit_window_over": 409,
    "press_send": 409,
    "answered_elsewhere": 409,
    "bad_request": 400,
    "database_full": 507,
}


def no_room(error: OperationalError) -> RuleBroken:
    """The refusal when the database has no room left; every other failure goes on."""
    if not is_full(error):
        raise error
    log.error("the database is full")
    db.session.rollback()
    return RuleBroken("database_full")


def sentence(refusal: RuleBroken) -> str:
    """The words for a broken rule."""
    if refusal.code == "comment_too_long":
        words = _("Your text has %(length)s characters, but only %(most)s fit. Please shorten it; nothing is lost.")
        return str(words % {name: format_decimal(number) for name, number in refusal.details.items()})
    return str(_SENTENCES.get(refusal.code, _SENTENCES["bad_request"]))


def status(refusal: RuleBroken) -> int:
    """The HTTP status for a broken rule; 422 when the reader can repair it on the same page."""
    return STATUS.get(refusal.code, 422)
