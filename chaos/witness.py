"""Witnesses of laws, for tests in Python: a law that was never seen to fail may not work."""

from __future__ import annotations

import textwrap

from chaos.checks.registry import find_law
from chaos.ports import Target
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

_HEAD = "version: 1\nname: witness\nhypothesis: It is heard.\ntarget: witness\nmethod:\n"


def assert_witnessed(
    law: str, *, breaks: type[Target], keeps: type[Target], method: str = "- ask: Is all well?"
) -> None:
    """Show that a law notices by itself what is wrong, and accuses nobody who is sound.

    Args:
        law: The name of the law.
        breaks: A target that breaks it, and no other law.
        keeps: A target that puts it to the test, keeps it, and breaks no other.
        method: The steps that are played with both, as YAML.

    Raises:
        AssertionError: One of them does not; the message says what the laws found.
        ChaosError: There is no such law, or the steps cannot be read.

    Example:
        >>> from chaos.ports import Answer
        >>> class Silent(Target):
        ...     def ask(self, question):
        ...         raise RuntimeError("nobody is there")
        >>> class Sound(Target):
        ...     def ask(self, question):
        ...         return Answer(mode="llm", text="All is well.")
        >>> assert_witnessed("every-ask-is-answered", breaks=Silent, keeps=Sound)
    """
    find_law(law)
    with SimulatedTier() as simulation:
        broken = _told(_heard(simulation, breaks, method), Outcome.FAILED)
        kept = _heard(simulation, keeps, method)
    assert set(broken) == {law}, f"{breaks.__name__} should break {law!r} alone; it broke {broken}"
    accused = _told(kept, Outcome.FAILED)
    assert not accused, f"{keeps.__name__} should break no law; it broke {accused}"
    idle = _told(kept, Outcome.INCONCLUSIVE).get(law)
    assert idle is None, f"{keeps.__name__} did not exercise {law!r}: {idle}"


def _heard(simulation: Simulation, target: type[Target], method: str) -> RunResult:
    text = _HEAD + textwrap.indent(method, "  ")
    return play(load_text(text, "witness.yaml", lambda _: target.vocabulary()), target, simulation)


def _told(result: RunResult, outcome: Outcome) -> dict[str, str]:
    """What the laws with this outcome say; of a run that broke down there is nothing to say."""
    assert result.laws, f"the run broke down: {[each.reason for each in result.problems]}"
    return {law.check: law.reason for law in result.laws if law.outcome is outcome}
