"""What a provider has said about calls to come: to wait, or that nothing will be answered.

Both hold for all questions and not for the one that was told. A pause (``Retry-After``) is kept
until it is over. A lasting refusal (the key, the allowance, the model) is remembered until
somebody has mended it: meanwhile no call is made, but for one now and then to see whether it
holds. Neither says anything about the provider's health, so the breaker knows of neither.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from helpdesk.circuit_breaker import CircuitBreaker, Permit, State
from helpdesk.errors import CallNotPermittedError, ChatError, FailureReason
from helpdesk.settings import BreakerSettings

_REFUSED_ENOUGH = 3
"""So many refused questions in a row are not the questions' fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Why a provider is not to be asked.

    Attributes:
        reason: As for a question that it refused.
        left_s: Seconds until it may be asked again; 0.0 when the next question may try.
    """

    reason: FailureReason
    left_s: float


class ProviderMemory:
    """Remembers for one provider; safe to share between threads.

    Args:
        upstream: Who it is, for logs.
        options: ``recovery_timeout`` is also the time between two looks at a lasting refusal, and
            ``trial_lease`` the time such a look may take.

    Example:
        >>> memory = ProviderMemory("openai", BreakerSettings())
        >>> memory.note_pause(ChatError("429", reason="rate_limited", retryable=True, counts=True,
        ...                             retry_after_s=120.0))
        >>> memory.pause().reason
        'rate_limited'
    """

    def __init__(self, upstream: str, options: BreakerSettings) -> None:
        self._upstream = upstream
        # One lasting refusal opens it, one trial at a time goes through: what a breaker does.
        # It has no listeners; it is not the breaker that operators and tests look at.
        self._account = CircuitBreaker(
            f"account at {upstream}", options.model_copy(update={"failure_threshold": 1})
        )
        # Guards what follows, for an instant at a time.
        self._lock = threading.Lock()
        self._pause_ends_s = 0.0
        self._pause_reason: FailureReason = "rate_limited"
        self._refused_reason: FailureReason = "rejected"
        self._refused_in_a_row = 0

    def pause(self) -> Closure | None:
        """Return the pause that is to be kept; None if there is none, or no longer."""
        with self._lock:
            left_s = self._pause_ends_s - time.monotonic()
            return Closure(reason=self._pause_reason, left_s=left_s) if left_s > 0 else None

    def acquire(self) -> Permit:
        """Ask to make one call; its outcome is to be noted with the permit, see ``settle``.

        Raises:
            ChatError: The last call was refused for a reason that lasts, and it is too early to
                look again, or somebody is looking.
        """
        try:
            return self._account.acquire()
        except CallNotPermittedError as error:
            raise ChatError(
                "not called: the last call was refused; next attempt in "
                f"{error.retry_after_s:.0f} s",
                reason=self._refused_reason,
                retryable=False,
                counts=False,
            ) from error

    def settle(self, permit: Permit, error: ChatError | None) -> None:
        """Note how a call ended; None for a reply."""
        with self._lock:
            if error is None or error.reason == "declined":
                # The model was asked and had something to say: nothing is amiss with the account.
                self._refused_in_a_row = 0
            elif error.lasting or error.reason == "rejected":
                self._refused_reason = error.reason
                self._refused_in_a_row += 1
        if error is not None and error.lasting:
            permit.failure()
        elif error is None or error.reason == "declined":
            permit.success()
        else:
            permit.neutral()

    def note_pause(self, error: ChatError) -> None:
        """Keep the pause that came with the failure of one attempt, if there was one."""
        if not error.retry_after_s:
            return
        ends_s = time.monotonic() + error.retry_after_s
        with self._lock:
            # Of several pauses the longest holds: none of them was taken back.
            if ends_s > self._pause_ends_s:
                self._pause_ends_s, self._pause_reason = ends_s, error.reason

    def closure(self) -> Closure | None:
        """Return why no answer is to be expected now, for the status; None if there may be one."""
        account = self._account.snapshot()
        with self._lock:
            reason, refused = self._refused_reason, self._refused_in_a_row
        if account.state is not State.CLOSED:
            return Closure(reason=reason, left_s=account.retry_after_s or 0.0)
        if refused >= _REFUSED_ENOUGH:
            return Closure(reason=reason, left_s=0.0)
        return self.pause()
