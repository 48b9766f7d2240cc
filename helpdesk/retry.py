"""Making a failed call again: when, how often, and when there is no point.

The policy knows no provider. An error says of itself whether the same call could succeed:
``retryable: bool``, and if the provider asked for a pause, ``retry_after_s: float | None``.
An error without ``retryable`` is not tried again, and neither is Ctrl-C.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import tenacity

from helpdesk.events import GivenUpReason, Listener, RetryGivenUp, RetryScheduled, notify
from helpdesk.settings import RetrySettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

LEAST_USEFUL_S = 1.0
"""An attempt that would have less time than this before its deadline is not made."""


class Retry:
    """Attempts a call until it succeeds, cannot succeed, or there is no time left.

    The wait after attempt n is ``first_backoff`` doubled n - 1 times, at most ``max_backoff``,
    or what the provider asked for if that is longer; plus a random part up to ``jitter``, so
    that callers who failed together do not come back together. Safe to share between threads.

    Args:
        options: Attempts and waits.
        upstream: Who is called, for events and logs.
        listeners: Told of each wait before it starts, and of each call that is given up.

    Example:
        >>> Retry(RetrySettings(), upstream="openai").call(
        ...     lambda: "done", deadline=time.monotonic() + 30
        ... )
        'done'
    """

    def __init__(
        self, options: RetrySettings, *, upstream: str, listeners: Sequence[Listener] = ()
    ) -> None:
        self.options = options
        self.upstream = upstream
        self._listeners = tuple(listeners)
        self._backoff = tenacity.wait_exponential(
            multiplier=options.first_backoff.total_seconds(),
            max=options.max_backoff.total_seconds(),
        )
        self._jitter = tenacity.wait_random(0, options.jitter.total_seconds())

    def call(self, attempt: Callable[[], T], *, deadline: float) -> T:
        """Return what ``attempt`` returns, after as many attempts as it takes and may have.

        Args:
            attempt: Makes one attempt; it must end by ``deadline`` of its own accord.
            deadline: A ``time.monotonic()`` value. When the next wait does not leave an
                attempt a useful time before it, the call gives up at once instead of waiting.

        Raises:
            Exception: The error of the last attempt, unchanged.
        """
        plan = _Plan(self, deadline)
        # One Retrying for each call: tenacity's decorated functions share a dictionary between
        # threads, and lose its keys under load. It has no stop condition beside the plan, so
        # that a call given up ends with its own error and never with a RetryError.
        retrying = tenacity.Retrying(
            retry=plan.should_go_on, wait=plan.wait_s, before_sleep=plan.report
        )
        try:
            return retrying(attempt)
        finally:
            plan.let_go()

    def jitter_s(self) -> float:
        """Return a random part for a wait, in seconds, as it is added between attempts."""
        return self._jitter(_NO_STATE)

    def _pause_s(self, state: tenacity.RetryCallState, error: Exception) -> float:
        asked_s = getattr(error, "retry_after_s", None) or 0.0
        return max(self._backoff(state), asked_s) + self._jitter(state)


class _Plan:
    """What one call decides between two of its attempts.

    Everything is decided in the first question that tenacity asks after a failure; the order
    of the others differs between its versions.
    """

    def __init__(self, policy: Retry, deadline: float) -> None:
        self._policy = policy
        self._deadline = deadline
        self._pause_s = 0.0
        self._state: tenacity.RetryCallState | None = None

    def should_go_on(self, state: tenacity.RetryCallState) -> bool:
        self._state = state
        error = _error(state)
        # Only an Exception: tenacity also asks about Ctrl-C, an exit and a cancellation.
        if not isinstance(error, Exception):
            return False
        reason = self._reason_to_stop(state, error)
        if reason is not None:
            self._report_end(state, error, reason)
        return reason is None

    def _reason_to_stop(
        self, state: tenacity.RetryCallState, error: Exception
    ) -> GivenUpReason | None:
        if not getattr(error, "retryable", False):
            return "not_retryable"
        if state.attempt_number >= self._policy.options.attempts:
            return "attempts_used"
        self._pause_s = self._policy._pause_s(state, error)  # noqa: SLF001 - one subject
        left_s = self._deadline - time.monotonic()
        if self._pause_s + LEAST_USEFUL_S > left_s:
            return "no_time_left"
        return None

    def let_go(self) -> None:
        """Forget the outcome of the last attempt.

        Its error has a traceback, whose frames hold tenacity's state, which holds the error. In
        an outage that circle would keep each failed exchange, body and all, until the next
        garbage collection.
        """
        if self._state is not None:
            self._state.outcome = None
        self._state = None

    def wait_s(self, _: tenacity.RetryCallState) -> float:
        return self._pause_s

    def report(self, state: tenacity.RetryCallState) -> None:
        upstream, attempt, cause = self._policy.upstream, state.attempt_number, str(_error(state))
        logger.info(
            "%s: attempt %d failed (%s); next in %.1f s", upstream, attempt, cause, self._pause_s
        )
        event = RetryScheduled(
            upstream=upstream, attempt=attempt, wait_s=self._pause_s, cause=cause
        )
        notify(self._policy._listeners, event)  # noqa: SLF001 - one subject

    def _report_end(
        self, state: tenacity.RetryCallState, error: Exception, reason: GivenUpReason
    ) -> None:
        upstream, attempt, cause = self._policy.upstream, state.attempt_number, str(error)
        why = reason.replace("_", " ")
        if reason == "no_time_left":
            why += f" for a wait of {self._pause_s:.1f} s"
        logger.info("%s: attempt %d failed (%s); given up: %s", upstream, attempt, cause, why)
        event = RetryGivenUp(upstream=upstream, attempt=attempt, reason=reason, cause=cause)
        notify(self._policy._listeners, event)  # noqa: SLF001 - one subject


_NO_STATE = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
"""The random wait asks for a state, and looks at nothing in it."""


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None
