"""Plays scenarios again and again in one simulation that stays entered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from chaos import session
from chaos.processes.pool import workers
from chaos.runner.isolation import is_isolated
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.simulation.timing import real
from chaos.simulation.world import Simulation
from chaos.targets import find_target


class Rerun:
    """Plays scenarios; what it has loaded before, it has imported before.

    Args:
        simulation: Entered, and idle whenever `play` is called.
        expression: Only scenarios matching.
        seed: Replaces the seed of every scenario.

    Attributes:
        count: How many runs there were.
    """

    def __init__(
        self, simulation: Simulation, *, expression: str = "", seed: int | None = None
    ) -> None:
        self._simulation = simulation
        self._expression = expression
        self._seed = seed
        self.count = 0

    def play(self, paths: Sequence[Path], on_result: Callable[[RunResult], None]) -> SuiteResult:
        """Load the scenarios at ``paths`` as they are now, and play them.

        Raises:
            ScenarioError: At least one file is wrong; nothing was played.
            ChaosError: A path does not exist.
        """
        began = real.monotonic()
        results = []
        loaded = session.load(paths, self._expression)
        targets = [find_target(each.scenario.target) for each in loaded]
        # What is played once is played again: nothing here is ever alone.
        isolated = any(map(is_isolated, loaded, targets))

        def work(number: int) -> RunResult:
            return session.play_one(
                loaded[number], targets[number], self._simulation, seed=self._seed
            )

        with workers(lambda: nullcontext(work), 1, isolated=isolated) as playing:
            for result in playing.in_order(range(len(loaded))):
                results.append(result)
                self.count += 1
                on_result(result)
        return SuiteResult(results=tuple(results), real_s=real.monotonic() - began)
