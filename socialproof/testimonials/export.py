"""Everything that is stored about one testimonial, for the person whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from socialproof.domain.captions import write_vtt
from socialproof.media.captions import cues_of
from socialproof.media.models import Captions, Media
from socialproof.media.queries import source_kept_until
from socialproof.responses.models import Response
from socialproof.testimonials.models import ConsentRecord, ModerationEntry, ProposedEdit, Testimonial

Address = Callable[[Media, str], str]


def exported(testimonial: Testimonial, *, is_public: bool, address: Address) -> dict[str, Any]:
    """The testimonial as plain values for JSON; `address` gives the link to one file of its photo or video."""
    return {
        "testimonial": {
            "id": testimonial.public_id,
            "company": testimonial.survey.company.name,
            "kind": testimonial.kind,
            "state": testimonial.state,
            "is_public": is_public,
            "language": testimonial.language,
            "text": testimonial.text,
            "original_text": testimonial.original_text,
            "best_line": testimonial.best_line,
            "is_verified": testimonial.is_verified,
            "is_rewarded": testimonial.is_rewarded,
            "tags": [tag.name for tag in testimonial.tags],
            "submitted_at": _moment(testimonial.submitted_at),
            "withdrawn_at": _moment(testimonial.withdrawn_at),
        },
        "author": {
            "name": testimonial.author_name,
            "role": testimonial.author_role,
            "company": testimonial.author_organisation,
            "email": testimonial.author_email,
            "attribution": testimonial.attribution,
        },
        "consents": [_consent(consent) for consent in testimonial.consents],
        "media": [_media(testimonial, media, address) for media in testimonial.media if media.state != "deleted"],
        "proposals": [_proposal(proposal) for proposal in testimonial.proposals],
        "history": [_entry(entry) for entry in testimonial.history],
        "answer": _answer(testimonial.response),
    }


def _consent(consent: ConsentRecord) -> dict[str, Any]:
    return {
        "purpose": consent.purpose,
        "text_version": consent.text_version,
        "language": consent.language,
        "text": consent.text,
        "text_sha256": consent.text_sha256,
        "granted_at": _moment(consent.granted_at),
        "withdrawn_at": _moment(consent.withdrawn_at),
    }


def _media(testimonial: Testimonial, media: Media, address: Address) -> dict[str, Any]:
    return {
        "id": media.public_id,
        "kind": media.kind,
        "state": media.state,
        "sha256": media.sha256,
        "byte_count": media.byte_count,
        "duration_seconds": media.duration_seconds,
        "recorded_seconds": media.recorded_seconds,
        "trim_start_seconds": media.trim_start_seconds,
        "trim_end_seconds": media.trim_end_seconds,
        "is_audio": media.is_audio,
        "created_at": _moment(media.created_at),
        "original_kept_until": _moment(source_kept_until(media)),
        "original_deleted_at": _moment(media.source_deleted_at),
        "captions": _captions(media.captions),
        "files": {name: address(media, name) for name in media.variants},
    }


def _captions(captions: Captions | None) -> dict[str, Any] | None:
    """Also a draft that nobody has checked yet: it is stored, so its speaker may read it."""
    if captions is None:
        return None
    return {
        "state": captions.state,
        "language": captions.language,
        "source": captions.source,
        "transcript": captions.transcript,
        "vtt": write_vtt(cues_of(captions)),
        "updated_at": _moment(captions.updated_at),
        "reviewed_at": _moment(captions.reviewed_at),
    }


def _proposal(proposal: ProposedEdit) -> dict[str, Any]:
    return {
        "old_text": proposal.old_text,
        "new_text": proposal.new_text,
        "state": proposal.state,
        "proposed_at": _moment(proposal.proposed_at),
        "decided_at": _moment(proposal.decided_at),
    }


def _entry(entry: ModerationEntry) -> dict[str, Any]:
    return {
        "by": "customer" if entry.user_id is None else "team",
        "action": entry.action,
        "old_state": entry.old_state,
        "new_state": entry.new_state,
        "reason": entry.reason,
        "happened_at": _moment(entry.happened_at),
    }


def _answer(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    changes = [
        {"score": change.old_score, "comment": change.old_comment, "until": _moment(change.changed_at)}
        for change in response.changes
    ]
    return {
        "id": response.public_id,
        "score": response.score,
        "comment": response.comment,
        "language": response.language,
        "source": response.source,
        "answered_at": _moment(response.answered_at),
        "earlier": changes,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
