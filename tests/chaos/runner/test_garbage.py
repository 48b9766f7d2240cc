"""What an outage leaves in memory: nothing that only a garbage collection finds."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from types import FrameType, TracebackType

import pytest

from chaos import session
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.targets.helpdesk.target import HelpdeskTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import ResponseEvent

# A silent storage is not among them: requests and urllib3 keep a circle of their own when a read
# times out, over a real socket too.
FAULTS = {
    "status": "upstream: openai, fault: http_error, status: 503",
    "refused for good": "upstream: openai, fault: http_error, status: 403",
    "quota": "upstream: openai, fault: rate_limit, retry_after: 2s",
    "silence": "upstream: openai, fault: timeout",
    "no connection": "upstream: openai, fault: connection_refused",
    "reset": "upstream: openai, fault: reset_peer, after: 100B",
    "short body": "upstream: openai, fault: limit_data, bytes: 100B",
    "HTML": "upstream: openai, fault: malformed, as: html",
    "storage": "upstream: gcs, fault: http_error, status: 503",
}


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def play(simulation: Simulation, fault: str) -> RunResult:
    """Play a few questions into a fault, each long after the one before."""
    loaded = load_text(
        "version: 1\nname: garbage\nhypothesis: Nothing is left.\ntarget: helpdesk\n"
        "given: {index_cache: {age: 25h}, settings: {index.retry_failed_after: 1s, "
        "index.retry_failed_after_max: 1s}}\n"
        f"method:\n  - inject: {{{fault}}}\n"
        "  - ask: {question: Is the VPN down?, times: 4, every: 60s}\n",
        "garbage.yaml",
        lambda _: HelpdeskTarget.vocabulary(),
    )
    return session.play_one(loaded, HelpdeskTarget, simulation)


@pytest.fixture
def saved_garbage() -> Iterator[list[object]]:
    """What only a garbage collection finds from now on; it is kept instead of freed."""
    # pytest keeps each record that is logged, and with it the error that the record tells of.
    logging.disable()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_failed_calls_leave_no_circles(
    simulation: Simulation, fault: str, saved_garbage: list[object]
) -> None:
    """A failed exchange is freed when its question is answered, not at some later collection.

    An error in a circle with its traceback would keep request, response and every frame between.
    """
    result = play(simulation, fault)

    gc.collect()
    assert [event for event in result.trace.of(ResponseEvent) if event.faults]
    assert not [item for item in saved_garbage if isinstance(item, TracebackType | FrameType)]
