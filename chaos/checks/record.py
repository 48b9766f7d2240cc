"""What a check is given: the trace of a run, and what the service had promised."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chaos.extensions import Extension
from chaos.ports import Promises
from chaos.scenario.model import Scenario
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run to be judged.

    Attributes:
        scenario: What was played.
        trace: What happened.
        promises: What the target promised under the scenario's settings.
        best_mode: How the target answers while all is well; see ``Vocabulary.best_mode``.
        ended_s: Virtual time at which the run ended, in seconds.
        brings: What the target brings along; its laws judge the run, and those of others do not.
        has_loops: Whether an event loop has run in it.
        speaking: Upstream and operation wherever a model speaks; see `StandIn.speaking`.
        tick_s: How far two times of the trace may lie apart and still be the same moment. In
            virtual time two microseconds; in real time, whatever a busy machine may take.
    """

    scenario: Scenario
    trace: Trace
    promises: Promises
    best_mode: str
    ended_s: float
    brings: Sequence[type[Extension]] = ()
    has_loops: bool = False
    speaking: Collection[tuple[str, str]] = ()
    tick_s: float = 2e-6
