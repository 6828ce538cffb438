"""The one gate: what may be seen by everybody. Nothing else in the house decides this."""

from __future__ import annotations

from collections.abc import Collection

from socialproof.domain.consent import WEBSITE

APPROVED = "approved"
READY = "ready"
REVIEWED = "reviewed"
NO_SPEECH = "no_speech"
CAPTIONED = (REVIEWED, NO_SPEECH)
NO_CAPTIONS = "none"
VIDEO = "video"


def is_public(
    *,
    state: str,
    purposes: Collection[str],
    kind: str = "text",
    text: str = "",
    video_states: Collection[str] = (),
    captions_states: Collection[str] = (),
    is_text_approved: bool = True,
    is_erased: bool = False,
) -> bool:
    """Whether a testimonial may be shown to the world now.

    A person of the team approved it; the customer's consent for websites stands today; the words, if any, are the
    customer's own or approved by them; a video testimonial has a ready video, a written one has words.
    """
    if state != APPROVED or is_erased or not is_text_approved or WEBSITE not in purposes:
        return False
    if kind == VIDEO:
        return is_media_public(video_states) and are_captioned(captions_states)
    return bool(text.strip())


def is_media_public(states: Collection[str]) -> bool:
    """Whether there is media, and all of it is processed and readable."""
    return bool(states) and all(state == READY for state in states)


def are_captioned(states: Collection[str]) -> bool:
    """Whether every video's captions were reviewed, or a person heard that nobody speaks; "none" has none at all."""
    return all(state in CAPTIONED for state in states)
