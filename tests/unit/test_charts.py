"""The geometry of the charts: everything stands inside its box, and nothing is drawn that is not known."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.nps import Scores, Segment
from socialproof.responses.insight import TrendPoint
from socialproof.web.marketer.charts import (
    BARS_NARROW,
    BARS_WIDE,
    NARROW,
    WIDE,
    distribution_bars,
    on_meter,
    segment_slices,
    trend_chart,
)

scores = st.lists(st.integers(0, 400), min_size=11, max_size=11).map(lambda counts: Scores(tuple(counts)))
trends = st.lists(scores | st.just(Scores()), min_size=1, max_size=36).map(
    lambda found: [TrendPoint(date(2024 + place // 12, place % 12 + 1, 1), each) for place, each in enumerate(found)]
)


@given(trends, st.sampled_from([WIDE, NARROW]), st.none() | st.integers(1, 5000))
def test_every_mark_and_its_margin_stand_inside_the_drawing(points, size, population):
    chart = trend_chart(points, size, population)
    assert len(chart.marks) == len(points)
    for mark in chart.marks:
        assert size.left <= mark.x <= size.width - size.right
        assert size.top - 0.2 <= mark.high_y <= mark.y <= mark.low_y <= size.height - size.bottom + 0.2


@given(trends)
def test_grid_lines_are_few_and_within_the_scale_of_the_score(points):
    values = [value for _y, value in trend_chart(points, WIDE).grid]
    assert 3 <= len(values) <= 8
    assert min(values) >= -100
    assert max(values) <= 100
    assert 0 in values


def test_a_month_with_too_few_answers_breaks_the_line():
    many, few = Scores.of_segments(40, 10, 10), Scores.of_segments(5, 0, 0)
    points = [TrendPoint(date(2026, month, 1), each) for month, each in enumerate([many, many, few, many], 1)]
    chart = trend_chart(points, WIDE)
    assert [mark.nps for mark in chart.marks] == [50, 50, None, 50]
    assert len(chart.lines) == 1
    assert [mark.point.start_on.month for mark in chart.lonely] == [4]


@given(scores, st.sampled_from([BARS_WIDE, BARS_NARROW]))
def test_columns_stand_side_by_side_inside_the_drawing(found, size):
    bars = distribution_bars(found, size)
    assert [bar.count for bar in bars] == list(found.counts)
    assert bars[0].x >= size.left
    assert bars[-1].x + bars[-1].width <= size.width - size.right + 0.2
    assert all(before.x + before.width < after.x for before, after in pairwise(bars))
    assert all(size.top - 0.2 <= bar.y and bar.height > 0 for bar in bars)


@given(scores)
def test_segments_fill_the_bar_from_left_to_right(found):
    slices = segment_slices(found)
    assert [each.segment for each in slices] == list(Segment)
    assert abs(sum(each.width for each in slices) - (100 if found.answers else 0)) < 0.05


def test_the_meter_holds_the_whole_scale():
    assert [on_meter(value) for value in (-100, 0, 100)] == [10, 170, 330]
    assert on_meter(250) == 330
