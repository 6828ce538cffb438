"""Captions: what is said in a video, cut into cues that can be read in the time they stand.

Times are seconds of the video, to the millisecond. Files from elsewhere are read in `caption_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_text

MOST_CUES = 2000
MOST_CHARACTERS = 500
"""Of one cue."""
LONGEST_TRANSCRIPT = 60_000
LINE = 42
"""Characters that a player shows side by side without making the letters small."""
CUE = 2 * LINE
SHORTEST_SECONDS = 0.3
FASTEST = 25
"""Characters a second that a practised reader can follow."""
SPOKEN = 15
"""Characters a second that people speak, where nobody knows how long the video is."""
SLACK_SECONDS = 0.25
"""How far a cue may reach behind the video's end: players hold the last picture a moment, and clocks round."""

HARD = ("empty", "backwards", "too_short", "outside", "overlap", "too_long")
"""Problems that keep captions from being called right; the others are only worth a look."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Some words and when they stand there; `text` has one line or several, none of them blank."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the cue at `index`: one of HARD, or "too_fast"."""

    index: int
    code: str

    @property
    def is_hard(self) -> bool:
        return self.code in HARD


def cue(start: float, end: float, text: str) -> Cue:
    """A cue as it is kept: whole milliseconds, clean words without blank lines."""
    return Cue(round(start, 3), round(end, 3), clean_words(text))


def clean_words(text: str) -> str:
    """Words as a cue holds them: a blank line would end the cue, and is no line."""
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return clean_text("\n".join(line for line in lines if line))


# ---- times as people write them ----------------------------------------------------------------------------

_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,5})(?:[.,;](\d{1,9}))?", re.ASCII)


def read_time(written: str) -> float | None:
    """Seconds from `62.5`, `1:02.5` or `00:01:02,500`; None for anything else."""
    found = _TIME.fullmatch(written.strip())
    if found is None:
        return None
    hours, minutes, seconds, fraction = found.groups()
    if (minutes and int(seconds) > 59) or (hours and int(minutes) > 59):
        return None
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return round(whole + float(f"0.{fraction or 0}"), 3)


def say_time(seconds: float) -> str:
    """Seconds as `1:02.5`: as many decimals as are needed, at least one."""
    milliseconds = max(0, round(seconds * 1000))
    fraction = f"{milliseconds % 1000:03}".rstrip("0") or "0"
    minutes, whole = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}.{fraction}" if hours else f"{minutes}:{whole:02}.{fraction}"


# ---- the file that players read ----------------------------------------------------------------------------


