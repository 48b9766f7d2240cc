"""The events of a run.

Everything that checks and reports know comes from these. Times are virtual seconds since the
start of the run. ``actor`` is the user or step on whose behalf something happened; ``ask`` numbers
the questions from 1 and ties an event to the question it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from chaos.trace.bill import Bill
from chaos.trace.said import Said

Scalar = str | int | float | bool | None

FRESH, STALE, ABSENT = "fresh", "stale", "absent"
"""What a cached copy can be; see `IndexEvent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        seq: Position in the trace, from 0.
        at_s: Virtual seconds since the start of the run.
        actor: User, thread or step that caused it.
        ask: Number of the question it belongs to; None outside questions.
    """

    kind: ClassVar[str] = ""

    seq: int
    at_s: float
    actor: str
    ask: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent(Event):
    """A step of the scenario began (``phase`` "begin") or ended.

    ``path`` is where it stands in the file, for example ``method[2]``; ``line`` counts from 1.
    """

    kind: ClassVar[str] = "step"

    path: str
    what: str
    phase: Literal["begin", "end"]
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEvent(Event):
    """A user asked a question; ``step`` is the path of the step that made them ask."""

    kind: ClassVar[str] = "ask"

    question: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEvent(Event):
    """A question ended. ``mode`` is "error" when it ended in an exception."""

    kind: ClassVar[str] = "answer"

    mode: str
    elapsed_s: float
    reason: str | None = None
    text: str = ""
    stale: bool = False
    truncated: bool = False
    sources: tuple[str, ...] = ()
    index_state: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent(Event):
    """A request left the service. ``call`` numbers the requests of the run from 1."""

    kind: ClassVar[str] = "request"

    call: int
    upstream: str
    operation: str
    object: str | None = None


NO_STATUS = 0
"""The status of an answer in a protocol that has none; that it came is all it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseEvent(Event):
    """A request ended: with a response whose body was read to its end, or with an error.

    Attributes:
        status: HTTP status; None when no response came, and `NO_STATUS` for one in a protocol that
            has none.
        error: The transport error as the client saw it, for example "ReadTimeout"; or the word by
            which a provider without statuses says no.
        retry_after_s: Seconds the response asked callers to wait.
        faults: Ids of the faults that touched the call.
        detail: What the stand-in notes of its answer, for people; laws do not read it.
        said: The same in words of no provider; None if the client did not read the answer to its
            end, or the stand-in does not say.
        deed: What the provider did that must not be done twice, whatever became of its answer.
        bill: What the provider wants to be paid for it, in the same way; None for nothing.
        unbounded: Whether the client would have waited for the answer for ever: nothing, neither
            on the socket nor in the event loop, ever set it a limit.
    """

    kind: ClassVar[str] = "response"

    call: int
    upstream: str
    operation: str
    status: int | None = None
    error: str | None = None
    elapsed_s: float = 0.0
    retry_after_s: float | None = None
    faults: tuple[str, ...] = ()
    detail: tuple[tuple[str, Scalar], ...] = ()
    said: Said | None = None
    deed: str | None = None
    bill: Bill | None = None
    unbounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEvent(Event):
    """A fault was injected, healed (``by`` says why), or touched a call."""

    kind: ClassVar[str] = "fault"

    fault: str
    what: Literal["injected", "healed", "touched"]
    by: str = ""
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEvent(Event):
    """The service slept. ``upstream`` is the last one it had called, if any."""

    kind: ClassVar[str] = "wait"

    seconds: float
    upstream: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUpEvent(Event):
    """The service made no further attempt at a call that had failed, as it reports it.

    That it waits and tries again is seen from outside, and so is that it does not; why it does not
    only the service can tell. One that does not report it loses these words and nothing else.

    Attributes:
        attempt: Number of the attempt that was the last, from 1.
        reason: Another attempt could not have helped, all were made, or no time was left.
        cause: What was wrong with the last attempt, in the service's words.
    """

    kind: ClassVar[str] = "given_up"

    upstream: str
    attempt: int
    reason: Literal["not_retryable", "attempts_used", "no_time_left"]
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerEvent(Event):
    """What a breaker of the service did, as it reports it.

    Attributes:
        what: A permit was granted or settled, a call refused, or the state changed.
        state: State after the event.
        old: State before a transition.
        permit: Number of the permit, for granted and settled.
        outcome: How the permitted call ended, for settled.
        counted: Whether the breaker took the outcome into account, for settled.
        failures: Consecutive failures after the event.
        retry_after_s: What a refused caller was told to wait.
        sequence: Number of the event in its breaker, from 1. Those of two callers may be reported
            out of order, since a breaker reports outside its lock; None from one that does not
            number them.
    """

    kind: ClassVar[str] = "breaker"

    upstream: str
    what: Literal["granted", "settled", "refused", "transition"]
    state: str
    old: str | None = None
    permit: int | None = None
    outcome: Literal["success", "failure", "neutral"] | None = None
    counted: bool | None = None
    failures: int | None = None
    retry_after_s: float | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEvent(Event):
    """What the cached copy did: a search was served, a refresh ended, damage was found.

    Attributes:
        what: ``served``, ``updated``, ``unchanged``, ``failed`` or ``quarantined``.
        state: ``fresh``, ``stale`` or ``absent``.
        generation: Generation concerned.
        sha256: Hash of the bytes being served.
        age_s: Age of the copy in seconds.
        reason: Why it is stale, absent, failed or quarantined.
    """

    kind: ClassVar[str] = "index"

    what: Literal["served", "updated", "unchanged", "failed", "quarantined"]
    state: str | None = None
    generation: str | None = None
    sha256: str | None = None
    age_s: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEvent(Event):
    """The wall clock jumped by ``step_s`` seconds; monotonic time did not."""

    kind: ClassVar[str] = "clock"

    step_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent(Event):
    """Something was done to the world or the service: ``restart`` or the like."""

    kind: ClassVar[str] = "action"

    action: str
    detail: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationEvent(Event):
    """The target was looked at: ``key`` had ``value`` at this moment."""

    kind: ClassVar[str] = "observation"

    key: str
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class MishapEvent(Event):
    """Something went wrong inside of the service, and nobody but a log was told.

    Attributes:
        what: An error, a task or a coroutine was ``lost``; or an event loop was ``blocked``.
        how: What was lost, or who blocked, in words.
        seconds: How long a loop was blocked.
    """

    kind: ClassVar[str] = "mishap"

    what: Literal["lost", "blocked"]
    how: str
    seconds: float = 0.0


EVENT_TYPES: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        StepEvent,
        AskEvent,
        AnswerEvent,
        RequestEvent,
        ResponseEvent,
        FaultEvent,
        WaitEvent,
        GivenUpEvent,
        BreakerEvent,
        IndexEvent,
        ClockEvent,
        ActionEvent,
        ObservationEvent,
        MishapEvent,
    )
}
"""Every kind of event by its name."""
