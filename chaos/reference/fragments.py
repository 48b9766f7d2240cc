"""Pieces of scenarios, as documentation shows them, made whole and played."""

from __future__ import annotations

from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario, load_text
from chaos.simulation.world import Simulation
from chaos.targets import vocabulary_of
from chaos.targets.here import find_here

_HEAD = "version: 1\nname: example\nhypothesis: An example.\nmethod:\n"


def whole(text: str) -> str:
    """A scenario; steps alone, as a list, become the method of one.

    Example:
        >>> print(whole("- ask: Is the VPN down?"))
        version: 1
        name: example
        hypothesis: An example.
        method:
        - ask: Is the VPN down?
    """
    return _HEAD + text if text.startswith("- ") else text


def load_fragment(text: str) -> LoadedScenario:
    """The scenario that a piece of text stands for.

    Raises:
        ScenarioError: It stands for none.
    """
    return load_text(whole(text), "example.yaml", vocabulary_of)


def play_fragment(text: str, simulation: Simulation) -> RunResult:
    """Play a piece of text as a scenario.

    Raises:
        ScenarioError: It is none.
    """
    loaded = load_fragment(text)
    return play(loaded, find_here(loaded.scenario.target), simulation)
