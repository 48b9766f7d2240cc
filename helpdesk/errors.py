"""The exceptions of the service: one tree, each saying what a caller can do about it."""

from __future__ import annotations

from typing import Literal

FailureReason = Literal[
    "no_api_key",
    "bad_api_key",
    "breaker_open",
    "rate_limited",
    "quota_exhausted",
    "timeout",
    "unreachable",
    "server_error",
    "malformed_reply",
    "rejected",
    "declined",
    "deadline",
    "overloaded",
    "internal_error",
]
"""Why the assistant could not answer, as one stable word for logs, metrics and answers.

``rejected`` is a request the provider would not take (400, 403, 404, 422); ``declined`` is a
request it took and the model would not answer (content filter, refusal, no content).
"""


class HelpdeskError(Exception):
    """Anything the service raises on purpose."""


class SettingsError(HelpdeskError):
    """A setting has a value the service cannot run with; the message names it and the fix."""


class AddressError(HelpdeskError):
    """There is no listening on the address that was asked for."""


class QuestionError(HelpdeskError):
    """A question nobody could answer: empty, or longer than the service reads."""


class OverloadedError(HelpdeskError):
    """So many questions are under way that no more are taken.

    Attributes:
        retry_after_s: When to ask again, in seconds from now.
    """

    def __init__(self, questions: int, *, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        are = "question is" if questions == 1 else "questions are"
        super().__init__(
            f"{questions} {are} in progress, and no more are accepted; ask again in "
            f"{retry_after_s:.0f} seconds"
        )


class KnowledgeError(HelpdeskError):
    """An article of the knowledge base cannot be read; the message names file, line and fix."""


class CallNotPermittedError(HelpdeskError):
    """The breaker refused a call.

    Attributes:
        upstream: The provider the breaker protects, for example ``"openai"``.
        state: The breaker's state when it refused: ``"open"`` or ``"half_open"``.
        retry_after_s: Seconds until a trial may be made; 0.0 while one is running.
    """

    def __init__(self, upstream: str, state: str, *, retry_after_s: float) -> None:
        self.upstream = upstream
        self.state = state
        self.retry_after_s = retry_after_s
        super().__init__(
            f"call to {upstream!r} not permitted: breaker is {state}; "
            f"retry after {retry_after_s:.1f} s or serve a fallback"
        )


class ChatError(HelpdeskError):
    """A call to the language model failed; raised by ``openai_chat`` for every cause.

    Attributes:
        reason: One stable word for the cause.
        retryable: Whether the same call could succeed if made again.
        counts: Whether it says something about the provider's health. An error that one
            caller brought upon itself (a bad prompt, a missing key) is neutral to the breaker.
        lasting: Whether the next question will fare the same, until somebody mends it: the key
            is not accepted, the allowance is used up, the model does not exist.
        retry_after_s: What the provider asked callers to wait, in seconds; None if it did not.
        status: HTTP status, if a response arrived.
    """

    def __init__(  # noqa: PLR0913 - one value for each fact about the failure
        self,
        message: str,
        *,
        reason: FailureReason,
        retryable: bool,
        counts: bool,
        lasting: bool = False,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason: FailureReason = reason
        self.retryable = retryable
        self.counts = counts
        self.lasting = lasting
        self.retry_after_s = retry_after_s
        self.status = status


class AskerGoneError(HelpdeskError):
    """Nobody waits for the answer any more; raised by whoever was to pass it on."""


class DownloadError(HelpdeskError):
    """One object could not be fetched from Cloud Storage, or not whole.

    Attributes:
        retryable: Whether the same download could succeed if made again.
        retry_after_s: What storage asked callers to wait, in seconds; None if it did not.
    """

    def __init__(
        self, message: str, *, retryable: bool, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class DamagedIndexError(HelpdeskError):
    """A local copy of the index is not what its manifest says; it must not be served."""
