"""Where things stand in a drawing: plain geometry in user units; the dashboard's templates draw it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from socialproof.domain.nps import SCORES, Scores, Segment, segment_of
from socialproof.domain.statistics import margin, may_show, shown_margin
from socialproof.responses.insight import TrendPoint


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing's box and the room for its labels, in user units that are about a pixel each."""

    name: str
    width: int
    height: int
    left: int = 40
    right: int = 14
    top: int = 16
    bottom: int = 30

    def x(self, share: float) -> float:
        return round(self.left + share * (self.width - self.left - self.right), 1)

    def y(self, share: float) -> float:
        return round(self.height - self.bottom - share * (self.height - self.top - self.bottom), 1)


WIDE = Size("wide", 820, 290)
NARROW = Size("narrow", 336, 250, left=34, right=10)
BARS_WIDE = Size("wide", 520, 470, left=4, right=4, top=26, bottom=44)
BARS_NARROW = Size("narrow", 304, 200, left=2, right=2, top=24, bottom=42)


@dataclass(frozen=True, slots=True)
class Mark:
    """One month or quarter. Without a score (`nps` None) it stands at the foot: still collecting answers."""

    x: float
    y: float
    low_y: float
    high_y: float
    point: TrendPoint
    nps: int | None
    margin: int | None
    has_label: bool


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Lines and bands break where a month has too few answers: nothing is drawn that is not known."""

    size: Size
    grid: list[tuple[float, int]]
    marks: list[Mark]
    lines: list[str]
    bands: list[str]

    @property
    def lonely(self) -> list[Mark]:
        """Marks with a score but no neighbour: drawn with a whisker instead of a band."""
        return [run[0] for run in _runs(self.marks) if len(run) == 1]

    @property
    def has_score(self) -> bool:
        return any(mark.nps is not None for mark in self.marks)


def trend_chart(points: Sequence[TrendPoint], size: Size, population: int | None = None) -> TrendChart:
    """Score and margin of each point, between the nearest tens that hold them all."""
    low, high, gap = _scale(points, population)

    def level(value: float) -> float:
        return size.y((value - low) / (high - low))

    every = _label_step(len(points), size)
    marks = []
    for place, point in enumerate(points):
        x = size.x((place + 0.5) / len(points))
        has_label = (len(points) - 1 - place) % every == 0
        if not may_show(point.scores, population):
            foot = level(low)
            marks.append(Mark(x, foot, foot, foot, point, None, None, has_label))
            continue
        exact, wide = point.scores.exact(), margin(point.scores, population) or 0
        below, above = level(max(-100, exact - wide)), level(min(100, exact + wide))
        shown = shown_margin(point.scores, population)
        marks.append(Mark(x, level(exact), below, above, point, point.scores.nps(), shown, has_label))
    grid = [(level(value), value) for value in range(low, high + 1, gap)]
    runs = [run for run in _runs(marks) if len(run) > 1]
    return TrendChart(size, grid, marks, [_line(run) for run in runs], [_band(run) for run in runs])


def _scale(points: Sequence[TrendPoint], population: int | None) -> tuple[int, int, int]:
    edges = [0.0]
    for scores in (point.scores for point in points if may_show(point.scores, population)):
        wide = margin(scores, population) or 0
        edges += [max(-100, scores.exact() - wide), min(100, scores.exact() + wide)]
    spread = max(edges) - min(edges)
    gap = 50 if spread > 110 else 20
    low, high = floor(min(edges) / gap) * gap, ceil(max(edges) / gap) * gap
    high = max(high, low + 3 * gap) if low > -100 + 2 * gap else max(high, low + 2 * gap)
    return low, high, gap


def _label_step(count: int, size: Size) -> int:
    room = (size.width - size.left - size.right) / 46
    return max(1, ceil(count / room))


def _runs(marks: Sequence[Mark]) -> list[list[Mark]]:
    runs: list[list[Mark]] = [[]]
    for mark in marks:
        if mark.nps is None:
            runs.append([])
        else:
            runs[-1].append(mark)
    return [run for run in runs if run]


def _line(run: Sequence[Mark]) -> str:
    return " ".join(f"{mark.x},{mark.y}" for mark in run)


def _band(run: Sequence[Mark]) -> str:
    above = [f"{mark.x},{mark.high_y}" for mark in run]
    below = [f"{mark.x},{mark.low_y}" for mark in reversed(run)]
    return " ".join(above + below)


@dataclass(frozen=True, slots=True)
class Bar:
    """One score's column; `share` is 0–1 of all answers."""

    score: int
    segment: Segment
    count: int
    share: float
    x: float
    y: float
    width: float
    height: float
    middle: float


def distribution_bars(scores: Scores, size: Size) -> list[Bar]:
    """Eleven columns; the tallest fills the height, an empty score keeps a hair to be seen as empty."""
    tallest, answers = max(scores.counts) or 1, scores.answers or 1
    step = (size.width - size.left - size.right) / len(SCORES)
    bars = []
    for score, count in enumerate(scores.counts):
        top = min(size.y(count / tallest), size.y(0) - 2)
        x = round(size.left + score * step + step * 0.1, 1)
        bars.append(
            Bar(
                score=score,
                segment=segment_of(score),
                count=count,
                share=count / answers,
                x=x,
                y=top,
                width=round(step * 0.8, 1),
                height=round(size.y(0) - top, 1),
                middle=round(x + step * 0.4, 1),
            )
        )
    return bars


@dataclass(frozen=True, slots=True)
class Slice:
    """A segment's part of the whole bar, in hundredths of its length."""

    segment: Segment
    count: int
    share: float
    x: float
    width: float


def segment_slices(scores: Scores) -> list[Slice]:
    """Detractors, passives, promoters side by side, from left to right as on the scale."""
    answers, x, slices = scores.answers or 1, 0.0, []
    for segment in Segment:
        share = scores.count(segment) / answers
        slices.append(Slice(segment, scores.count(segment), share, round(x, 2), round(share * 100, 2)))
        x += share * 100
    return slices


def on_meter(value: float, width: int = 340, edge: int = 10) -> float:
    """The place of a score between −100 and +100 on a meter of this width."""
    return round(edge + (max(-100, min(100, value)) + 100) / 200 * (width - 2 * edge), 1)
