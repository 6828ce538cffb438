"""Photos that strangers send: checked, turned upright, stripped of all that is not the picture, cut into squares."""

from socialproof.backends.images.photo import (
    PHOTO_SIZES,
    ImageRefused,
    PhotoVariant,
    make_photo_variants,
)

__all__ = ["PHOTO_SIZES", "ImageRefused", "PhotoVariant", "make_photo_variants"]
