"""Why something that happened with a contact cannot be noted: a sentence for each code, for people and programs."""

from __future__ import annotations

from flask_babel import gettext as _

from socialproof.domain.customer_event import MOST_LETTERS
from socialproof.domain.errors import RuleBroken


def event_words(broken: RuleBroken) -> str:
    """What is wrong with an event's name or time."""
    words: dict[str, str] = {
        "event_name_missing": _("Please say what happened."),
        "event_name_too_long": _("That is too long: at most %(count)s characters.", count=MOST_LETTERS),
        "happened_too_late": _("This is still to come."),
        "happened_too_early": _("This is more than a year ago."),
        "contact_deleted": _("The contact was deleted."),
    }
    return words[broken.code]
