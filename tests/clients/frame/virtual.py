"""Plays a case in the simulated world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from chaos.choices import Seeded
from chaos.errors import SimulationError
from chaos.faults.injector import Injector
from chaos.ports import CONNECT
from chaos.scenario.faults import AnyFault
from chaos.simulation.run import SimulatedRun
from chaos.simulation.world import Simulation
from chaos.trace.events import RequestEvent
from tests.clients.frame.row import Case, Fault, Seen, answered, failed

CUT_AFTER_EVENTS = 2
CUT_AFTER_BYTES = 10

SEED = 0
"""Of the global ``random``, in both worlds: what clients draw their jitter from."""

_FAULTS: dict[Fault, dict[str, Any]] = {
    Fault.RATE_LIMIT: {"fault": "rate_limit", "retry_after": "1s", "calls": 1},
    Fault.UNAVAILABLE: {"fault": "http_error", "status": 503},
    Fault.SILENCE: {"fault": "timeout"},
    Fault.RESET: {"fault": "reset_peer"},
    Fault.CUT: {"fault": "limit_data", "bytes": f"{CUT_AFTER_BYTES}B"},
}
_CUT_STREAM = {"fault": "cut_stream", "after": CUT_AFTER_EVENTS, "how": "abort"}


def play(simulation: Simulation, case: Case) -> Seen:
    """What came of a case in a run of its own."""
    choices = Seeded(SEED)
    injector = Injector(choices)

    def arm(run: SimulatedRun) -> Injector:
        injector.recorder = run.recorder
        return injector

    upstream = case.row.upstream()
    run = simulation.start_run(
        upstreams={upstream.name: upstream}, injector=arm, choices=choices, seed=SEED
    )
    try:
        for written in _faults(case):
            fault = TypeAdapter[Any](AnyFault).validate_python(
                {"upstream": upstream.name, **written}
            )
            injector.inject(fault, now_s=0)
        return _seen(run, case)
    finally:
        run.close()


def _faults(case: Case) -> Iterator[dict[str, Any]]:
    if case.row.latency_s:
        yield {"fault": "latency", "latency": f"{case.row.latency_s * 1000:g}ms"}
    if case.row.streams and case.fault is Fault.CUT:
        yield _CUT_STREAM
    elif case.fault is not Fault.NONE:
        yield _FAULTS[case.fault]


def _seen(run: SimulatedRun, case: Case) -> Seen:
    task = run.scheduler.spawn("user-1", case.row.call)
    stopped: tuple[str, ...] = ()
    try:
        run.scheduler.run_users()
    except SimulationError as error:
        stopped = (str(error),)
    asked = [each for each in run.trace.of(RequestEvent) if each.operation != CONNECT]
    return Seen(
        outcome=answered(case.row, task.result) if task.error is None else failed(task.error),
        requests=len(asked),
        connections=run.network.ports_given,
        seconds=run.clock.now_s,
        refusals=(*run.violations, *stopped),
    )
