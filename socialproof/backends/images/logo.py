"""A company's logo: any shape, transparent where it was, encoded anew from pixels alone."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from PIL import Image, ImageOps

from socialproof.backends.images.photo import FORMATS, MAX_PHOTO_PIXELS, SEVERAL_STILLS, ImageRefused

MAX_LOGO_BYTES = 5 * 1024 * 1024
WIDEST, TALLEST = 640, 240
"""Twice the size at which a page shows it."""


def make_logo(source: IO[bytes], *, max_bytes: int = MAX_LOGO_BYTES) -> bytes:
    """The logo as WebP of at most 640 × 240 pixels, proportions kept; raise ImageRefused with the reason."""
    content = source.read(max_bytes + 1)
    if not content:
        raise ImageRefused("empty")
    if len(content) > max_bytes:
        raise ImageRefused("too_large")
    try:
        return _encoded(_fitted(content))
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ImageRefused("too_many_pixels") from error
    except Exception as error:  # a decoder fed by strangers may raise anything; all of it means the same
        raise ImageRefused("unreadable") from error


def _fitted(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MAX_PHOTO_PIXELS:
            raise ImageRefused("too_many_pixels")
        if image.format not in SEVERAL_STILLS and getattr(image, "is_animated", False):
            raise ImageRefused("animated")
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    upright.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
    return upright


def _encoded(picture: Image.Image) -> bytes:
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    target = BytesIO()
    clean.save(target, "WEBP", quality=90, method=4)
    return target.getvalue()
