"""Faults that end by themselves, in real time."""

from __future__ import annotations

import threading
from typing import Any

from chaos.choices import Seeded
from chaos.serve.lasting import begin_fault
from chaos.simulation.tasks.behalf import Behalf, acting_for
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import FaultEvent
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.faults.sent import fault

LONG_S = 60.0
"""A machine may be busy."""


def lost(for_: str) -> Any:
    """A fault that lasts so long."""
    return fault("timeout", id="lost", **{"for": for_})


def test_fault_ends_when_its_time_has_passed() -> None:
    """The trace says why, and on whose behalf; whoever listens is told."""
    told, ended = list[str](), threading.Event()

    def tell(what: str) -> None:
        told.append(what)
        ended.set()

    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        with acting_for(Behalf("script")):
            begin_fault(lost("20ms"), world, threading.Event(), tell)
        assert ended.wait(LONG_S)

    healed = world.trace.of(FaultEvent)[-1]
    assert (healed.what, healed.by, healed.actor) == ("healed", "for 20ms", "script")
    assert told == ["lost is healed, after 20ms"]


def test_nothing_ends_after_the_end_of_the_run() -> None:
    """What has been judged does not change any more."""
    over = threading.Event()
    with ServedWorld([OpenAIUpstream()], Seeded(7)) as world:
        before = set(threading.enumerate())
        begin_fault(lost("1h"), world, over)
        (waiting,) = set(threading.enumerate()) - before

        over.set()
        waiting.join(LONG_S)

    assert not waiting.is_alive()
    assert "lost" in world.injector.active
