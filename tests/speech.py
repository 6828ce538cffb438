"""A Whisper model of a few kilobytes with random weights, and a voice of two filters: real parts that say nonsense.

The model goes through the real library from its files to its segments; what a model of full size would understand
is not ours to test.
"""

from __future__ import annotations

import json
import math
import wave
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.parts import MissingPart, need

LANGUAGES = ("en", "sv", "da", "no", "fi")
SYLLABLES = tuple(first + second for first in "bdfgklmnprstv" for second in ("a", "e", "i", "o", "u", "y"))
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)
VOCABULARY = ("<unk>", *SYLLABLES, *SPECIAL, *(f"<|{number * 0.02:.2f}|>" for number in range(1501)))
WIDTH, HEADS, MELS = 16, 2, 80
RATE = 16_000


@pytest.fixture(scope="session")
def whisper_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model."""
    folder = tmp_path_factory.mktemp("whisper")
    need("faster-whisper", lambda: build_model(folder))
    return folder


def build_model(folder: Path) -> None:
    """Write model.bin, config.json, vocabulary.json and tokenizer.json."""
    try:
        numpy, specs = import_module("numpy"), import_module("ctranslate2.specs")
        tokenizers = import_module("tokenizers")
        import_module("faster_whisper")
    except ImportError as error:
        raise MissingPart(str(error)) from error
    spec = specs.WhisperSpec(1, HEADS, 1, HEADS)
    _fill(spec, numpy, numpy.random.default_rng(7))
    spec.register_vocabulary(list(VOCABULARY))
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.lang_ids = [VOCABULARY.index(f"<|{language}|>") for language in LANGUAGES]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.save(str(folder))
    words = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: at for at, word in enumerate(VOCABULARY)}, unk_token="<unk>")
    )
    words.add_special_tokens(list(SPECIAL))
    words.save(str(folder / "tokenizer.json"))


def _fill(spec: Any, numpy: Any, random: Any) -> None:
    def some(*shape: int) -> Any:
        return (random.standard_normal(shape) * 0.3).astype(numpy.float32)

    def norm(part: Any) -> None:
        part.gamma, part.beta = numpy.ones(WIDTH, numpy.float32), numpy.zeros(WIDTH, numpy.float32)

    def linear(part: Any, outputs: int, inputs: int = WIDTH) -> None:
        part.weight, part.bias = some(outputs, inputs), numpy.zeros(outputs, numpy.float32)

    def layer(part: Any) -> None:
        for attention in (part.self_attention, *([part.attention] if hasattr(part, "attention") else [])):
            norm(attention.layer_norm)
            shapes = (3, 1) if attention is part.self_attention else (1, 2, 1)
            for each, times in zip(attention.linear, shapes, strict=True):
                linear(each, times * WIDTH)
        norm(part.ffn.layer_norm)
        linear(part.ffn.linear_0, 2 * WIDTH)
        linear(part.ffn.linear_1, WIDTH, 2 * WIDTH)

    encoder, decoder = spec.encoder, spec.decoder
    for conv, inputs in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
        conv.weight, conv.bias = some(WIDTH, inputs, 3), numpy.zeros(WIDTH, numpy.float32)
    encoder.position_encodings.encodings = some(1500, WIDTH)
    decoder.position_encodings.encodings = some(448, WIDTH)
    decoder.embeddings.weight = some(len(VOCABULARY), WIDTH)
    linear(decoder.projection, len(VOCABULARY))
    for half in (encoder, decoder):
        norm(half.layer_norm)
        for each in half.layer:
            layer(each)


def write_voice(path: Path, seconds: float) -> Path:
    """Vowels one after the other, 16 kHz mono: enough of a voice for a voice detector, and no words."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(_samples(seconds)))
    return path


def write_silence(path: Path, seconds: float) -> Path:
    """Nothing, 16 kHz mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * int(seconds * RATE)))
    return path


def _samples(seconds: float) -> Iterator[bytes]:
    """A row of glottal pulses through three resonances that wander from vowel to vowel, four syllables a second."""
    vowels = ((730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240), (530, 1840, 2480))
    memory = [[0.0, 0.0] for _ in range(3)]
    phase = 0.0
    for at in range(int(seconds * RATE)):
        time = at / RATE
        syllable = int(time * 4)
        pitch = 120 + 18 * math.sin(time * 3.1) + 6 * math.sin(time * 17)
        phase += pitch / RATE
        pulse = 0.0
        if phase >= 1:
            phase, pulse = phase - 1, 1.0
        value = pulse * (0.15 + abs(math.sin(math.pi * time * 4)))
        for state, here, there in zip(memory, vowels[syllable % 5], vowels[(syllable + 1) % 5], strict=True):
            frequency = here + (there - here) * ((time * 4) % 1)
            radius = math.exp(-math.pi * 90 / RATE)
            first, second = 2 * radius * math.cos(2 * math.pi * frequency / RATE), -radius * radius
            value = value + first * state[0] + second * state[1]
            state[1], state[0] = state[0], value
            value *= 0.5
        yield int(max(-32000, min(32000, value * 2500))).to_bytes(2, "little", signed=True)


def described(folder: Path) -> dict[str, Any]:
    """The model's configuration, as the library reads it."""
    found = json.loads((folder / "config.json").read_text())
    assert isinstance(found, dict)
    return found
