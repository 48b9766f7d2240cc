"""Chance that can be repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.choices import Seeded, Steered, chance, uniform
from tests.chaos.replayed import Replayed


def test_seeded_streams_do_not_disturb_each_other() -> None:
    """One more question under one label changes nothing under another."""
    alone = Seeded(7)
    mixed = Seeded(7)
    expected = [alone.pick("order", 100) for _ in range(20)]

    seen = []
    for _ in range(20):
        mixed.pick("toxicity", 100)
        seen.append(mixed.pick("order", 100))

    assert seen == expected


def test_different_seeds_decide_differently() -> None:
    """A seed is really used."""
    assert [Seeded(1).pick("order", 1000) for _ in range(3)] != [
        Seeded(2).pick("order", 1000) for _ in range(3)
    ]


@given(seed=st.integers(), options=st.lists(st.integers(2, 50), max_size=30))
def test_replayed_repeats_what_seeded_made(seed: int, options: list[int]) -> None:
    """The list of choices made is all it takes to make them again."""
    seeded = Seeded(seed)
    picks = [seeded.pick("any", n) for n in options]

    replayed = Replayed(choice.picked for choice in seeded.made)

    assert [replayed.pick("any", n) for n in options] == picks
    assert replayed.made == seeded.made


def test_deviation_that_does_not_fit_is_refused() -> None:
    """A choice out of range says that the run has changed since."""
    with pytest.raises(ValueError, match="does not fit 2 possibilities"):
        Steered(7, kinds={"order"}, deviations={0: 5}).pick("order", 2)


def test_certain_outcomes_cost_no_decision() -> None:
    """What is certain is not asked, so that it does not shift what is not."""
    choices = Seeded(7)

    assert chance(choices, "toxicity", 1.0)
    assert not chance(choices, "toxicity", 0.0)
    assert choices.pick("order", 1) == 0

    assert choices.made == ()


def test_chance_comes_near_its_probability() -> None:
    """Three in ten is about three in ten."""
    choices = Seeded(7)

    share = sum(chance(choices, "toxicity", 0.3) for _ in range(10_000)) / 10_000

    assert share == pytest.approx(0.3, abs=0.02)


@given(seed=st.integers(), low=st.floats(-1e6, 1e6), width=st.floats(0.001, 1e6))
def test_uniform_stays_within_its_bounds(seed: int, low: float, width: float) -> None:
    """Never below, never beyond."""
    assert low <= uniform(Seeded(seed), "jitter", low, low + width) <= low + width
