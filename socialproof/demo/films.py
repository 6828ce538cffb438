"""Short films of the drawn people, who hum what their captions say, as a browser or a phone would send them."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from socialproof.backends.transcoder.ffmpeg import find_ffmpeg
from socialproof.demo.pictures import room
from socialproof.domain.captions import Cue, cue

LANDSCAPE, PORTRAIT, SOUND = "landscape", "portrait", "sound"
SIZES = {LANDSCAPE: (1280, 720), PORTRAIT: (720, 1280)}
FIRST_SECONDS = 0.8
"""Of black and silence: people need a moment, and a poster must not be made of it."""
PAUSE_SECONDS = 0.35
LAST_SECONDS = 0.8
SPOKEN = 15
"""Letters a second."""
RATE = 25
SYLLABLE = 0.34
"""Seconds; the mouth is open for the first half."""


@dataclass(frozen=True)
class Film:
    """What somebody says into a camera, or only into a microphone, one cue after the other."""

    says: tuple[str, ...]
    shape: str = LANDSCAPE
    captions: str = "reviewed"

    @property
    def cues(self) -> list[Cue]:
        """When each sentence is said."""
        found, at = [], FIRST_SECONDS
        for words in self.says:
            seconds = max(1.0, len(words) / SPOKEN)
            found.append(cue(at, at + seconds, words))
            at += seconds + PAUSE_SECONDS
        return found

    @property
    def seconds(self) -> float:
        """The whole length."""
        return round(self.cues[-1].end + LAST_SECONDS, 3)


def shoot(film: Film, seed: str, folder: Path, ffmpeg: str = "") -> Path:
    """The file of a film: MP4, or WebM with nothing but sound. The same seed gives the same person and voice."""
    speaks = "+".join(f"between(t,{each.start},{each.end})" for each in film.cues)
    mouth = f"gt({speaks},0)*lt(mod(t,{SYLLABLE}),{SYLLABLE / 2})"
    command = [find_ffmpeg(ffmpeg), "-nostdin", "-v", "error", "-y"]
    if film.shape == SOUND:
        path = folder / "film.webm"
        command += [*_voice(film, seed, mouth), "-c:a", "libopus", "-b:a", "48k", str(path)]
    else:
        path = folder / "film.mp4"
        command += [*_picture(film, seed, mouth, folder), *_voice(film, seed, mouth), "-t", str(film.seconds)]
        command += [
            "-r",
            str(RATE),
            "-map",
            "[picture]",
            "-map",
            "2:a",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "23",
        ]
        command += ["-pix_fmt", "yuv420p", "-c:a", "aac", str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def _picture(film: Film, seed: str, mouth: str, folder: Path) -> list[str]:
    """Two drawings in turn, and a hand that does not hold the camera quite still."""
    width, height = SIZES[film.shape]
    inputs, steps = [], []
    for number, name in enumerate(("silent", "speaking")):
        path = folder / f"{name}.png"
        room(seed, width + 32, height + 32, speaks=name == "speaking").save(path, compress_level=1)
        inputs += ["-i", str(path)]
        steps.append(f"[{number}]format=yuv420p,loop=-1:1,setpts=N/{RATE}/TB[{name}]")
    steps += [
        f"[silent][speaking]overlay=enable='{mouth}',"
        f"crop={width}:{height}:'16+12*sin(t*0.9)':'16+9*sin(t*1.3)',fade=in:st=0.2:d=0.4[picture]"
    ]
    return [*inputs, "-filter_complex", ";".join(steps)]


def _voice(film: Film, seed: str, mouth: str) -> list[str]:
    """A hum with the rhythm of speech: a tone with overtones that swells and fades with every syllable."""
    pitch = random.Random(seed).choice((115, 130, 165, 190, 210))
    tone = "+".join(f"{0.5 / n}*sin({n}*(2*PI*{pitch}*t+2*sin(5*t)))" for n in range(1, 6))
    swell = f"sin(PI*mod(t,{SYLLABLE})/{SYLLABLE / 2})*{mouth}"
    return ["-f", "lavfi", "-i", f"aevalsrc='0.3*({tone})*{swell}+0.002*(random(0)-0.5)':s=48000:d={film.seconds}"]
