"""What a testimonial is made of: its words, who said them, and how that person wants to be named."""

from __future__ import annotations

from socialproof.domain.consent import N_
from socialproof.domain.errors import RuleBroken

MOST_TEXT = 5000
MOST_NAME = 120
MOST_EMAIL = 254

FULL_NAME = "full_name"
FIRST_NAME = "first_name"
INITIALS = "initials"
ANONYMOUS = "anonymous"
ATTRIBUTIONS = (FULL_NAME, FIRST_NAME, INITIALS, ANONYMOUS)


ATTRIBUTION_NAMES = {
    FULL_NAME: N_("Full name"),
    FIRST_NAME: N_("First name only"),
    INITIALS: N_("Initials only"),
    ANONYMOUS: N_("Without a name"),
}


def shows_face(attribution: str) -> bool:
    """A photo belongs to a name: who wished to be initials or nobody has none."""
    return attribution in (FULL_NAME, FIRST_NAME)


def require_words(text: str, *, has_video: bool) -> str:
    """The text if it is one: some words unless there is a video, and not too many."""
    if not text and not has_video:
        raise RuleBroken("text_missing")
    if len(text) > MOST_TEXT:
        raise RuleBroken("text_too_long", length=len(text), most=MOST_TEXT)
    return text


def require_attribution(attribution: str, name: str) -> str:
    """The chosen way to be named; every way but the anonymous one needs a name."""
    if attribution not in ATTRIBUTIONS:
        raise RuleBroken("attribution")
    if attribution != ANONYMOUS and not name:
        raise RuleBroken("name_missing")
    return attribution


def best_line_after(best_line: str, text: str) -> str:
    """The marked line if the new text still holds it word for word, else none."""
    return best_line if best_line and best_line in text else ""
