"""Caption files from elsewhere, WebVTT or SubRip, as people's programs write them: read kindly, never guessed at
in silence. What cannot be read is RuleBroken with the number of its line.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator

from socialproof.domain.captions import MOST_CHARACTERS, MOST_CUES, Cue, cue
from socialproof.domain.errors import RuleBroken

MOST_BYTES = 1_000_000

_ARROW = "-->"
_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,;](\d{1,9}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?", re.ASCII)
_NO_CUES = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAGS = re.compile(r"</?(?:v|i|b|u|s|c|em|strong|ruby|rt|lang|font|span)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
_PLACE = re.compile(r"\{\\[^{}]*\}")
"""Where on the picture, as some SubRip files say."""
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]{2,8});")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_file(content: bytes) -> list[Cue]:
    """The cues of a file of either kind, as its content says. RuleBroken: captions_large, captions_encoding,
    captions_time and captions_long (`line`), captions_many, captions_none_found (it holds no cue at all).
    """
    if len(content) > MOST_BYTES:
        raise RuleBroken("captions_large", most=MOST_BYTES)
    text = decoded(content)
    return parse_vtt(text) if text.lstrip("\ufeff\r\n ").startswith("WEBVTT") else parse_srt(text)


def decoded(content: bytes) -> str:
    """The text of a file: as its mark says, else UTF-8, else Windows-1252, which programs of the Nordic countries
    wrote for decades. RuleBroken("captions_encoding") where it is none of them.
    """
    try:
        return content.decode(_encoding(content))
    except UnicodeDecodeError:
        raise RuleBroken("captions_encoding") from None


def _encoding(content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    begun = content[:400]
    if begun.count(0) > len(begun) / 4:
        return "utf-16-be" if begun[:1] == b"\x00" else "utf-16-le"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def parse_vtt(text: str) -> list[Cue]:
    """The cues of a WebVTT file; notes, styles and regions hold none, settings and tags change no words."""
    return _parse(text, _NO_CUES)


def parse_srt(text: str) -> list[Cue]:
    """The cues of a SubRip file."""
    return _parse(_PLACE.sub("", text), None)


def _parse(text: str, skipped: re.Pattern[str] | None) -> list[Cue]:
    cues: list[Cue] = []
    for number, lines in _blocks(text):
        if skipped and skipped.match(lines[0]):
            continue
        for each in _cues_of(number, lines):
            cues.append(each)
            if len(cues) > MOST_CUES:
                raise RuleBroken("captions_many", most=MOST_CUES)
    if not cues:
        raise RuleBroken("captions_none_found")
    return cues


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """What stands between blank lines, with the number of its first line."""
    first, block = 1, list[str]()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            first = first if block else number
            block.append(line)
        elif block:
            yield first, block
            block = []


def _cues_of(first: int, lines: list[str]) -> Iterator[Cue]:
    """The cues of a block: one, or several where a program forgot the blank line between them."""
    times: tuple[float, float] | None = None
    words: list[str] = []
    begun = first
    for number, line in enumerate(lines, first):
        found = _times(line, number, number - first < 2 and times is None)
        if found is None:
            words.append(line)
            continue
        if times is not None:
            yield _cue(times, words[:-1] if words and words[-1].strip().isdigit() else words, begun)
        times, words, begun = found, [], number
    if times is not None:
        yield _cue(times, words, begun)


def _times(line: str, number: int, is_expected: bool) -> tuple[float, float] | None:
    """The two times of a time line; where one is expected, an arrow without times is an error."""
    if _ARROW not in line:
        return None
    found = _TIMES.fullmatch(line)
    if found is None:
        if is_expected:
            raise RuleBroken("captions_time", line=number)
        return None
    parts = found.groups()
    return _seconds(*parts[:4]), _seconds(*parts[4:])


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def _cue(times: tuple[float, float], lines: list[str], number: int) -> Cue:
    found = cue(*times, _words("\n".join(lines)))
    if len(found.text) > MOST_CHARACTERS:
        raise RuleBroken("captions_long", line=number, most=MOST_CHARACTERS)
    return found


def _words(text: str) -> str:
    """The words alone: tags of caption files go, any other angle bracket is what somebody wrote."""
    plain = _TAGS.sub("", _BREAK.sub("\n", text))
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), plain)
