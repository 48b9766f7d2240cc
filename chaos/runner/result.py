"""What a run leaves behind."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property

from chaos.scenario.loader import LoadedScenario
from chaos.trace.ndjson import digest
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict, combine

_WORTH_TELLING_S = 0.5
"""A disk may let somebody wait for less."""


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run of one scenario.

    Attributes:
        loaded: The scenario and the text it came from.
        tier: ``simulated``, ``wire`` or ``served``.
        seed: What the choices were drawn from.
        trace: Everything that happened.
        verdicts: Expectations, faults that had to fire, and the state of the run itself.
        laws: One verdict for each law; a law that was not exercised is inconclusive.
        waived: Laws that the scenario sets aside.
        virtual_s: How long the run took in its own time.
        real_s: How long it took in ours.
        outside_s: Of that, how long the service has waited at a stretch for something that is not
            simulated, in no virtual time.
        best_mode: How the target answers while all is well.
        is_compared: Whether its verdicts speak of the other tier too.
    """

    loaded: LoadedScenario
    tier: str
    seed: int
    trace: Trace
    verdicts: tuple[Verdict, ...]
    laws: tuple[Verdict, ...]
    waived: tuple[str, ...]
    virtual_s: float
    real_s: float
    best_mode: str
    is_compared: bool = False
    outside_s: float = 0.0

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of everything that was judged.

        A law that had nothing to judge casts no doubt on a run; a law that was broken fails it.
        """
        broken = (law for law in self.laws if law.outcome is Outcome.FAILED)
        return combine(verdict.outcome for verdict in (*self.verdicts, *broken))

    @cached_property
    def problems(self) -> tuple[Verdict, ...]:
        """Every verdict that kept the run from passing, failures first."""
        bad = [v for v in self.verdicts if v.outcome is not Outcome.PASSED]
        bad += [v for v in self.laws if v.outcome is Outcome.FAILED]
        return tuple(sorted(bad, key=lambda verdict: verdict.outcome is not Outcome.FAILED))

    @cached_property
    def digest(self) -> str:
        """The digest of the trace: equal digests mean equal runs."""
        return digest(self.trace)

    @property
    def note(self) -> str | None:
        """What a reader has to know besides; None if that is nothing."""
        if self.tier != "simulated" or self.outside_s < _WORTH_TELLING_S:
            return None
        return (
            f"the service waited for {self.outside_s:.1f} s of real time, and no virtual time, "
            "for something that is not simulated"
        )

    @property
    def replay(self) -> str:
        """The command that plays this run again; of a simulated one it shows every event."""
        if self.tier == "served":
            return f"chaos serve {shlex.quote(self.loaded.source.path)} --seed {self.seed}"
        played = f"{shlex.quote(self.loaded.source.path)} --seed {self.seed}"
        if self.is_compared:
            return f"chaos run {played} --tier both"
        if self.tier == "simulated":
            return f"chaos replay {played}"
        return f"chaos run {played} --tier {self.tier}"
