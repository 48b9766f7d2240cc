"""Defects of the breaker's trials: too many, lost, or decided by the wrong call."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_BREAKER = "helpdesk.circuit_breaker:CircuitBreaker"
_PERMIT = "helpdesk.circuit_breaker:Permit"

DEFECTS = (
    Defect(
        name="no-half-open-gate",
        hazard=29,
        doc="At the end of the recovery timeout everybody rushes to a sick provider at once.",
        tags=("breaker", "users"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if len(self._trials) >= self.options.half_open_max_calls:
                -     return 0.0
                + pass
                """,
            ),
        ),
    ),
    Defect(
        name="one-trial-too-many",
        doc="Two calls try a provider that is given time to recover.",
        tags=("breaker", "users"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if len(self._trials) >= self.options.half_open_max_calls:
                + if len(self._trials) > self.options.half_open_max_calls:
                """,
            ),
        ),
    ),
    Defect(
        name="late-success-closes",
        hazard=31,
        doc="A slow answer from before the outage closes the breaker of a provider that is down.",
        tags=("breaker", "late"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if permit.generation != self._generation:
                -     return False
                - if self._state is State.HALF_OPEN:
                + if permit.generation != self._generation:
                +     return self._state is State.OPEN
                + if self._state is State.HALF_OPEN:
                """,
            ),
            Rewrite(
                _BREAKER,
                """
    - return self._enter(State.CLOSED) if self._state is State.HALF_OPEN else None
    + return self._enter(State.CLOSED) if self._state is not State.CLOSED else None
                """,
            ),
        ),
    ),
    Defect(
        name="late-failure-extends-the-outage",
        hazard=32,
        doc="Each call that times out after the opening takes the model away for longer.",
        tags=("breaker", "late", "users"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if permit.generation != self._generation:
                -     return False
                - if self._state is State.HALF_OPEN:
                + if permit.generation != self._generation:
                +     return self._state is State.OPEN
                + if self._state is State.HALF_OPEN:
                """,
            ),
        ),
    ),
    Defect(
        name="late-result-decides-the-trial",
        hazard=33,
        doc="A call from before the outage reopens or closes the breaker while its trial runs.",
        tags=("breaker", "late"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if permit.generation != self._generation:
                -     return False
                - if self._state is State.HALF_OPEN:
                + if permit.generation != self._generation:
                +     return self._state is State.HALF_OPEN
                + if self._state is State.HALF_OPEN:
                """,
            ),
        ),
    ),
    Defect(
        name="trial-without-lease",
        hazard=34,
        doc="One trial that never comes back, and the model is gone until somebody restarts.",
        tags=("breaker", "lease"),
        edits=(
            Rewrite(
                _BREAKER,
                """
    - self._trials = {n: until for n, until in self._trials.items() if now_s < until}
    + pass
                """,
            ),
        ),
    ),
    Defect(
        name="lease-of-a-minute-is-a-second",
        doc="A mistaken unit: while the trial still runs, every second another one joins it.",
        tags=("breaker", "lease"),
        edits=(
            Rewrite(
                f"{_BREAKER}.acquire",
                """
    - self._trials[permit.number] = now_s + self.options.trial_lease.total_seconds()
    + self._trials[permit.number] = now_s + self.options.trial_lease.total_seconds() / 60
                """,
            ),
        ),
    ),
    Defect(
        name="given-up-trial-still-decides",
        hazard=34,
        doc="A trial whose place was given to another one reopens the breaker all the same.",
        tags=("breaker", "lease"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - return time.monotonic() < self._trials.get(permit.number, -math.inf)
                + return True
                """,
            ),
        ),
    ),
    Defect(
        name="neutral-trial-keeps-its-place",
        hazard=36,
        doc="A rejected question is the trial, and for a minute nobody else may try.",
        tags=("breaker", "client-error"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if permit.generation == self._generation:
                + if permit.generation == self._generation and outcome != "neutral":
                """,
            ),
        ),
    ),
    Defect(
        name="trial-success-does-not-close",
        doc="The provider is well again, but only one call at a time is let through to it.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _BREAKER,
                """
    - return self._enter(State.CLOSED) if self._state is State.HALF_OPEN else None
    + return None
                """,
            ),
        ),
    ),
    Defect(
        name="failed-trial-does-not-renew-the-period",
        doc="After the first failed trial a sick provider is tried with every question.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - if new is State.OPEN:
                + if new is State.OPEN and old is State.CLOSED:
                """,
            ),
        ),
    ),
    Defect(
        name="failed-trial-needs-five-more",
        doc="Half-open goes on failing for four more calls before the breaker opens again.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _BREAKER,
                """
                = is_over = self._failures >= self.options.failure_threshold
                - self._trials.clear()
                + self._trials.clear()
                + self._failures = 0
                """,
            ),
        ),
    ),
    Defect(
        name="admitted-calls-go-on-after-the-opening",
        doc="A call that was let through before the opening makes all its attempts regardless.",
        tags=("breaker", "late"),
        edits=(
            Rewrite(
                f"{_PERMIT}.confirm",
                """
                - self._breaker._confirm(self)  # noqa: SLF001 - as above
                + pass
                """,
            ),
        ),
    ),
    Defect(
        name="breaker-without-its-lock",
        hazard=41,
        doc="Now and then two calls are the one trial.",
        tags=("breaker", "interleaved"),
        edits=(
            Rewrite(
                f"{_BREAKER}.acquire",
                """
                - with self._lock:
                + if self._lock:
                """,
            ),
        ),
    ),
)
