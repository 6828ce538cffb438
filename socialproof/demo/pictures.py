"""Drawn portraits and short sample clips, so that the sample company shows nobody real."""

from __future__ import annotations

import random
import subprocess
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from socialproof.backends.transcoder.ffmpeg import find_ffmpeg

GROUNDS = ("#d8e6df", "#f0dcc8", "#dfe3f1", "#efe1e6", "#e6ead2", "#d9e8ee")
SKINS = ("#f1c9a5", "#e3a982", "#c98a63", "#f6d7bd", "#8d5a3c")
HAIR = ("#3a2a20", "#7a4b2a", "#c08a4b", "#22262b", "#a8a29a")
CLOTHES = ("#1f5c4d", "#27496d", "#8c3b3b", "#5a4a78", "#3f3f46")


def portrait(seed: str) -> BytesIO:
    """A drawn head and shoulders; the same seed gives the same face."""
    dice = random.Random(seed)
    image = Image.new("RGB", (640, 640), dice.choice(GROUNDS))
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
    draw.arc((280, 310, 360, 372), 20, 160, fill="#7a3b34", width=7)
    content = BytesIO()
    image.save(content, "JPEG", quality=90)
    content.seek(0)
    return content


def clip(folder: Path, seconds: int, ffmpeg: str = "") -> Path:
    """A moving picture with a soft tone, as a browser would record it (WebM)."""
    path = folder / f"clip-{seconds}.webm"
    picture = f"gradients=s=1280x720:c0=0x1f5c4d:c1=0xf0dcc8:c2=0xb4552d:n=3:speed=0.02:seed={seconds}:r=25:d={seconds}"
    command = [find_ffmpeg(ffmpeg), "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", f"sine=frequency=220:duration={seconds}", "-af", "volume=0.2"]
    command += [
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-b:v",
        "1M",
        "-c:a",
        "libopus",
        "-y",
        str(path),
    ]
    subprocess.run(command, check=True, timeout=120)
    return path
