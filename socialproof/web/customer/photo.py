"""A photo in a form: checked and stored before anything else on the page is judged, so that no mistake loses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from socialproof import clock
from socialproof.backends.images import ImageRefused, make_photo_variants
from socialproof.backends.storage.port import StorageError
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.media.models import Media
from socialproof.media.photos import finish_photo, keep_photo, store_photo
from socialproof.media.queries import media_of_response
from socialproof.media.room import Limits
from socialproof.responses.models import Response
from socialproof.web import services
from socialproof.web.customer.refusals import no_room

WORDS_BYTES = 8 * 1024 * 1024
"""All typed fields together: who pasted a book gets it back to shorten it."""


@dataclass(frozen=True)
class SentPhoto:
    """The photo that the form holds now, and what was wrong with the one that was sent just now."""

    media: Media | None = None
    error: str = ""


def allow_photo() -> None:
    """This form may carry a photo. What is a little too large is refused in words, far too large with 413."""
    request.max_content_length = 2 * services().settings.max_photo_bytes + WORDS_BYTES
    request.max_form_memory_size = WORDS_BYTES


def sent_photo(response: Response) -> SentPhoto:
    """The photo chosen now, else the one that the form brought along from an earlier try, else none."""
    kept = None
    if "remove_photo" not in request.form:
        kept = media_of_response(db.session(), response, request.form.get("photo_kept", ""), "photo")
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        return SentPhoto(kept)
    try:
        return SentPhoto(_stored(response, cast(BinaryIO, upload.stream)))
    except ImageRefused as refused:
        return SentPhoto(kept, _sentence(refused.code))
    except RuleBroken as broken:
        return SentPhoto(kept, _sentence(broken.code))
    except StorageError:
        return SentPhoto(kept, _sentence("busy"))
    except OperationalError as error:
        return SentPhoto(kept, _sentence(no_room(error).code))


def _stored(response: Response, source: BinaryIO) -> Media:
    """Noted, stored with no database connection in hand, and noted as ready."""
    settings, storage = services().settings, services().backends.storage
    variants = tuple(make_photo_variants(source, max_bytes=settings.max_photo_bytes))
    with transaction() as session:
        limits, at = Limits.of(settings), clock.now()
        media = keep_photo(session, response=response, variants=variants, limits=limits, now=at)
        media_id, prefix = media.id, media.prefix
    store_photo(storage, prefix=prefix, variants=variants)
    with transaction() as session:
        media = session.get_one(Media, media_id)
        finish_photo(session, media=media, now=clock.now())
    return media


def _sentence(code: str) -> str:
    megabytes = services().settings.max_photo_bytes // (1024 * 1024)
    unreadable: str = _("This file could not be read as a photo. Please choose a JPEG, PNG, WebP or HEIC file.")
    sentences: dict[str, str] = {
        "empty": _("This file is empty. Please choose another photo."),
        "too_large": _("This photo is too large. Please choose one of at most %(number)s MB.", number=megabytes),
        "too_many_pixels": _("This photo has too many pixels. Please choose a smaller one."),
        "too_many": _("That was a lot of photos for one day. Please go on with the last one, or without."),
        "company_full": _("There is no room for more photos at this company. Please send without one."),
        "database_full": _("Nothing can be saved at the moment. Please try again later; what you typed is still here."),
        "busy": _("The photo could not be stored just now. Please try again, or send without it."),
        "animated": _("This picture moves. Please choose a photo that stands still."),
    }
    return sentences.get(code, unreadable)
