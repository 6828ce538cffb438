"""The video of a testimonial as its moderators see it: how far it is, what was cut, how its captions stand."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from socialproof.domain import moderation
from socialproof.domain.publication import CAPTIONED
from socialproof.media.captions import is_only_heard
from socialproof.media.models import Media
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import shown_media


@dataclass(frozen=True)
class Badge:
    """A word about a testimonial in the list, and the colour of its badge."""

    word: str
    kind: str


def media_context(testimonial: Testimonial) -> dict[str, object]:
    """What the media box shows."""
    video = shown_media(testimonial, "video")
    return {
        "video": video,
        "photo": shown_media(testimonial, "photo"),
        "is_waiting": video is not None and video.state in moderation.UNFINISHED_MEDIA,
        "length": minutes(video.duration_seconds) if video and video.duration_seconds else "",
        "cut": cut_of(video) if video else None,
        "captions_state": captions_state(video) if video else "",
    }


def minutes(seconds: float) -> str:
    """Seconds as players write them: 1:05."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def cut_of(video: Media) -> tuple[str, str] | None:
    """From where to where the customer kept the recording; None for all of it."""
    start, end = video.trim_start_seconds, video.trim_end_seconds
    if start is None and end is None:
        return None
    first = start or 0.0
    last = end if end is not None else video.recorded_seconds or first + (video.duration_seconds or 0.0)
    return minutes(first), minutes(last)


def captions_state(video: Media) -> str:
    """One of `words.CAPTIONS`."""
    captions = video.captions
    if captions is None:
        return "none"
    return "heard" if is_only_heard(captions) else captions.state


def badges_of(testimonial: Testimonial, obstacle_codes: tuple[str, ...]) -> list[Badge]:
    """What the list says about one: what keeps its video back, or that something else stands in its way."""
    video = shown_media(testimonial, "video")
    own = _of_video(video) if video is not None and testimonial.state != moderation.WITHDRAWN else None
    others = set(obstacle_codes) - {"media_processing", "media_parked", "media_unreadable", "captions_missing"}
    badges = [own] if own else []
    if others or (obstacle_codes and not own):
        badges.append(Badge(_("Not ready"), "caution"))
    return badges


def _of_video(video: Media) -> Badge | None:
    if video.state == "processing":
        return Badge(_("Being prepared, %(percent)s %%", percent=video.progress_percent), "processing")
    if video.state in moderation.UNFINISHED_MEDIA:
        return Badge(_("Waits to be prepared"), "processing")
    if video.state == "parked":
        return Badge(_("Could not be prepared"), "bad")
    if video.state == "unreadable":
        return Badge(_("Unreadable"), "bad")
    if video.captions is None or video.captions.state not in CAPTIONED:
        return Badge(_("Captions missing") if not video.captions else _("Captions unchecked"), "caution")
    return None
