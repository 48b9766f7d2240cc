"""What the service reports while it works: events, and the listener that gets them.

Listeners are called in the thread that caused the event, never under a lock. A listener that
raises is logged and otherwise ignored: watching must not break what is watched.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from helpdesk.answers import IndexState, Mode

logger = logging.getLogger(__name__)

BreakerState = Literal["closed", "open", "half_open"]
CallOutcome = Literal["success", "failure", "neutral"]
GivenUpReason = Literal["not_retryable", "attempts_used", "no_time_left"]


class Event:
    """Something that happened in the service; nobody changes it afterwards."""

    __slots__ = ()


# Neither frozen nor by keyword, alone among the events: a call makes two of these, and would take
# twice the time for it.
@dataclass(slots=True)
class BreakerEvent(Event):
    """Something that happened in the breaker of ``upstream``.

    ``sequence`` numbers the events of one breaker from 1 in the order they happened. Listeners
    are called outside the breaker's lock, so those of two callers may be called out of order.
    """

    upstream: str
    sequence: int


@dataclass(slots=True)
class PermitGranted(BreakerEvent):
    """The breaker let one call through; ``permit`` numbers permits from 1 per breaker."""

    permit: int
    state: BreakerState


@dataclass(slots=True)
class CallRefused(BreakerEvent):
    """The breaker refused a call; ``retry_after_s`` is what it told the caller to wait."""

    state: BreakerState
    retry_after_s: float


@dataclass(slots=True)
class PermitSettled(BreakerEvent):
    """A permitted call ended.

    ``counted`` is False when the outcome arrived too late to matter: the breaker has changed
    state since the permit was granted.
    """

    permit: int
    outcome: CallOutcome
    counted: bool
    failures: int


@dataclass(slots=True)
class BreakerTransition(BreakerEvent):
    """The breaker changed state."""

    old: BreakerState
    new: BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled(Event):
    """An attempt failed and another will follow after ``wait_s``."""

    upstream: str
    attempt: int
    wait_s: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryGivenUp(Event):
    """A call ended in failure: ``attempt`` was its last, and failed with ``cause``.

    ``reason`` says why none follows: the error does not say that another could help
    (``not_retryable``), all were made (``attempts_used``), or the wait before the next would
    leave it no useful time (``no_time_left``).
    """

    upstream: str
    attempt: int
    reason: GivenUpReason
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeldBack(Event):
    """A call was not made yet, because the provider has asked for a pause.

    ``wait_s`` is what is left of it, and ``given_up`` says whether that is too long for this call.
    """

    upstream: str
    reason: str
    wait_s: float
    given_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexServed(Event):
    """A search was answered from the index (or could not be: ``absent``)."""

    state: IndexState
    generation: str | None
    age_s: float | None
    sha256: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshEnded(Event):
    """One refresh of the index is over.

    ``outcome`` is ``updated`` (a newer generation was installed), ``unchanged`` (storage has
    the generation we have; it counts as fresh again) or ``failed`` (``error`` says why, and
    the next refresh starts no sooner than ``next_refresh_in_s`` from now).
    """

    outcome: Literal["updated", "unchanged", "failed"]
    generation: str | None
    duration_s: float
    size_bytes: int
    error: str | None = None
    next_refresh_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheQuarantined(Event):
    """A damaged local copy was set aside; ``reason`` says what was wrong with it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven(Event):
    """The asker got an answer, ``duration_s`` after asking."""

    mode: Mode
    reason: str | None
    stale: bool
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRefused(Event):
    """A question was refused: too many are under way. ``retry_after_s`` is what it was told."""

    retry_after_s: float


class Listener(Protocol):
    """Someone who wants to know what the service does.

    Who wants to know only some of it names the kinds in an attribute ``hears``. Events that nobody
    hears, of those that each call would make, are not made.
    """

    def __call__(self, event: Event, /) -> None:
        """Take note of ``event``; quickly, and without calling the service back."""


def hears_any(listeners: Iterable[Listener], *kinds: type[Event]) -> bool:
    """Return whether any listener wants events of any of these kinds.

    Example:
        >>> hears_any([print], PermitGranted), hears_any([], PermitGranted)
        (True, False)
    """
    return any(
        any(kind in getattr(listener, "hears", kinds) for kind in kinds) for listener in listeners
    )


def notify(listeners: Iterable[Listener], event: Event) -> None:
    """Tell every listener; one that raises is logged and does not stop the others."""
    for listener in listeners:
        try:
            listener(event)
        except Exception:
            logger.exception("listener %r failed on %r", listener, event)
