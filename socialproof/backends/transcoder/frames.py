"""Choosing the frame that stands for a video, and writing it as still pictures."""

from pathlib import Path

from PIL import Image, ImageFilter, ImageStat

PREVIEW_WIDTH = 640
PREVIEW_BYTES = 40 * 1024
_POSTER_QUALITY = 82
_PREVIEW_QUALITIES = (76, 64, 52, 40, 28)


def best(frames: list[Path]) -> int:
    """The index of the frame that is sharpest and neither dark nor blown; the first of equals."""
    scores = [_score(path) for path in frames]
    return scores.index(max(scores))


def _score(path: Path) -> float:
    """Sharpness (how much neighbouring pixels differ) × exposure (1 for middle grey, 0 for black and for white)."""
    with Image.open(path) as image:
        grey = image.convert("L")
    grey.thumbnail((320, 320))
    levels = grey.histogram()
    count = grey.width * grey.height
    lost = (sum(levels[:20]) + sum(levels[250:])) / count
    exposure = (1 - lost) * (1 - abs(ImageStat.Stat(grey).mean[0] - 120) / 136)
    # The filter leaves a border of one pixel as it was.
    edges = grey.filter(ImageFilter.FIND_EDGES).crop((1, 1, max(2, grey.width - 1), max(2, grey.height - 1)))
    return float(ImageStat.Stat(edges).stddev[0] + 0.01) * max(exposure, 0.0)


def write_stills(frame: Path, poster: Path, preview: Path) -> tuple[int, int]:
    """Write the poster in full size and the preview of at most 640 pixels; returns the preview's width and height."""
    with Image.open(frame) as image:
        picture = image.convert("RGB")
    picture.save(poster, "WEBP", quality=_POSTER_QUALITY, method=4)
    if picture.width > PREVIEW_WIDTH:
        height = max(1, round(picture.height * PREVIEW_WIDTH / picture.width))
        picture = picture.resize((PREVIEW_WIDTH, height), Image.Resampling.LANCZOS)
    for quality in _PREVIEW_QUALITIES:
        picture.save(preview, "WEBP", quality=quality, method=4)
        if preview.stat().st_size <= PREVIEW_BYTES:
            break
    return picture.width, picture.height
