"""Drawn people, so that the sample company shows nobody real."""

from __future__ import annotations

import random
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw

GROUNDS = ("#d8e6df", "#f0dcc8", "#dfe3f1", "#efe1e6", "#e6ead2", "#d9e8ee")
SKINS = ("#f1c9a5", "#e3a982", "#c98a63", "#f6d7bd", "#8d5a3c")
HAIR = ("#3a2a20", "#7a4b2a", "#c08a4b", "#22262b", "#a8a29a")
CLOTHES = ("#1f5c4d", "#27496d", "#8c3b3b", "#5a4a78", "#3f3f46")
SIDE = 640


def portrait(seed: str) -> BytesIO:
    """A drawn head and shoulders; the same seed gives the same face."""
    content = BytesIO()
    _face(seed, speaks=False).save(content, "JPEG", quality=90)
    content.seek(0)
    return content


def room(seed: str, width: int, height: int, *, speaks: bool) -> Image.Image:
    """The same person before a wall with a window and a plant, silent or in the middle of a word."""
    side = min(width * 5 // 4, height * 9 // 10)
    face = _face(seed, speaks=speaks).resize((side, side), Image.Resampling.LANCZOS)
    image = Image.new("RGB", (width, height), face.getpixel((0, 0)))
    draw = ImageDraw.Draw(image, "RGBA")
    left, top = width // 14, height // 12
    draw.rounded_rectangle((left, top, left + width // 4, top + height // 2), radius=14, fill="#ffffff66")
    draw.line((left + width // 8, top, left + width // 8, top + height // 2), fill="#00000014", width=6)
    pot, foot = width * 12 // 14, height * 9 // 10
    for turn in (-70, -35, 0, 35, 70):
        draw.line((pot, foot, pot + turn, foot - height // 4 + abs(turn)), fill="#4f7a5c", width=16)
    draw.polygon([(pot - 48, foot), (pot + 48, foot), (pot + 34, height), (pot - 34, height)], fill="#a9653f")
    # The face stands before it all without its own ground.
    ground = Image.new("RGB", face.size, face.getpixel((0, 0)))
    mask = ImageChops.difference(face, ground).convert("L").point(lambda value: 255 if value > 2 else 0)
    image.paste(face, ((width - side) // 2, height - side), mask)
    return image


def _face(seed: str, *, speaks: bool) -> Image.Image:
    dice = random.Random(seed)
    image = Image.new("RGB", (SIDE, SIDE), dice.choice(GROUNDS))
    draw = ImageDraw.Draw(image)
    skin, hair, clothes = dice.choice(SKINS), dice.choice(HAIR), dice.choice(CLOTHES)
    if dice.random() < 0.5:
        draw.ellipse((178, 120, 462, 470), fill=hair)
    draw.rounded_rectangle((110, 470, 530, 720), radius=150, fill=clothes)
    draw.rounded_rectangle((270, 380, 370, 520), radius=50, fill=skin)
    draw.ellipse((205, 150, 435, 430), fill=skin)
    draw.pieslice((195, 120, 445, 390), 180, 360, fill=hair)
    for x in (275, 365):
        draw.ellipse((x - 9, 282, x + 9, 300), fill="#2b2b2b")
    if speaks:
        draw.ellipse((294, 338, 346, 378), fill="#7a3b34")
    else:
        draw.arc((280, 310, 360, 372), 20, 160, fill="#7a3b34", width=7)
    return image
