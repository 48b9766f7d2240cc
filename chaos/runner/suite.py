"""What playing many scenarios leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chaos.checks.laws import LAWS
from chaos.runner.result import RunResult
from chaos.scenario.collecting import PassedOver
from chaos.verdict import Outcome, combine


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """Every run of one call of ``chaos run``.

    Attributes:
        results: In the order they were played.
        real_s: Real time of all of it, in seconds.
        passed_over: What might be taken for a part of the suite and was not played.
    """

    results: tuple[RunResult, ...]
    real_s: float
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome of all; inconclusive when nothing was played."""
        return combine(result.outcome for result in self.results)

    def count(self, outcome: Outcome) -> int:
        """How many runs ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def tiers(self) -> Mapping[str, int]:
        """How many runs each tier has seen; none is missing that was played."""
        return Counter(result.tier for result in self.results)

    @property
    def laws_not_exercised(self) -> tuple[str, ...]:
        """Laws that no run put to the test, though a target of the suite gives them cause.

        A law about what nobody promises, such as a breaker, is not among them.
        """
        promised = {law for result in self.results for law in result.promised}
        exercised = {
            law.check
            for result in self.results
            for law in result.laws
            if law.outcome is not Outcome.INCONCLUSIVE
        }
        return tuple(law.name for law in LAWS if law.name in promised - exercised)
