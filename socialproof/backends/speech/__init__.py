"""Chooses who hears: a local model, or nobody."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from socialproof.backends.speech.port import Recognizer
from socialproof.backends.speech.whisper import WhisperRecognizer
from socialproof.settings import Misconfigured

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without the last one the library would look for it on the internet."""


def build_recognizer(folder: str, find: Callable[[str], object] = find_spec) -> Recognizer | None:
    """The recognizer of the model in `folder`, None for ""; Misconfigured when it could not hear anything."""
    if not folder:
        return None
    missing = [name for name in MODEL_FILES if not (Path(folder) / name).is_file()]
    if missing:
        raise Misconfigured(
            f"SOCIALPROOF_SPEECH_MODEL names {folder}, which lacks {', '.join(missing)} of a CTranslate2 Whisper model."
        )
    if find("faster_whisper") is None:
        raise Misconfigured(
            "SOCIALPROOF_SPEECH_MODEL is set, but faster-whisper is not installed: install socialproof[speech]."
        )
    return WhisperRecognizer(Path(folder).absolute())
