"""A company's logo: any shape, transparent where it was, encoded anew from pixels alone."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from PIL import Image, ImageOps

from socialproof.backends.images.photo import decoding, opened, read_at_most

MAX_LOGO_BYTES = 5 * 1024 * 1024
WIDEST, TALLEST = 640, 240
"""Twice the size at which a page shows it."""


def make_logo(source: IO[bytes], *, max_bytes: int = MAX_LOGO_BYTES) -> bytes:
    """The logo as WebP of at most 640 × 240 pixels, proportions kept; raise ImageRefused with the reason."""
    content = read_at_most(source, max_bytes)
    with decoding():
        return _encoded(_fitted(content))


def _fitted(content: bytes) -> Image.Image:
    with opened(content) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    upright.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
    return upright


def _encoded(picture: Image.Image) -> bytes:
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    target = BytesIO()
    clean.save(target, "WEBP", quality=90, method=4)
    return target.getvalue()
