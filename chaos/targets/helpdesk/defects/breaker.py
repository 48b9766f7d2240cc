"""Defects of the breaker: when it opens, for how long, and what it counts."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from chaos.targets.helpdesk.defects.wrong_default import WrongDefault

_BREAKER = "helpdesk.circuit_breaker:CircuitBreaker"
_RAG = "helpdesk.rag_response_service:RAGResponseService"

DEFECTS = (
    Defect(
        name="threshold-off-by-one",
        doc="The sixth question of an outage still waits for three attempts.",
        tags=("breaker",),
        edits=(
            Rewrite(
                f"{_BREAKER}._judge",
                {
                    "is_over = self._failures >= self.options.failure_threshold": (
                        "is_over = self._failures > self.options.failure_threshold"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="threshold-one-too-low",
        doc="Four bad minutes, and the model is gone for another one.",
        tags=("breaker",),
        edits=(
            Rewrite(
                f"{_BREAKER}._judge",
                {
                    "is_over = self._failures >= self.options.failure_threshold": (
                        "is_over = self._failures + 1 >= self.options.failure_threshold"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="threshold-of-six-by-default",
        doc="As specified in the code, but not in the settings: the breaker opens late.",
        tags=("breaker",),
        edits=(WrongDefault("openai.breaker.failure_threshold", "6"),),
    ),
    Defect(
        name="recovery-of-thirty-seconds",
        doc="A provider that is down is tried twice as often as promised.",
        tags=("breaker", "time"),
        edits=(WrongDefault("openai.breaker.recovery_timeout", "30s"),),
    ),
    Defect(
        name="recovery-in-minutes",
        doc="A unit is mistaken: an outage of a minute takes the model away for an hour.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                f"{_BREAKER}._enter",
                {
                    "self._half_open_at_s = time.monotonic() "
                    "+ self.options.recovery_timeout.total_seconds()": (
                        "self._half_open_at_s = time.monotonic() "
                        "+ 60 * self.options.recovery_timeout.total_seconds()"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="trial-a-tick-late",
        doc="At the very end of the recovery timeout the call is still refused.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                f"{_BREAKER}.acquire",
                {
                    "if self._state is State.OPEN and now_s >= self._half_open_at_s:": (
                        "if self._state is State.OPEN and now_s > self._half_open_at_s:"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="trial-a-second-early",
        doc="The provider is tried before its time of rest is over.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                f"{_BREAKER}.acquire",
                {
                    "if self._state is State.OPEN and now_s >= self._half_open_at_s:": (
                        "if self._state is State.OPEN and now_s >= self._half_open_at_s - 1.0:"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="breaker-on-the-wall-clock",
        hazard=37,
        doc="After a time correction the breaker stays open for an hour, or not at all.",
        tags=("breaker", "time", "clock"),
        edits=(
            Rewrite(
                f"{_BREAKER}.acquire", {"now_s = time.monotonic()": "now_s = time.time()"}
            ),
            Rewrite(
                f"{_BREAKER}._enter",
                {
                    "self._half_open_at_s = time.monotonic() "
                    "+ self.options.recovery_timeout.total_seconds()": (
                        "self._half_open_at_s = time.time() "
                        "+ self.options.recovery_timeout.total_seconds()"
                    )
                },
            ),
            Rewrite(
                f"{_BREAKER}._is_current",
                {
                    "return time.monotonic() < self._trials.get(permit.number, -math.inf)": (
                        "return time.time() < self._trials.get(permit.number, -math.inf)"
                    )
                },
            ),
            Rewrite(
                f"{_BREAKER}.snapshot",
                {
                    "left_s = max(0.0, self._half_open_at_s - time.monotonic())": (
                        "left_s = max(0.0, self._half_open_at_s - time.time())"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="refusal-says-a-full-period",
        doc="Callers are told to wait a minute when a second would do.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                f"{_BREAKER}._refusal",
                {
                    "return self._half_open_at_s - now_s": (
                        "return self.options.recovery_timeout.total_seconds()"
                    )
                },
            ),
        ),
    ),
    Defect(
        name="success-does-not-clear-the-count",
        doc="Five failures in a week open the breaker, whatever came between them.",
        tags=("breaker",),
        edits=(Rewrite(f"{_BREAKER}._judge", {"self._failures = 0": "pass"}),),
    ),
    Defect(
        name="neutral-as-success",
        hazard=35,
        doc="One rejected question among the failures, and the breaker never opens.",
        tags=("breaker", "client-error"),
        edits=(Rewrite(f"{_BREAKER}._settle", {"permit.settled = True": _NEUTRAL_IS_SUCCESS}),)
        if (
            _NEUTRAL_IS_SUCCESS := (
                "permit.settled = True\n"
                'outcome = "success" if outcome == "neutral" else outcome'
            )
        )
        else (),
    ),
)
