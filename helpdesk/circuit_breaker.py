"""A circuit breaker: after too many failures in a row, calls are refused until a trial succeeds.

States and what leads from one to the next::

    closed ──── failure_threshold failures in a row ───▶ open
    open ────── the first call after recovery_timeout ─▶ half_open
    half_open ─ a trial succeeds ──────────────────────▶ closed
    half_open ─ a trial fails ─────────────────────────▶ open, for a full period

A call that succeeds while the breaker is closed, and has no failure before it to forget, changes
nothing. If nobody listens either, it takes no lock and makes no event.

It counts consecutive failures only: a provider that fails four calls of five for ever never
opens a breaker with a threshold of five. Calls already under way when it opens are not
interrupted, so more than ``failure_threshold`` calls can be in flight at that moment.
"""

from __future__ import annotations

import enum
import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from helpdesk.errors import CallNotPermittedError
from helpdesk.events import (
    BreakerState,
    BreakerTransition,
    CallOutcome,
    CallRefused,
    Listener,
    PermitGranted,
    PermitSettled,
    hears_any,
    notify,
)
from helpdesk.settings import BreakerSettings

logger = logging.getLogger(__name__)


class State(enum.Enum):
    """What a breaker does with the next call: lets it through, refuses it, or tries it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


# Looking a member up in its enum costs more than all else that a quick call does.
_CLOSED = State.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSnapshot:
    """One consistent look at a breaker.

    Attributes:
        state: Its state. Open lasts until a call asks to be the trial, however late.
        failures: Failures in a row.
        threshold: Failures in a row that open it.
        retry_after_s: Seconds until a trial may be made; 0.0 if one may be made now, or
            is being made; None when closed.
    """

    state: State
    failures: int
    threshold: int
    retry_after_s: float | None


class CircuitBreaker:
    """Keeps callers from waiting for an upstream that is down, and it from being flooded.

    Safe to share between threads. The lock covers the state only, never a call, and listeners
    are called after it is released.

    Args:
        upstream: The provider it protects; one breaker for each.
        options: When it opens, and how it closes again.
        listeners: Told of every permit, refusal, outcome and transition; or of those that they
            name, see :class:`helpdesk.events.Listener`.

    Example:
        >>> breaker = CircuitBreaker("openai", BreakerSettings(failure_threshold=1))
        >>> breaker.acquire().failure()
        >>> breaker.acquire()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
          ...
        helpdesk.errors.CallNotPermittedError: call to 'openai' not permitted: ...
    """

    def __init__(
        self,
        upstream: str,
        options: BreakerSettings | None = None,
        *,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.upstream = upstream
        self.options = options or BreakerSettings()
        self._listeners = tuple(listeners)
        self._is_heard = hears_any(self._listeners, PermitGranted, PermitSettled)
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._permits = 0
        self._sequence = 0
        # Counts transitions. A permit remembers the generation that admitted it; its outcome
        # matters only while that generation lasts.
        self._generation = 0
        self._half_open_at_s = 0.0
        # Trials under way: number of the permit, and when it is given up.
        self._trials: dict[int, float] = {}

    @property
    def state(self) -> State:
        """The state now; open until a call asks to be the trial, however late."""
        with self._lock:
            return self._state

    @property
    def failures(self) -> int:
        """Failures in a row up to now."""
        with self._lock:
            return self._failures

    @property
    def refuses(self) -> bool:
        """Whether a call made now would be refused for the time that is left in open."""
        with self._lock:
            return self._state is State.OPEN and time.monotonic() < self._half_open_at_s

    def snapshot(self) -> BreakerSnapshot:
        """State, failures and waiting time, all of the same moment."""
        with self._lock:
            left_s = max(0.0, self._half_open_at_s - time.monotonic())
            return BreakerSnapshot(
                state=self._state,
                failures=self._failures,
                threshold=self.options.failure_threshold,
                retry_after_s=None if self._state is State.CLOSED else left_s,
            )

    def listen(self, *listeners: Listener) -> None:
        """Tell ``listeners`` too from now on; one that already listens is not told twice."""
        with self._lock:
            new = [listener for listener in listeners if listener not in self._listeners]
            self._listeners = (*self._listeners, *new)
            self._is_heard = hears_any(self._listeners, PermitGranted, PermitSettled)

    def acquire(self) -> Permit:
        """Ask to make one call; the answer takes no time.

        In half-open, at most ``half_open_max_calls`` permits are out at once; further calls
        are refused exactly as in open.

        Returns:
            A permit to settle once, with ``success()``, ``failure()`` or ``neutral()``. As a
            context manager it settles itself.

        Raises:
            CallNotPermittedError: The breaker is open, or half-open with no permit left.

        Example:
            >>> breaker = CircuitBreaker("openai")
            >>> with breaker.acquire():
            ...     breaker.state.value
            'closed'
        """
        # Without the lock, and sound for one reason: the generation is read before the state. If
        # the state changes in between, the permit belongs to a generation that is over, and its
        # outcome is dropped.
        generation = self._generation
        if self._state is _CLOSED and not self._is_heard:
            return Permit(self, 0, generation)

        opened = retry_after_s = None
        with self._lock:
            state = self._state
            if state is not _CLOSED:
                now_s = time.monotonic()
                if self._state is State.OPEN and now_s >= self._half_open_at_s:
                    opened = self._enter(State.HALF_OPEN)
                retry_after_s = self._refusal(now_s)
                state = self._state
            self._sequence += 1
            place = self._sequence
            if retry_after_s is None:
                self._permits += 1
                permit = Permit(self, self._permits, self._generation)
                if state is not _CLOSED:
                    self._trials[permit.number] = now_s + self.options.trial_lease.total_seconds()
        if opened is not None:
            self._report(opened)
        if retry_after_s is not None:
            notify(self._listeners, CallRefused(self.upstream, place, state.value, retry_after_s))
            # A new instance each time: one that is stored and raised again grows its traceback
            # with every refusal.
            raise CallNotPermittedError(self.upstream, state.value, retry_after_s=retry_after_s)
        if self._is_heard:
            name: BreakerState = "closed" if state is _CLOSED else "half_open"
            notify(self._listeners, PermitGranted(self.upstream, place, permit.number, name))
        return permit

    def _refusal(self, now_s: float) -> float | None:
        """Return how long to wait, in seconds, or None if a call may be made."""
        if self._state is State.OPEN:
            return self._half_open_at_s - now_s
        if self._state is State.HALF_OPEN:
            # Without the lease, one trial that never comes back would keep the breaker
            # half-open, and every caller refused, for ever.
            self._trials = {n: until for n, until in self._trials.items() if now_s < until}
            if len(self._trials) >= self.options.half_open_max_calls:
                return 0.0
        return None

    def _settle(self, permit: Permit, outcome: CallOutcome) -> None:
        """Take note of how a permitted call ended; a permit settled before is left alone."""
        with self._lock:
            if permit.settled:
                return
            permit.settled = True
            self._sequence += 1
            place = self._sequence
            if (
                outcome == "success"
                and self._state is _CLOSED
                and permit.generation == self._generation
                and not self._failures
            ):
                # By far the most frequent case, and one that changes nothing.
                counted, transition, failures = True, None, 0
            else:
                counted = self._is_current(permit)
                if permit.generation == self._generation:
                    self._trials.pop(permit.number, None)
                transition = self._judge(outcome) if counted else None
                failures = self._failures
        if self._is_heard:
            event = PermitSettled(self.upstream, place, permit.number, outcome, counted, failures)
            notify(self._listeners, event)
        if transition is not None:
            self._report(transition)

    def _confirm(self, permit: Permit) -> None:
        with self._lock:
            if self._is_current(permit):
                return
            state, left_s = self._state, self._half_open_at_s - time.monotonic()
        raise CallNotPermittedError(self.upstream, state.value, retry_after_s=max(0.0, left_s))

    def _is_current(self, permit: Permit) -> bool:
        """Whether the state that admitted the call is still the one to judge it.

        Without this, a slow call admitted while closed could decide a later trial, close an
        open breaker, or push its recovery further away; and a trial given up could still
        count beside the one that took its place.
        """
        if permit.generation != self._generation:
            return False
        if self._state is State.HALF_OPEN:
            return time.monotonic() < self._trials.get(permit.number, -math.inf)
        return True

    def _judge(self, outcome: CallOutcome) -> BreakerTransition | None:
        match outcome:
            case "neutral":
                return None
            case "success":
                self._failures = 0
                return self._enter(State.CLOSED) if self._state is State.HALF_OPEN else None
            case "failure":
                self._failures += 1
                # In half-open the count still stands at the threshold: one failed trial is
                # one more failure in a row.
                is_over = self._failures >= self.options.failure_threshold
                return self._enter(State.OPEN) if is_over else None

    def _enter(self, new: State) -> BreakerTransition:
        # The state first: whoever reads the new generation without the lock must not find the
        # old state with it.
        old, self._state = self._state, new
        self._generation += 1
        self._trials.clear()
        if new is State.OPEN:
            self._half_open_at_s = time.monotonic() + self.options.recovery_timeout.total_seconds()
        self._sequence += 1
        return BreakerTransition(self.upstream, self._sequence, old.value, new.value)

    def _report(self, event: BreakerTransition) -> None:
        level = logging.WARNING if event.new == "open" else logging.INFO
        logger.log(level, "breaker of %s: %s -> %s", event.upstream, event.old, event.new)
        notify(self._listeners, event)


class Permit:
    """Leave for one call, to be settled once; settling it again does nothing.

    So a caller that knows better than the context manager settles first and lets the
    exception pass. As a context manager, a call that returns is a success and one that raises
    an ``Exception`` a failure. Whatever else ends it (Ctrl-C, an exit, a cancellation) says
    nothing about the upstream and is neutral: it neither counts nor clears failures, it
    decides no trial, and gives the trial's place back.
    """

    __slots__ = ("_breaker", "generation", "number", "settled")

    def __init__(self, breaker: CircuitBreaker, number: int, generation: int) -> None:
        self._breaker = breaker
        self.number = number
        self.generation = generation
        self.settled = False

    def success(self) -> None:
        """The upstream did its work."""
        breaker = self._breaker
        # As in `acquire`: in a closed breaker without failures a success changes nothing, and
        # whatever happens at the same time may have happened just after it.
        if (
            self.generation == breaker._generation  # noqa: SLF001 - two halves of one subject
            and breaker._state is _CLOSED  # noqa: SLF001 - as above
            and not breaker._failures  # noqa: SLF001 - as above
            and not breaker._is_heard  # noqa: SLF001 - as above
        ):
            self.settled = True
            return
        breaker._settle(self, "success")  # noqa: SLF001 - as above

    def failure(self) -> None:
        """The upstream did not do its work."""
        self._breaker._settle(self, "failure")  # noqa: SLF001 - as above

    def neutral(self) -> None:
        """The call says nothing about the upstream: the caller's mistake, or given up."""
        self._breaker._settle(self, "neutral")  # noqa: SLF001 - as above

    def confirm(self) -> None:
        """Ask whether to go on, before each further attempt of a call that has several.

        A call that was let through is not to try again once others have found the upstream
        down; its outcome no longer matters either.

        Raises:
            CallNotPermittedError: The breaker has changed state since the permit was granted.
        """
        self._breaker._confirm(self)  # noqa: SLF001 - as above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.success()
        elif isinstance(error, Exception):
            self.failure()
        else:
            self.neutral()
