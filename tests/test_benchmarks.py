"""What benchmarks make of what they measured, and what they measure with."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.figures import Figure
from benchmarks.growth import fitted
from benchmarks.results import TOLERANCE, as_markdown, check
from benchmarks.vectors import vectors_like_sentences


def _measured(ratio: float, spread: tuple[float, float] | None = None) -> Figure:
    return Figure("a call", 9.0, "us", ratio, "bare SDK", spread or (ratio, ratio))


@pytest.mark.parametrize(
    ("figure", "worse"),
    [
        pytest.param(_measured(2.0), False, id="the same"),
        pytest.param(_measured(2.0 * TOLERANCE), False, id="just tolerated"),
        pytest.param(_measured(2.01 * TOLERANCE), True, id="beyond"),
        pytest.param(_measured(4.0, (2.5, 6.0)), False, id="disturbed"),
        pytest.param(Figure("a call", 9.0, "us"), False, id="no ratio"),
    ],
)
def test_ratio_is_worse_if_its_better_quartile_is_beyond_the_tolerance(
    figure: Figure, *, worse: bool
) -> None:
    """A busy machine moves medians; code that is slower moves all of them."""
    assert bool(check([figure], {"a call / bare SDK": 2.0})) is worse


def test_ratio_that_nobody_recorded_is_told() -> None:
    """Otherwise a figure with a new name would be compared with nothing, for ever."""
    (told,) = check([_measured(2.0)], {})

    assert told == "a call: 2.00 x bare SDK, nothing recorded; record it with --record"


def test_table_for_a_page_has_a_row_for_each_figure() -> None:
    """With the ratio, its spread and the goal."""
    table = as_markdown([_measured(2.0, (1.5, 2.5))])

    assert table.splitlines()[-1] == "| a call | 9.0 us | 2.00 x bare SDK | 1.50 to 2.50 |  |"


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_of_a_power_is_that_power(power: float) -> None:
    """Whatever one of them costs."""
    sizes = [100, 200, 400, 800]

    (slope, _), pieces = fitted(sizes, [0.003 * size**power for size in sizes])

    assert [slope, *pieces] == pytest.approx([power] * 4)


def test_made_up_vectors_are_the_same_each_time_and_like_sentences() -> None:
    """Their cosines decide how much a search of a part of them can find."""
    vectors, questions = vectors_like_sentences(6_000)
    again, _ = vectors_like_sentences(6_000)

    nearest = np.sort(questions[:50] @ vectors.T, axis=1)[:, ::-1]
    assert np.array_equal(vectors, again)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6_000), abs=1e-5)
    assert nearest[:, 9].mean() == pytest.approx(0.56, abs=0.05)
    assert (questions @ vectors.T).mean() == pytest.approx(0.13, abs=0.1)
