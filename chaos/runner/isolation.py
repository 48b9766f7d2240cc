"""What one scenario does to the process must not reach the next.

A service may keep state in its modules: a cache, a connection pool, a counter. In production a
new process begins without it; so does a scenario, in a process of its own. A target that keeps
nothing there may say so, and shares one process with others of its kind, which is faster.
"""

from __future__ import annotations

from chaos.ports import Target
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict

PROCESS = "process"
"""The check that the service left its process to live on."""


def is_isolated(loaded: LoadedScenario, target: type[Target]) -> bool:
    """Whether the scenario is to have a process of its own; it knows best, then its target."""
    return (loaded.scenario.isolation or target.isolation) == "process"


def of_a_process_that_ended(loaded: LoadedScenario, tier: str, seed: int, how: str) -> RunResult:
    """The result of a run whose process ended before the run did.

    Args:
        loaded: What was played.
        tier: Where.
        seed: What it was played with.
        how: ``ended with exit code 1`` or the like.
    """
    verdict = Verdict(
        check=PROCESS,
        outcome=Outcome.FAILED,
        reason=f"the process {how} in the middle of the run, and the service ended with it",
        expected="a process that outlives its service",
        seen=f"it {how}",
    )
    return RunResult.of(
        loaded,
        tier=tier,
        seed=seed,
        trace=Trace(),
        verdicts=(verdict,),
        laws=(),
        virtual_s=0.0,
        real_s=0.0,
        best_mode="",  # Nothing of what was answered is known.
    )