def write_vtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file. Whatever the words are, they stay the words of their cue: `&`, `<` and `>` are escaped,
    which also takes the arrow of a time line apart, and no line is blank. Cues without words are left out.
    """
    blocks = ["WEBVTT\n"]
    for each in cues:
        words = clean_words(each.text)
        if words:
            blocks.append(f"{_stamp(each.start)} --> {_stamp(each.end)}\n{_escaped(words)}\n")
    return "\n".join(blocks)


def _stamp(seconds: float) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    stamp = f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
    return f"{hours:02}:{stamp}" if hours else stamp


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ---- from a transcript to cues -----------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+|\n+")
_CLAUSE_END = re.compile(r"[,;:–—][\"'”’»)]*(?=\s)|\s(?=[–—])")
_SPACE = re.compile(r"\s+")


def distribute(transcript: str, duration: float | None) -> list[Cue]:
    """Cues for all words of a transcript: cut at sentences, else clauses, else words, each at most two lines;
    the video's time is shared out by their length. Without a `duration` (seconds) people speak as most people do.
    """
    pieces = [piece for sentence in _sentences(transcript) for piece in _cut(sentence)]
    letters = sum(len(piece) for piece in pieces)
    if not letters:
        return []
    share = (duration or letters / SPOKEN) / letters
    cues, said = [], 0
    for piece in pieces:
        cues.append(cue(said * share, (said + len(piece)) * share, _lines(piece)))
        said += len(piece)
    return cues


def _sentences(transcript: str) -> list[str]:
    """Sentences; short ones stay with the one before them as long as both fit into one cue."""
    found: list[str] = []
    for line in clean_text(transcript).split("\n\n"):
        first = len(found)
        for sentence in _between(_SENTENCE_END, line):
            whole = " ".join(_broken(word) for word in sentence.split())
            if len(found) > first and _fits(f"{found[-1]} {whole}") and min(len(found[-1]), len(whole)) < LINE / 2:
                found[-1] += f" {whole}"
            elif whole:
                found.append(whole)
    return found


def _between(end: re.Pattern[str], text: str) -> list[str]:
    """The text cut behind each match; what closes a sentence stays with it."""
    cuts = [0, *(match.end() for match in end.finditer(text)), len(text)]
    return [text[a:b].strip() for a, b in pairwise(cuts) if text[a:b].strip()]


def _broken(word: str) -> str:
    """A word that is longer than a whole cue, in pieces."""
    return " ".join(word[at : at + CUE] for at in range(0, len(word), CUE))


def _cut(sentence: str) -> list[str]:
    """The sentence in pieces that fit into a cue."""
    if _fits(sentence):
        return [sentence]
    at = _best_cut(sentence)
    return [sentence] if at is None else [*_cut(sentence[:at].strip()), *_cut(sentence[at:].strip())]


def _best_cut(text: str) -> int | None:
    """Behind the clause nearest to the middle, else at the space nearest to it; None for a single word."""
    middle, edge = len(text) / 2, len(text) / 5
    clauses = [match.end() for match in _CLAUSE_END.finditer(text) if edge < match.end() < len(text) - edge]
    places = clauses or [match.start() for match in _SPACE.finditer(text.strip())]
    return min(places, key=lambda place: abs(place - middle), default=None)


def _fits(text: str) -> bool:
    return all(len(line) <= LINE for line in _lines(text).split("\n")) or " " not in text


def _lines(text: str) -> str:
    """One line, or two of about the same length."""
    if len(text) <= LINE:
        return text
    places = [match.start() for match in _SPACE.finditer(text)]
    if not places:
        return text
    at = min(places, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:at]}\n{text[at:].strip()}"


# ---- one cue ------------------------------------------------------------------------------------------------


def split(whole: Cue, at: int | None = None) -> tuple[Cue, Cue]:
    """Two cues from one, cut before the character `at`, the time shared by the characters of each.

    Without a place it is cut at a blank line that was typed, else between the words nearest to the middle.
    RuleBroken("split_nowhere") when one of the two would have no words.
    """
    at = _place_in(whole.text) if at is None else at
    first, second = clean_words(whole.text[:at]), clean_words(whole.text[at:])
    if not first or not second:
        raise RuleBroken("split_nowhere")
    moment = whole.start + (whole.end - whole.start) * len(first) / (len(first) + len(second))
    return cue(whole.start, moment, first), cue(moment, whole.end, second)


def _place_in(text: str) -> int:
    blank = re.search(r"\S[^\S\n]*\n\s*\n\s*(?=\S)", text)
    return blank.end() if blank else (_best_cut(text) or 0)


def merge(*parts: Cue) -> Cue:
    """One cue that says and lasts all of them."""
    words = clean_words(" ".join(part.text for part in parts).replace("\n", " "))
    return cue(min(part.start for part in parts), max(part.end for part in parts), _lines(words))


def nudge(moved: Cue, *, start: float = 0, end: float = 0) -> Cue:
    """The cue with its start or end moved by seconds, never before the video."""
    return replace(moved, start=round(max(0, moved.start + start), 3), end=round(max(0, moved.end + end), 3))


# ---- all of them ---------------------------------------------------------------------------------------------


def problems(cues: Sequence[Cue], duration: float | None) -> list[Problem]:
    """What is wrong, in the order of the cues; `duration` in seconds, None when nobody knows it."""
    found = [Problem(index, code) for index, each in enumerate(cues) for code in _of_one(each, duration)] + [
        Problem(index, "overlap") for index in range(1, len(cues)) if cues[index].start < cues[index - 1].end
    ]
    return sorted(found, key=lambda problem: problem.index)


def _of_one(each: Cue, duration: float | None) -> Iterable[str]:
    seconds, letters = each.end - each.start, len(each.text.replace("\n", " "))
    if not letters:
        yield "empty"
    if letters > MOST_CHARACTERS:
        yield "too_long"
    if each.start < 0 or (duration is not None and each.end > duration + SLACK_SECONDS):
        yield "outside"
    if seconds <= 0:
        yield "backwards"
    elif seconds < SHORTEST_SECONDS - 0.0005:
        yield "too_short"
    elif letters / seconds > FASTEST:
        yield "too_fast"


def tidy(cues: Iterable[Cue], duration: float | None = None) -> list[Cue]:
    """In order, with clean words, without those that have none, inside the video, each over before the next one
    begins; what begins together is said together. A cue that lies behind the video's end is left for a person.
    """
    spoken = (each for each in in_order(cue(max(0, one.start), one.end, one.text) for one in cues) if each.text)
    together = (tuple(said) for _start, said in groupby(spoken, key=lambda each: each.start))
    kept = [merge(*said) if len(said) > 1 else said[0] for said in together]
    ends = [*(each.start for each in kept[1:]), round(duration, 3) if duration is not None else float("inf")]
    return [replace(each, end=min(each.end, max(each.start, end))) for each, end in zip(kept, ends, strict=False)]


def in_order(cues: Iterable[Cue]) -> list[Cue]:
    """As they are shown."""
    return sorted(cues, key=lambda each: (each.start, each.end))
