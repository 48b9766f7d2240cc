"""A scenario that asks for it is played once for each interleaving, and judged by the worst."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chaos.explorer.exploration import Bounds, Exploration, explore
from chaos.explorer.subject import ORDER, SWITCH, Run, Subject
from chaos.explorer.workers import Job
from chaos.explorer.workload import interleavings_of
from chaos.ports import Target
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome, Verdict

MOST_RUNS = 20_000
"""Interleavings of one scenario that are played; if there are more, nothing is proved."""

CHECK = "interleavings"
"""The check that all of them were played."""


def interleaved(target: type[Target], loaded: LoadedScenario) -> Subject:
    """The subject whose runs are the interleavings of a scenario with an ``explore``.

    Without preemptions nobody is interrupted, and only the order of those who wait is searched.
    """
    explored = loaded.scenario.explore
    assert explored is not None, "the scenario asks for it"
    return Subject(
        loaded=interleavings_of(loaded, explored),
        target=target,
        steers=frozenset({SWITCH, ORDER} if explored.preemptions else {ORDER}),
    )


def play_interleavings(
    loaded: LoadedScenario, target: type[Target], simulation: Simulation
) -> RunResult:
    """Play every interleaving within the scenario's bound.

    Returns:
        The first run that failed; if none did, the one that nobody interrupts.
    """
    subject = interleaved(target, loaded)
    explored = loaded.scenario.explore
    assert explored is not None, "the scenario asks for it"

    def crew(jobs: Iterable[Job]) -> Iterator[Run]:
        return (subject.run(simulation, job.deviations) for job in jobs)

    bounds = Bounds(
        preemptions=explored.preemptions, runs=MOST_RUNS, stops_at_first=True, prunes=False
    )
    found = explore(crew, bounds)
    worst = next(iter(found.findings.values())).deviations if found.findings else ()
    result = subject.played(simulation, worst).result
    verdict = Verdict(
        check=CHECK,
        outcome=_outcome(found),
        reason=_told(found),
        expected="no interleaving fails",
        seen=f"interleaving {found.runs} fails" if found.findings else "none failed",
    )
    return replace(
        result,
        verdicts=(*result.verdicts, verdict),
        real_s=found.real_s + result.real_s,
    )


def replay_interleaving(
    loaded: LoadedScenario, target: type[Target], simulation: Simulation
) -> RunResult:
    """Play the one interleaving that the scenario names by its choices."""
    explored = loaded.scenario.explore
    assert explored is not None, "the scenario names one"
    deviations = tuple((at, pick) for at, pick in enumerate(explored.choices) if pick)
    return interleaved(target, loaded).played(simulation, deviations).result


def _outcome(found: Exploration) -> Outcome:
    if found.findings:
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE if found.stopped or found.runs == 1 else Outcome.PASSED


def _told(found: Exploration) -> str:
    if found.findings:
        return f"the interleaving that was played as number {found.runs} fails"
    if found.stopped:
        return f"there are more than {MOST_RUNS} interleavings"
    if found.runs == 1:
        return "there is only one: no two users ever met in the code that the target names"
    return f"all {found.runs} interleavings were played"
