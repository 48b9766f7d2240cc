"""The reference breaker: what any breaker with these promises must do, and nothing else.

A value, not an object: each operation takes the time and returns the breaker that follows. It has
no clock, no lock and no listener, so that it can be read beside the specification.

- Closed counts consecutive failures; at ``failure_threshold`` it opens.
- Open refuses everything for exactly ``recovery_timeout_s``.
- Half-open admits ``half_open_max_calls`` trials at once. The first success closes it; any failure
  opens it for another full period.
- A neutral outcome counts for nothing and gives its permit back.
- A trial that is not settled within ``trial_lease_s`` is given up: its permit may be given to
  another, and its outcome no longer counts.
- An outcome that arrives after the breaker changed state comes too late to count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeVar

from chaos.ports import BreakerPolicy

State = Literal["closed", "open", "half_open"]
CallOutcome = Literal["success", "failure", "neutral"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPermit:
    """Leave for one call.

    Attributes:
        number: Tells permits apart, from 1.
        period: The period in which it was granted; a period lasts from one change of state to
            the next.
        granted_s: When, in seconds.
    """

    number: int
    period: int
    granted_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRefusal:
    """No leave: ``retry_after_s`` until a trial may be made, 0.0 while one is running."""

    retry_after_s: float


@dataclass(frozen=True, slots=True)
class BreakerModel:
    """A breaker at one moment.

    Attributes:
        policy: What the breaker promises.
        state: Where it stands.
        failures: Consecutive failures that counted.
        period: Changes of state so far.
        opened_s: When it last opened.
        granted: Permits granted so far.
        trials: Permits of this half-open period that are neither settled nor given up.

    Example:
        >>> model = BreakerModel(BreakerPolicy(failure_threshold=1, recovery_timeout_s=60))
        >>> model, permit = model.acquire(0.0)
        >>> model, counted = model.settle(permit, "failure", 2.0)
        >>> model.acquire(61.0)[1]
        ModelRefusal(retry_after_s=1.0)
        >>> model.acquire(62.0)[0].state
        'half_open'
    """

    policy: BreakerPolicy
    state: State = "closed"
    failures: int = 0
    period: int = 0
    opened_s: float = 0.0
    granted: int = 0
    trials: tuple[ModelPermit, ...] = ()

    def at(self, now_s: float) -> Self:
        """The breaker once someone looks at it at ``now_s``: what is due has happened."""
        if self.state == "open" and now_s >= self.opened_s + self.policy.recovery_timeout_s:
            return _entered(self, "half_open")
        return replace(self, trials=tuple(t for t in self.trials if not self._lapsed(t, now_s)))

    def acquire(self, now_s: float) -> tuple[Self, ModelPermit | ModelRefusal]:
        """Ask to make one call."""
        model = self.at(now_s)
        if model.state == "open":
            until_s = model.opened_s + model.policy.recovery_timeout_s
            return model, ModelRefusal(retry_after_s=until_s - now_s)
        if model.state == "half_open" and len(model.trials) >= model.policy.half_open_max_calls:
            return model, ModelRefusal(retry_after_s=0.0)
        permit = ModelPermit(number=model.granted + 1, period=model.period, granted_s=now_s)
        trials = (*model.trials, permit) if model.state == "half_open" else ()
        return replace(model, granted=permit.number, trials=trials), permit

    def settle(self, permit: ModelPermit, outcome: CallOutcome, now_s: float) -> tuple[Self, bool]:
        """End a permitted call; the second value is whether its outcome counted."""
        trial = self.state == "half_open"
        if permit.period != self.period or (trial and permit not in self.at(now_s).trials):
            return self, False
        model = replace(self, trials=tuple(t for t in self.trials if t != permit))
        if outcome == "neutral":
            return model, True
        if outcome == "success":
            model = replace(model, failures=0)
            return (_entered(model, "closed") if trial else model), True
        model = replace(model, failures=model.failures + 1)
        if trial or model.failures >= model.policy.failure_threshold:
            model = replace(_entered(model, "open"), opened_s=now_s)
        return model, True

    def _lapsed(self, trial: ModelPermit, now_s: float) -> bool:
        lease_s = self.policy.trial_lease_s
        return lease_s is not None and now_s >= trial.granted_s + lease_s


_M = TypeVar("_M", bound=BreakerModel)


def _entered(model: _M, state: State) -> _M:
    """The breaker at the start of a new period: permits of earlier ones have no say in it."""
    return replace(model, state=state, period=model.period + 1, trials=())
