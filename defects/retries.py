"""Defects of retrying: how often, how soon, and what not at all."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_RETRY = "helpdesk.retry:Retry"
_PLAN = "helpdesk.retry"

DEFECTS = (
    Defect(
        name="one-attempt-too-many",
        doc="Four attempts where three were promised.",
        tags=("retry", "openai"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if state.attempt_number >= self._policy.options.attempts:
                + if state.attempt_number > self._policy.options.attempts:
                """,
            ),
        ),
    ),
    Defect(
        name="two-attempts-by-default",
        doc="The third attempt, which would have succeeded, is not made.",
        tags=("retry", "openai"),
        edits=(WrongDefault("openai.retry.attempts", "2"),),
    ),
    Defect(
        name="sdk-retries-multiply",
        hazard=1,
        doc="Nine requests for each question to a provider that is down.",
        tags=("retry", "openai"),
        edits=(
            Rewrite(
                "helpdesk.openai_chat:ChatClient",
                """
                - return client.with_options(max_retries=0, http_client=bounded)
                + return client.with_options(max_retries=2, http_client=bounded)
                """,
            ),
        ),
    ),
    Defect(
        name="backoff-starts-at-one-second",
        hazard=4,
        doc="The classic multiplier of 1: waits of one and two seconds instead of two and four.",
        tags=("retry", "openai"),
        edits=(WrongDefault("openai.retry.first_backoff", "1s"),),
    ),
    Defect(
        name="backoff-does-not-grow",
        hazard=4,
        doc="A provider that needs a moment is asked again at the same pace.",
        tags=("retry", "openai"),
        edits=(
            Rewrite(
                _RETRY,
                """
    - return max(self._backoff(state), asked_s) + self._jitter(state)
    + return max(self.options.first_backoff.total_seconds(), asked_s) + self._jitter(state)
                """,
            ),
        ),
    ),
    Defect(
        name="backoff-without-a-cap",
        doc="Told to make more attempts, it waits sixteen seconds where ten are the most.",
        tags=("retry", "openai", "settings"),
        edits=(
            Rewrite(
                f"{_RETRY}.__init__",
                """
                - max=options.max_backoff.total_seconds(),
                + max=60 * options.max_backoff.total_seconds(),
                """,
            ),
        ),
    ),
    Defect(
        name="no-jitter",
        hazard=4,
        doc="Callers that failed together come back together, and fail together.",
        tags=("retry", "users"),
        edits=(
            Rewrite(
                _RETRY,
                """
                - return max(self._backoff(state), asked_s) + self._jitter(state)
                + return max(self._backoff(state), asked_s)
                """,
            ),
        ),
    ),
    Defect(
        name="jitter-in-the-wrong-unit",
        doc="Up to a minute is added to each wait, instead of a second.",
        tags=("retry", "openai"),
        edits=(
            Rewrite(
                _RETRY,
                """
                - return max(self._backoff(state), asked_s) + self._jitter(state)
                + return max(self._backoff(state), asked_s) + 60 * self._jitter(state)
                """,
            ),
        ),
    ),
    Defect(
        name="retry-after-ignored",
        hazard=5,
        doc="Attempts are made while the provider still refuses them.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                _RETRY,
                """
                - return max(self._backoff(state), asked_s) + self._jitter(state)
                + return self._backoff(state) + self._jitter(state)
                """,
            ),
        ),
    ),
    Defect(
        name="retry-after-replaces-the-backoff",
        hazard=5,
        doc="A provider that says half a second is asked again half a second later, by everybody.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                _RETRY,
                """
                - return max(self._backoff(state), asked_s) + self._jitter(state)
                + return (asked_s or self._backoff(state)) + self._jitter(state)
                """,
            ),
        ),
    ),
    Defect(
        name="retry-after-capped",
        hazard=5,
        doc="Asked to wait two minutes, it waits ten seconds, and is refused again.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                _RETRY,
                """
    - asked_s = getattr(error, "retry_after_s", None) or 0.0
    + most_s = self.options.max_backoff.total_seconds()
    + asked_s = min(getattr(error, "retry_after_s", None) or 0.0, most_s)
                """,
            ),
        ),
    ),
    Defect(
        name="milliseconds-as-seconds",
        hazard=5,
        doc="OpenAI asks for 4500 milliseconds, and is given up for an hour.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.retry_after:retry_after_s",
                """
    - for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
    + for name, unit_s in (("retry-after-ms", 1.0), ("retry-after", 1.0)):
                """,
            ),
        ),
    ),
    Defect(
        name="reset-of-a-spent-limit-ignored",
        hazard=5,
        doc="A limit that is used up, and says when it is whole again, asks for no pause.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.retry_after:retry_after_s",
                """
                - return _until_reset_s(headers)
                + return None
                """,
            ),
        ),
    ),
    Defect(
        name="retry-after-date-ignored",
        hazard=5,
        doc="A pause given as a date is not understood, and not kept.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.retry_after:retry_after_s",
                """
                - return min(max(0.0, date.timestamp() - time.time()), LONGEST_S)
                + return None if date else 0.0
                """,
            ),
        ),
    ),
    Defect(
        name="pause-forgotten",
        hazard=5,
        doc="Asked to wait two minutes, it asks again with the next question.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - self._memory.note_pause(error)
                """,
            ),
        ),
    ),
    Defect(
        name="pause-outlived",
        hazard=5,
        doc="A pause is waited for in full by whoever comes at its end, and then once more.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.model_call:ModelCaller.await_pause",
                """
                - wait_s = pause.left_s + self._retry.jitter_s()
                + wait_s = 2 * pause.left_s + self._retry.jitter_s()
                """,
            ),
        ),
    ),
    Defect(
        name="lasting-refusal-forgotten",
        hazard=6,
        doc="A spent quota is asked for again with every question.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.provider_memory:ProviderMemory.settle",
                """
                - if error is not None and error.lasting:
                + if error is not None and error.lasting and error.counts:
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-remembered-for-an-hour",
        hazard=6,
        doc="The quota is filled up again, and nobody looks.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.provider_memory:ProviderMemory.__init__",
                """
                - self._upstream = upstream
                + longer = {"recovery_timeout": 60 * options.recovery_timeout}
                + options = options.model_copy(update=longer)
                """,
            ),
        ),
    ),
    Defect(
        name="retry-everything",
        hazard=7,
        doc="A request that OpenAI rejects is sent three times.",
        tags=("retry", "client-error"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if not getattr(error, "retryable", False):
                + if not isinstance(error, Exception):
                """,
            ),
        ),
    ),
    Defect(
        name="retry-nothing",
        hazard=8,
        doc="The classic filter on OSError: a single reset costs the answer.",
        tags=("retry", "connection"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if not getattr(error, "retryable", False):
                + if not isinstance(error, OSError):
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-is-retried",
        hazard=16,
        doc="While the breaker is open, everybody waits six seconds for nothing.",
        tags=("breaker", "settings"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if not getattr(error, "retryable", False):
                + if not getattr(error, "retryable", True):
                """,
            ),
        ),
    ),
    Defect(
        name="cause-lost-in-the-refusal",
        hazard=18,
        doc="The failure that opens the breaker is told as 'breaker open', after a wait.",
        tags=("breaker", "settings"),
        edits=(
            Rewrite(
                "helpdesk.model_call",
                """
                - if self._breaker.state is not State.CLOSED:
                + if self._breaker.state is State.HALF_OPEN:
                """,
            ),
        ),
    ),
    Defect(
        name="cause-lost-in-a-retry-error",
        hazard=14,
        doc="tenacity's own error comes out, and nobody knows any more what was wrong.",
        tags=("retry", "openai"),
        edits=(
            Rewrite(
                f"{_RETRY}.call",
                """
                - return retrying(attempt)
                + try:
                +     return retrying(attempt)
                + except Exception as error:
                +     raise tenacity.RetryError(tenacity.Future(1)) from error
                """,
            ),
        ),
    ),
    Defect(
        name="wait-beyond-the-deadline",
        hazard=5,
        doc="A provider that asks for two minutes gets them, and so does the asker.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if self._pause_s + LEAST_USEFUL_S > left_s:
                + if left_s <= 0:
                """,
            ),
        ),
    ),
    Defect(
        name="wait-for-a-useless-attempt",
        hazard=3,
        doc="Half a minute of waiting for an attempt that has no time left to succeed.",
        tags=("retry", "rate-limit"),
        edits=(
            Rewrite(
                "helpdesk.retry",
                """
                - if self._pause_s + LEAST_USEFUL_S > left_s:
                + if self._pause_s > left_s:
                """,
            ),
        ),
    ),
)
