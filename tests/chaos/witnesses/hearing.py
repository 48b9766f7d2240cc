"""All witnesses, and what becomes of their targets."""

from __future__ import annotations

import textwrap

from chaos.checks.record import RunRecord
from chaos.ports import Target, speaking_of
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.simulation.world import Simulation
from chaos.verdict import Outcome
from tests.chaos.witnesses import (
    of_answers,
    of_background,
    of_breakers,
    of_calls,
    of_copies,
    of_memories,
)

WITNESSES = (
    *of_calls.WITNESSES,
    *of_answers.WITNESSES,
    *of_breakers.WITNESSES,
    *of_copies.WITNESSES,
    *of_background.WITNESSES,
    *of_memories.WITNESSES,
)


def heard(
    simulation: Simulation, target: type[Target], method: str, expect: str = ""
) -> RunResult:
    """What becomes of a target under the witness's method."""
    return play(_scenario(target, method, expect), target, simulation)


def _scenario(target: type[Target], method: str, expect: str = "") -> LoadedScenario:
    head = "version: 1\nname: witness\nhypothesis: It is heard.\ntarget: witness\nmethod:\n"
    text = head + textwrap.indent(method, "  ") + (f"expect: {expect}\n" if expect else "")
    return load_text(text, "witness.yaml", lambda _: target.vocabulary())


def record_of(simulation: Simulation, target: type[Target], method: str) -> RunRecord:
    """The same as a law is given it."""
    result = heard(simulation, target, method)
    return RunRecord(
        scenario=_scenario(target, method).scenario,
        trace=result.trace,
        promises=target.promises({}),
        best_mode=target.vocabulary().best_mode,
        ended_s=result.virtual_s,
        speaking=speaking_of(target.make_upstreams()),
        has_loops=any(
            law.check == "loop-is-never-blocked" and law.outcome is not Outcome.INCONCLUSIVE
            for law in result.laws
        ),
    )
