"""Hearing what is said in a recording, so that a person has something to correct instead of to type."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class RecognizerFailed(Exception):
    """The machine is the reason (no memory, killed, a damaged model): trying again may help."""


class RecognizerTooSlow(RecognizerFailed):
    """It took longer than its limit: on this machine, with this model, it will again."""


class RecognizerBusy(RecognizerFailed):
    """Another recording is being heard: a model is too large to be loaded twice at once."""


@dataclass(frozen=True)
class Heard:
    """Words and when they are said, in seconds from the start of the audio."""

    start: float
    end: float
    text: str


class Recognizer(Protocol):
    def recognize(self, audio: Path, *, language: str, seconds: float) -> list[Heard]:
        """The words of a WAV file (16 kHz, mono, 16 bit) of `seconds`, in order; nothing where nobody speaks.

        `language` is what the speaker probably speaks, as a code such as "sv". Its folder is the caller's private
        one. Raises RecognizerFailed.
        """
        ...
