"""Photos from strangers: what is taken, what is refused, and what is left of the sender's file (nothing but pixels)."""

import struct
import zlib
from io import BytesIO
from threading import BoundedSemaphore

import pillow_heif
import pytest
from PIL import Image

from socialproof.backends.images import PHOTO_SIZES, ImageRefused, make_photo_variants, photo

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def picture(width: int = 640, height: int = 480, colour: str = "teal", mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), colour)


def stored(image: Image.Image, format: str, **options: object) -> BytesIO:
    target = BytesIO()
    image.save(target, format, **options)
    return BytesIO(target.getvalue())


def exif_with_place(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKE] = "Invented Phone"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (60.0, 10.0, 15.0)
    return exif


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def refusal(source: BytesIO, **limits: int) -> str:
    with pytest.raises(ImageRefused) as refused:
        make_photo_variants(source, **limits)
    return refused.value.code


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_it_makes_three_square_webp_sizes(format: str) -> None:
    variants = make_photo_variants(stored(picture(), format))
    assert [variant.size for variant in variants] == list(PHOTO_SIZES)
    for variant in variants:
        image = opened(variant.content)
        assert (image.format, image.size) == ("WEBP", (variant.size, variant.size))
        assert (variant.name, variant.content_type) == (f"{variant.size}.webp", "image/webp")


def test_it_reads_a_photo_of_an_iphone() -> None:
    target = BytesIO()
    pillow_heif.from_pillow(picture(800, 600, "crimson")).save(target)
    largest = make_photo_variants(BytesIO(target.getvalue()))[-1]
    red, green, blue = opened(largest.content).convert("RGB").getpixel((192, 192))  # type: ignore[misc]
    assert red > 180
    assert green < 60
    assert blue < 100


def test_no_location_and_no_other_metadata_is_left() -> None:
    source = stored(picture(), "JPEG", exif=exif_with_place(), comment=b"secret comment")
    assert b"Invented Phone" in source.getvalue()
    for variant in make_photo_variants(source):
        assert b"EXIF" not in variant.content
        assert b"XMP " not in variant.content
        assert b"Invented" not in variant.content
        assert b"secret" not in variant.content
        assert not opened(variant.content).getexif()


def test_a_heic_with_a_place_leaves_no_place() -> None:
    target = BytesIO()
    pillow_heif.from_pillow(picture()).save(target, exif=exif_with_place().tobytes())
    assert b"Invented Phone" in target.getvalue()
    assert all(b"Invented" not in each.content for each in make_photo_variants(BytesIO(target.getvalue())))


def test_the_photo_stands_upright() -> None:
    """Orientation 6: the sender's left edge is the top of the picture."""
    image = picture(400, 400, "white")
    image.paste("black", (0, 0, 60, 400))
    upright = opened(make_photo_variants(stored(image, "JPEG", exif=exif_with_place(6)))[-1].content)
    assert max(upright.convert("RGB").getpixel((192, 15))) < 60  # type: ignore[type-var, arg-type]
    assert min(upright.convert("RGB").getpixel((15, 300))) > 200  # type: ignore[type-var, arg-type]


def test_transparent_parts_become_white() -> None:
    clear = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    assert min(opened(make_photo_variants(stored(clear, "PNG"))[0].content).getpixel((50, 50))) > 250  # type: ignore[type-var, arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16"])
def test_every_colour_mode_is_taken(mode: str) -> None:
    image = Image.new(mode, (120, 80)) if mode == "I;16" else picture(120, 80).convert(mode)
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert len(make_photo_variants(stored(image, format))) == 3


def test_a_tiny_photo_is_made_larger_rather_than_refused() -> None:
    assert opened(make_photo_variants(stored(picture(3, 2), "PNG"))[-1].content).size == (384, 384)


def png_of(width: int, height: int) -> BytesIO:
    """A valid header that promises more pixels than the body holds: a decompression bomb in 100 bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


@pytest.mark.parametrize(("width", "height"), [(7100, 7100), (10_000, 9_000), (60_000, 60_000), (2**31 - 1, 9)])
def test_a_decompression_bomb_is_refused_before_it_unpacks(width: int, height: int) -> None:
    assert refusal(png_of(width, height)) == "too_many_pixels"


def test_a_48_megapixel_phone_photo_is_taken() -> None:
    source = stored(picture(8064, 6048), "JPEG", quality=40)
    assert len(make_photo_variants(source)) == 3


def test_too_many_bytes_are_refused() -> None:
    assert refusal(BytesIO(b"\xff\xd8" + b"\0" * 1000), max_bytes=1000) == "too_large"


def test_an_empty_file_is_refused() -> None:
    assert refusal(BytesIO()) == "empty"


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_an_animated_picture_is_refused(format: str) -> None:
    frames = [picture(64, 64, colour) for colour in ("red", "green", "blue")]
    source = stored(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    assert refusal(source) == "animated"


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SVG, id="svg"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="html"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", id="pdf"),
        pytest.param(b"PK\x03\x04" + b"\0" * 60, id="zip"),
        pytest.param(b"GIF89a<html><script>alert(1)</script></html>", id="gif-html-polyglot"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="eps"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 40, id="jpeg-of-nothing"),
        pytest.param(b"\0" * 500, id="zeros"),
    ],
)
def test_what_is_not_a_photo_is_refused(content: bytes) -> None:
    assert refusal(BytesIO(content)) == "unreadable"


def test_a_gif_is_not_among_the_formats() -> None:
    assert refusal(stored(picture().convert("P"), "GIF")) == "unreadable"


def test_a_photo_that_breaks_off_is_refused() -> None:
    noisy = Image.effect_noise((600, 600), 90).convert("RGB")
    half = stored(noisy, "JPEG").getvalue()
    assert refusal(BytesIO(half[: len(half) // 2])) == "unreadable"


def test_a_photo_that_is_also_a_web_page_loses_the_page() -> None:
    page = b"<script>alert('polyglot')</script>"
    source = BytesIO(stored(picture(), "JPEG", comment=page).getvalue() + page)
    assert all(b"script" not in variant.content for variant in make_photo_variants(source))


def test_a_flood_of_photos_does_not_take_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "IN_LINE", BoundedSemaphore(1))
    with photo.IN_LINE, pytest.raises(ImageRefused) as refused:
        make_photo_variants(BytesIO(b"anything"))
    assert refused.value.code == "busy"
    with pytest.raises(ImageRefused) as refused:
        make_photo_variants(BytesIO(b"anything"))
    assert refused.value.code == "unreadable"
