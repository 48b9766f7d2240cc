"""What a file can say, something does: no word of the language is without effect."""

from __future__ import annotations

from typing import get_args

import pytest

from chaos.checks.laws.law import Law
from chaos.checks.measure import Window, measure
from chaos.checks.registry import law_names
from chaos.runner.player import Player
from chaos.runner.step_text import describe_step
from chaos.scenario.laws import LAWS, SHIPPED
from chaos.scenario.model import AnyStep, ExpectStep, Step
from chaos.scenario.observables import LIVENESS, probes
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.trace.trace import Trace

STEPS = get_args(AnyStep)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_has_a_player_of_its_own(step: type[Step]) -> None:
    """A step that the language knows is played, not passed over."""
    registered = Player.__dict__["_do"].dispatcher.registry

    assert step in registered


@pytest.mark.parametrize("step", [each for each in STEPS if each is not ExpectStep])
def test_every_step_that_acts_has_words_of_its_own(step: type[Step]) -> None:
    """A report can say what each step did."""
    assert step in describe_step.registry


def test_every_built_in_observable_is_measured() -> None:
    """A key that is not the target's own is computed from the trace, for every upstream."""
    window = Window(trace=Trace())
    # What has to happen at last is no value, and judged by itself.
    built_in = [
        key
        for key, probe in probes(HelpdeskTarget.vocabulary()).items()
        if not probe.is_live and probe not in LIVENESS
    ]

    unmeasured = [
        key for key in built_in if "never observed" in (measure(key, window).missing or "")
    ]

    assert "calls.gcs.objects.media" in built_in
    assert unmeasured == []


def test_laws_are_those_that_can_be_waived() -> None:
    """The language and the checks know the same laws, in the same order."""
    assert law_names() == tuple(LAWS)


def test_every_law_is_in_the_one_list() -> None:
    """A module in the package of laws judges, or is no law."""
    own = {law.name for law in Law.__subclasses__() if law.__module__.startswith("chaos.checks.")}

    assert own == set(SHIPPED)
