"""Defects of the breaker: when it opens, for how long, and what it counts."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_BREAKER = "helpdesk.circuit_breaker:CircuitBreaker"
_CALL = "helpdesk.model_call"

DEFECTS = (
    Defect(
        name="threshold-off-by-one",
        doc="The sixth question of an outage still waits for three attempts.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - is_over = self._failures >= self.options.failure_threshold
                + is_over = self._failures > self.options.failure_threshold
                """,
            ),
        ),
    ),
    Defect(
        name="threshold-one-too-low",
        doc="Four unlucky questions, and the model is gone for a minute.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - is_over = self._failures >= self.options.failure_threshold
                + is_over = self._failures + 1 >= self.options.failure_threshold
                """,
            ),
        ),
    ),
    Defect(
        name="threshold-of-six-by-default",
        doc="Right in the code, wrong in the settings: the breaker opens late.",
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
        doc="A mistaken unit: an outage of a minute takes the model away for an hour.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                _BREAKER,
                """
    - self._half_open_at_s = time.monotonic() + self.options.recovery_timeout.total_seconds()
    + pause_s = 60 * self.options.recovery_timeout.total_seconds()
    + self._half_open_at_s = time.monotonic() + pause_s
                """,
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
                """
                - if self._state is State.OPEN and now_s >= self._half_open_at_s:
                + if self._state is State.OPEN and now_s > self._half_open_at_s:
                """,
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
                """
                - if self._state is State.OPEN and now_s >= self._half_open_at_s:
                + if self._state is State.OPEN and now_s >= self._half_open_at_s - 1.0:
                """,
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
                f"{_BREAKER}.acquire",
                """
                - now_s = time.monotonic()
                + now_s = time.time()
                """,
            ),
            Rewrite(
                _BREAKER,
                """
    - self._half_open_at_s = time.monotonic() + self.options.recovery_timeout.total_seconds()
    + self._half_open_at_s = time.time() + self.options.recovery_timeout.total_seconds()
                """,
            ),
            Rewrite(
                _BREAKER,
                """
                - return time.monotonic() < self._trials.get(permit.number, -math.inf)
                + return time.time() < self._trials.get(permit.number, -math.inf)
                """,
            ),
            Rewrite(
                f"{_BREAKER}.snapshot",
                """
                - left_s = max(0.0, self._half_open_at_s - time.monotonic())
                + left_s = max(0.0, self._half_open_at_s - time.time())
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-says-a-full-period",
        doc="Callers are told to wait a minute when a second would do.",
        tags=("breaker", "time"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - return self._half_open_at_s - now_s
                + return self.options.recovery_timeout.total_seconds()
                """,
            ),
        ),
    ),
    Defect(
        name="success-does-not-clear-the-count",
        doc="Five failures in a week open the breaker, whatever came between them.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - case "success":
                -     self._failures = 0
                + case "success":
                +     pass
                """,
            ),
        ),
    ),
    Defect(
        name="neutral-as-success",
        hazard=35,
        doc="One rejected question among the failures, and the breaker never opens.",
        tags=("breaker", "client-error"),
        edits=(
            Rewrite(
                _BREAKER,
                """
                - case "neutral":
                -     return None
                - case "success":
                + case "neutral" | "success":
                """,
            ),
        ),
    ),
    Defect(
        name="neutral-as-failure",
        hazard=19,
        doc="Five bad prompts of one user take the model away from everybody.",
        tags=("breaker", "client-error"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - if error.counts:
                + if error.counts or error.status is not None:
                """,
            ),
        ),
    ),
    Defect(
        name="declined-answers-count",
        hazard=12,
        doc="Five questions that the content filter stops open the breaker.",
        tags=("breaker", "completion"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - if error.counts:
                + if error.counts or error.reason == "declined":
                """,
            ),
        ),
    ),
    Defect(
        name="failures-are-neutral",
        hazard=15,
        doc="The breaker never opens: the sum of all swallowed errors.",
        tags=("breaker",),
        edits=(
            Rewrite(
                "helpdesk.chat_errors",
                """
    - message, reason=reason, retryable=True, counts=True, retry_after_s=asked_s, status=status
    + message, reason=reason, retryable=True, counts=False, retry_after_s=asked_s, status=status
                """,
            ),
        ),
    ),
    Defect(
        name="streams-succeed-at-their-start",
        hazard=24,
        doc="A provider whose streams all break off is well, as far as the breaker can tell.",
        tags=("breaker", "stream"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                = return self._chat.complete(
                - return call(permit)
                + if self._chat.options.stream:
                +     permit.success()
                + return call(permit)
                """,
            ),
        ),
    ),
    Defect(
        name="attempts-counted-as-calls",
        hazard=17,
        doc="Two failed questions open the breaker instead of five.",
        tags=("breaker",),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - if self._counts_attempts:
                -     return self._retry.call(
                + if not self._counts_attempts:
                +     return self._retry.call(
                """,
            ),
        ),
    ),
    Defect(
        name="breaker-for-each-call",
        hazard=43,
        doc="Each call brings a breaker of its own, which never sees a second failure.",
        tags=("breaker",),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - with self._breaker.acquire() as permit:
                + own = __import__("copy").copy(self._breaker)
                + with own.acquire() as permit:
                """,
            ),
        ),
    ),
    Defect(
        name="breaker-bypassed",
        doc="A new code path calls the model without asking the breaker.",
        tags=("breaker",),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
    = with self._breaker.acquire() as permit:
    - if self._counts_attempts:
    -     return self._retry.call(
    -         lambda: self._permitted(lambda _: self._attempt()), deadline=self._deadline
    + if self._breaker.state is not State.CLOSED:
    +     return self._attempt()
    + if self._counts_attempts:
    +     return self._retry.call(
    +         lambda: self._permitted(lambda _: self._attempt()), deadline=self._deadline
                """,
            ),
        ),
    ),
    Defect(
        name="lock-held-over-the-call",
        hazard=30,
        doc="Questions to a slow model queue up behind each other.",
        tags=("breaker", "users"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                = self._caller = caller
                - with self._breaker.acquire() as permit:
                + lock = vars(self._caller).setdefault("held", __import__("threading").Lock())
                + with lock, self._breaker.acquire() as permit:
                """,
            ),
        ),
    ),
)
