"""Values that change with time: how they are written, and what holds when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import InjectStep, LoadStep
from chaos.scenario.schedules import Schedule

Load = Callable[[str], LoadedScenario]

WORSE = Schedule(((0.0, 0.05), (7200.0, 0.25), (9000.0, 0.0)))


@pytest.mark.parametrize(
    ("offset_s", "value"),
    [(0.0, 0.05), (7199.999, 0.05), (7200.0, 0.25), (8999.0, 0.25), (9000.0, 0.0), (1e9, 0.0)],
)
def test_value_holds_until_the_next(offset_s: float, value: float) -> None:
    """From its own offset, included, to that of the next entry; the last one for good."""
    assert WORSE.at(offset_s) == value


def test_schedule_is_read_as_it_is_written(load: Load) -> None:
    """Offsets are durations, in a mapping; both kinds of schedule can be written back."""
    loaded = load(
        "  - load: {ask: Hm?, users: {0s: 5, 2h: 20}, every: 60s, for: 3h}\n"
        "  - inject: {upstream: openai, fault: timeout, toxicity: {0s: 0.05, 1h30m: 1}}\n"
    )

    crowd, fault = loaded.scenario.method
    assert isinstance(crowd, LoadStep)
    assert isinstance(fault, InjectStep)
    assert crowd.load.users == Schedule(((0.0, 5), (7200.0, 20)))
    assert str(fault.inject.toxicity) == "{0s: 0.05, 1h30m: 1}"


def test_single_value_stays_one(load: Load) -> None:
    """Who writes one number gets that number, as before there were schedules."""
    loaded = load(
        "  - load: {ask: Hm?, users: 5, every: 60s, for: 3h}\n"
        "  - inject: {upstream: openai, fault: timeout, toxicity: 0.3}\n"
    )

    crowd, fault = loaded.scenario.method
    assert isinstance(crowd, LoadStep)
    assert isinstance(fault, InjectStep)
    assert (crowd.load.users, fault.inject.toxicity) == (5, 0.3)
