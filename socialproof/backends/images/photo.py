"""Pillow behind a narrow door: five formats, one picture, few enough pixels, and nothing of the sender's file kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from threading import BoundedSemaphore
from typing import IO

import pillow_heif
from PIL import (
    AvifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

PHOTO_SIZES = (96, 192, 384)
MAX_PHOTO_BYTES = 15 * 1024 * 1024
MAX_PHOTO_PIXELS = 50_000_000

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
# These hold several stills rather than a film: a burst, a depth map (MPO is such a JPEG). The first is the photo.
SEVERAL_STILLS = ("MPO", "HEIF")
# Named so that they are registered; Pillow would otherwise search all forty of its decoders.
DECODERS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin, AvifImagePlugin)

# One picture of the largest kind takes some 200 MB while it is read.
AT_ONCE = BoundedSemaphore(2)
# Each photo that waits for its turn holds a thread that other pages need.
IN_LINE = BoundedSemaphore(8)

# A second lock: Pillow itself refuses from twice this number on, whoever opens an image in this process.
Image.MAX_IMAGE_PIXELS = MAX_PHOTO_PIXELS
pillow_heif.register_heif_opener(thumbnails=False)


class ImageRefused(Exception):
    """The photo is not taken. `code` is one of: empty, too_large, too_many_pixels, animated, unreadable, busy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class PhotoVariant:
    """One square WebP; `size` is its side in pixels."""

    size: int
    content: bytes
    content_type: str = "image/webp"

    @property
    def name(self) -> str:
        return f"{self.size}.webp"


def make_photo_variants(
    source: IO[bytes], *, max_bytes: int = MAX_PHOTO_BYTES, sizes: tuple[int, ...] = PHOTO_SIZES
) -> tuple[PhotoVariant, ...]:
    """Make the square WebP sizes of one photo, largest detail in the middle; raise ImageRefused with the reason.

    The result is encoded anew from pixels alone: no EXIF, no location, no colour profile, no trailing bytes.
    """
    content = read_at_most(source, max_bytes)
    with decoding():
        square = _upright_square(content, max(sizes))
        return tuple(PhotoVariant(size, _webp(square, size)) for size in sizes)


def read_at_most(source: IO[bytes], max_bytes: int) -> bytes:
    """All of the source; ImageRefused when it is empty or larger."""
    content = source.read(max_bytes + 1)
    if not content:
        raise ImageRefused("empty")
    if len(content) > max_bytes:
        raise ImageRefused("too_large")
    return content


@contextmanager
def decoding() -> Iterator[None]:
    """Few at once, few in line, and whatever a decoder makes of a stranger's file is a refusal."""
    if not IN_LINE.acquire(blocking=False):
        raise ImageRefused("busy")
    try:
        with AT_ONCE:
            yield
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ImageRefused("too_many_pixels") from error
    except Exception as error:  # a decoder fed by strangers may raise anything; all of it means the same
        raise ImageRefused("unreadable") from error
    finally:
        IN_LINE.release()


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """The picture behind the narrow door: a known format, one still, few enough pixels."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MAX_PHOTO_PIXELS:
            raise ImageRefused("too_many_pixels")
        if image.format not in SEVERAL_STILLS and getattr(image, "is_animated", False):
            raise ImageRefused("animated")
        yield image


def _upright_square(content: bytes, side: int) -> Image.Image:
    with opened(content) as image:
        profile = image.info.get("icc_profile")
        _shrink(image, side * 2)
        upright = ImageOps.exif_transpose(image)
        square = ImageOps.fit(_flat(upright), (side, side), Image.Resampling.LANCZOS)
    return _in_srgb(square, profile)


def _shrink(image: Image.Image, side: int) -> None:
    """Make a large picture small at once, a JPEG already while it is decoded, so that no copy of it is large."""
    factor = side / min(image.size)
    if factor < 1 and image.mode in ("RGB", "RGBA", "L"):
        image.thumbnail((ceil(image.width * factor), ceil(image.height * factor)), reducing_gap=2.0)


def _flat(image: Image.Image) -> Image.Image:
    """Plain RGB; what is transparent becomes white, so that no theme shows through a face."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Phones write wide colours with a profile; we drop the profile, so the colours must be changed with it."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return changed or image


def _webp(square: Image.Image, size: int) -> bytes:
    picture = square if square.width == size else square.resize((size, size), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", (size, size))
    clean.paste(picture)
    target = BytesIO()
    clean.save(target, "WEBP", quality=82, method=4)
    return target.getvalue()
