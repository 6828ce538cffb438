"""A snapshot: everything that a widget shows in one language, with all words in place, as bytes and a version."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_date
from sqlalchemy.orm import Session

from socialproof.domain.addresses import website_url
from socialproof.domain.nps import Scores
from socialproof.domain.publication import REVIEWED
from socialproof.domain.testimonial import ANONYMOUS, shows_face
from socialproof.domain.widget import Facts, monogram, public_nps, shown_name
from socialproof.languages import locale_of, translations
from socialproof.media.models import Media
from socialproof.testimonials.models import Testimonial
from socialproof.widgets import disclosure, queries
from socialproof.widgets.models import Widget


@dataclass(frozen=True)
class Material:
    """What is the same in every language: read once per widget."""

    widget: Widget
    shown: list[Testimonial]
    facts: Facts
    scores: Scores
    response_rate: float | None
    now: datetime


@dataclass(frozen=True)
class Encoded:
    """Ready bytes; the version is made of the content alone, so the same content is the same version."""

    version: str
    body: bytes
    gzip_body: bytes


def gather(session: Session, widget: Widget, now: datetime, known_scores: Scores | None = None) -> Material:
    """Read what the widget shows and the facts about it."""
    shown = queries.public_testimonials(session, widget)
    facts = queries.facts_of(session, widget, shown)
    scores = queries.nps_scores(session, widget, now) if known_scores is None else known_scores
    return Material(widget, shown, facts, scores, queries.response_rate(session, widget, now), now)


def content(material: Material, language: str) -> dict[str, Any]:
    """The snapshot of the contract with widget.js, without its version. Addresses are relative to our own host."""
    widget, facts = material.widget, material.facts
    labels = disclosure.labels(language, len(material.shown))
    wall = f"/w/{widget.public_id}"
    return {
        "widget": {
            "id": widget.public_id,
            "layout": widget.layout,
            "theme": widget.theme,
            "accent": widget.accent or widget.company.brand_color,
        },
        "language": language,
        "company": {"name": widget.company.name, "url": website_url(widget.company.website_url) or ""},
        "heading": disclosure.heading(facts.label, language),
        "disclosure": disclosure.disclosure(facts, language),
        "facts": {**asdict(facts), "label": facts.label.value},
        "nps": _nps(material, language),
        "method": {"url": f"{wall}/method?lang={language}", "label": labels.pop("method")},
        "wall": {"url": f"{wall}?lang={language}", "label": labels.pop("wall")},
        "labels": labels,
        "testimonials": [story(one, language) for one in material.shown],
    }


def encode(content: dict[str, Any]) -> Encoded:
    """Bytes and version of a content; gzip without a time stamp, so that equal content is equal bytes."""
    bare = {key: value for key, value in content.items() if key != "version"}
    plain = json.dumps(bare, ensure_ascii=False, separators=(",", ":"))
    version = hashlib.sha256(plain.encode()).hexdigest()[:12]
    body = f'{{"version":"{version}",{plain[1:]}'.encode()
    return Encoded(version, body, gzip.compress(body, 9, mtime=0))


def _nps(material: Material, language: str) -> dict[str, Any] | None:
    if not material.widget.shows_nps:
        return None
    nps = public_nps(material.scores, material.widget.company.customer_count)
    kind = queries.nps_kind(material.widget)
    words = disclosure.nps_words(nps, kind, material.response_rate, material.now.date(), language)
    if words["state"] == "ready":
        scores = material.scores
        words["counts"] = [scores.promoters, scores.passives, scores.detractors]
        words["kind"] = kind
    return words


def story(testimonial: Testimonial, language: str) -> dict[str, Any]:
    """One testimonial as the world reads it, with nothing of what its author keeps to themselves."""
    _ = translations(language).gettext
    score = testimonial.response.score if testimonial.response is not None else None
    submitted_at = testimonial.submitted_at or testimonial.created_at
    return {
        "id": testimonial.public_id,
        "kind": testimonial.kind,
        "text": testimonial.text,
        "best_line": testimonial.best_line or None,
        "language": testimonial.language,
        "author": _author(testimonial, language),
        "score": score,
        "score_text": None if score is None else _("Gave %(score)s of 10") % {"score": score},
        "submitted_on": submitted_at.date().isoformat(),
        "submitted": format_date(submitted_at, "long", locale=locale_of(language)),
        "featured": testimonial.is_featured,
        "rewarded": testimonial.is_rewarded,
        "rewarded_text": _("Rewarded") if testimonial.is_rewarded else None,
        "verified": _("Verified customer") if testimonial.is_verified else None,
        "video": _video(testimonial),
    }


def _author(testimonial: Testimonial, language: str) -> dict[str, Any]:
    _ = translations(language).gettext
    name = shown_name(testimonial.author_name, testimonial.attribution)
    is_named = testimonial.attribution != ANONYMOUS
    return {
        "name": name or _("A customer"),
        "role": testimonial.author_role if is_named else "",
        "company": testimonial.author_organisation if is_named else "",
        "initials": monogram(name),
        "photo": _photo(testimonial),
    }


def _ready(testimonial: Testimonial, kind: str, variant: str) -> Media | None:
    return next((m for m in testimonial.media if m.kind == kind and m.state == "ready" and variant in m.variants), None)


def _photo(testimonial: Testimonial) -> dict[str, Any] | None:
    media = _ready(testimonial, "photo", "96.webp")
    if media is None or not shows_face(testimonial.attribution):
        return None
    return {"src": _address(media, "96.webp"), "width": 96, "height": 96}


def _video(testimonial: Testimonial) -> dict[str, Any] | None:
    media = _ready(testimonial, "video", "video.mp4")
    if media is None:
        return None
    width, height = media.width or 1280, media.height or 720
    spoken = media.captions if media.captions and media.captions.state == REVIEWED else None
    return {
        "src": _address(media, "video.mp4"),
        "small": _address(media, "video-360.mp4") if "video-360.mp4" in media.variants else None,
        "poster": _address(media, "poster.webp"),
        "preview": _preview(media, width, height),
        "captions": _address(media, "captions.vtt") if spoken else None,
        "captions_language": spoken.language if spoken else None,
        "width": width,
        "height": height,
        "duration": media.duration_seconds or 0,
        "is_audio": media.is_audio,
    }


def _preview(media: Media, width: int, height: int) -> dict[str, Any]:
    """The still on the card: small where the transcoder made one, else the poster. Its size keeps its place free."""
    if "preview.webp" not in media.variants:
        return {"src": _address(media, "poster.webp"), "width": width, "height": height}
    size = media.details.get("preview") or {"width": width, "height": height}
    return {"src": _address(media, "preview.webp"), "width": size["width"], "height": size["height"]}


def _address(media: Media, variant: str) -> str:
    return f"/w/media/{media.public_id}/{variant}"
