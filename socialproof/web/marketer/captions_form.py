"""The form of the captions page as it was sent: every row as it was typed, and what a button does to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from socialproof.domain import captions as rules
from socialproof.domain.caption_files import parse_vtt
from socialproof.domain.captions import Cue
from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_text
from socialproof.media.captions import SPEECH, TYPED, UPLOADED, Written, cues_of
from socialproof.media.models import Captions

STEP = 0.1
NEW_SECONDS = 2.0
"""How long a cue stands that somebody adds."""


@dataclass(frozen=True)
class Row:
    """One cue as it was typed, and the codes of what is wrong with it."""

    start: str
    end: str
    text: str
    codes: tuple[str, ...] = ()

    @property
    def cue(self) -> Cue | None:
        """The cue, where both times are times."""
        start, end = rules.read_time(self.start), rules.read_time(self.end)
        return None if start is None or end is None else Cue(start, end, rules.clean_words(self.text))

    @property
    def is_blank(self) -> bool:
        return not rules.clean_words(self.text)


@dataclass(frozen=True)
class Draft:
    """What the page shows and what it will keep."""

    version: int
    language: str
    rows: tuple[Row, ...] = ()
    transcript: str = ""
    source: str = TYPED
    replacement: str = ""
    """A WebVTT file of the cues that may replace these, while somebody is asked."""
    replacement_source: str = TYPED
    is_dirty: bool = field(default=False)

    @property
    def cues(self) -> list[Cue]:
        """The cues of all rows; RuleBroken("time") while one has a time that is none."""
        found = [row.cue for row in self.rows]
        cues = [each for each in found if each is not None]
        if len(cues) < len(found):
            raise RuleBroken("time")
        return cues

    @property
    def wrong(self) -> list[int]:
        """The rows that need a look, once they are `checked`."""
        return [index for index, row in enumerate(self.rows) if row.codes]

    @property
    def has_words(self) -> bool:
        return any(not row.is_blank for row in self.rows)

    @property
    def written(self) -> Written:
        """What is kept. RuleBroken("time") as in `cues`."""
        return Written(self.cues, self.language, self.transcript, self.source)


def stored(captions: Captions | None, language: str) -> Draft:
    """The page as it is kept; `language` where nobody has begun."""
    if captions is None:
        return Draft(0, language)
    rows = tuple(map(row_of, cues_of(captions)))
    return Draft(captions.version, captions.language, rows, captions.transcript, captions.source)


def sent(form: MultiDict[str, str], version: int, languages: tuple[str, ...], language: str) -> Draft:
    """The page as it was sent; words that mean nothing here become what they are without them."""
    rows = zip(form.getlist("start"), form.getlist("end"), form.getlist("text"), strict=False)
    chosen, source = form.get("language", ""), form.get("source", "")
    return Draft(
        version,
        chosen if chosen in languages else language,
        tuple(Row(start[:20], end[:20], clean_text(text)) for start, end, text in rows)[: rules.MOST_CUES + 1],
        clean_text(form.get("transcript", "")),
        source if source in (TYPED, UPLOADED, SPEECH) else TYPED,
        form.get("replacement", ""),
        UPLOADED if form.get("replacement_source") == UPLOADED else TYPED,
        is_dirty=True,
    )


def row_of(cue: Cue) -> Row:
    return Row(rules.say_time(cue.start), rules.say_time(cue.end), cue.text)


def checked(draft: Draft, duration: float | None) -> Draft:
    """The same with what is wrong at each row; the rule looks at the rows whose times can be read."""
    found: dict[int, list[str]] = {}
    places = [index for index, row in enumerate(draft.rows) if row.cue is not None]
    cues = [each for row in draft.rows if (each := row.cue) is not None]
    for problem in rules.problems(cues, duration):
        found.setdefault(places[problem.index], []).append(problem.code)
    for index in set(range(len(draft.rows))) - set(places):
        found[index] = ["time"]
    rows = (replace(row, codes=tuple(found.get(index, ()))) for index, row in enumerate(draft.rows))
    return replace(draft, rows=tuple(rows))


# ---- what the buttons of a row do: each returns the rows and the one to go on with -------------------------

Rows = tuple[Row, ...]
Moved = tuple[Rows, int]


def add(rows: Rows, index: int, duration: float | None, _caret: int | None) -> Moved:
    """A row without words behind this one, in the gap that is there."""
    before = rows[index].cue if 0 <= index < len(rows) else None
    behind = rows[index + 1].cue if index + 1 < len(rows) else None
    start = before.end if before else 0.0
    end = min(start + NEW_SECONDS, behind.start if behind and behind.start > start else float("inf"))
    end = min(end, duration) if duration and duration > start else end
    return (*rows[: index + 1], row_of(Cue(start, end, "")), *rows[index + 1 :]), index + 1


def split(rows: Rows, index: int, _duration: float | None, caret: int | None) -> Moved:
    row = rows[index]
    first, second = rules.split(replace(_cue(rows, index), text=row.text), caret)
    return (*rows[:index], row_of(first), row_of(second), *rows[index + 1 :]), index + 1


def merge(rows: Rows, index: int, _duration: float | None, _caret: int | None) -> Moved:
    if index + 1 >= len(rows):
        raise RuleBroken("merge_last")
    together = rules.merge(_cue(rows, index), _cue(rows, index + 1))
    return (*rows[:index], row_of(together), *rows[index + 2 :]), index


def delete(rows: Rows, index: int, _duration: float | None, _caret: int | None) -> Moved:
    return (*rows[:index], *rows[index + 1 :]), max(0, index - 1)


def nudge(**moves: float) -> Callable[[Rows, int, float | None, int | None], Moved]:
    """The button that moves a start or an end by a tenth of a second."""

    def move(rows: Rows, index: int, _duration: float | None, _caret: int | None) -> Moved:
        moved = row_of(rules.nudge(_cue(rows, index), **moves))
        return (*rows[:index], replace(moved, text=rows[index].text), *rows[index + 1 :]), index

    return move


def _cue(rows: Rows, index: int) -> Cue:
    found = rows[index].cue
    if found is None:
        raise RuleBroken("time")
    return found


ROW_ACTS = {
    "add": add,
    "split": split,
    "merge": merge,
    "delete": delete,
    "start-earlier": nudge(start=-STEP),
    "start-later": nudge(start=STEP),
    "end-earlier": nudge(end=-STEP),
    "end-later": nudge(end=STEP),
}


# ---- other cues instead of these ---------------------------------------------------------------------------


def replaced(draft: Draft, cues: list[Cue], source: str) -> Draft:
    """These cues instead of what is there; where words would be lost it only asks."""
    if draft.has_words:
        return replace(draft, replacement=rules.write_vtt(cues), replacement_source=source)
    return replace(draft, rows=tuple(map(row_of, cues)), source=source, replacement="")


def agreed(draft: Draft) -> Draft:
    """Somebody was asked and said yes."""
    cues = parse_vtt(draft.replacement)
    return replace(draft, rows=tuple(map(row_of, cues)), source=draft.replacement_source, replacement="")
