"""A share of calls that changes while the fault lasts."""

from __future__ import annotations

from chaos.choices import Seeded
from tests.chaos.faults.sent import fault, injector
from tests.chaos.faults.test_injector import touches
from tests.conftest import Clock


def test_toxicity_follows_its_schedule(clock: Clock) -> None:
    """None of the calls at first, all of them from its offset on, then half."""
    course = {"0s": 0, "10m": 1, "20m": 0.5}
    made = injector(fault("timeout", takes_effect=False, toxicity=course), choices=Seeded(7))

    before = touches(made, 100)
    clock.advance(600)
    during = touches(made, 100)
    clock.advance(600)
    after = touches(made, 400)

    assert (len(before), len(during)) == (0, 100)
    assert 160 <= len(after) <= 240


def test_offsets_count_from_the_injection(clock: Clock) -> None:
    """A fault that begins late begins at the beginning of its schedule."""
    clock.advance(3600)
    made = injector(
        fault("timeout", takes_effect=False, toxicity={"0s": 1, "10m": 0}), choices=Seeded(7)
    )

    assert len(touches(made, 10)) == 10
