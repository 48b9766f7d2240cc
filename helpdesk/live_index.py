"""The copy of the index being served, and the one refresh that may be under way.

While the copy is fresh, nothing is asked of the network. Once it has expired, one asker (never
two) looks for a newer generation, within a budget. Everybody else, and that asker too if it
fails, gets the copy there is, with the plain statement that it is stale and why. A failure is
remembered: the next attempt comes later, and in the background.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from helpdesk.answers import IndexState
from helpdesk.embedding import Embedder
from helpdesk.errors import DamagedIndexError, HelpdeskError
from helpdesk.events import Listener, RefreshEnded, notify
from helpdesk.index_cache import IndexCache
from helpdesk.index_source import IndexSource
from helpdesk.knowledge_index import KnowledgeIndex
from helpdesk.refresh_backoff import RefreshBackoff
from helpdesk.settings import IndexSettings
from helpdesk.tracing import span

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What is served at one moment.

    Attributes:
        age: Time since the copy was last known to be the newest; None when absent.
        sha256: Hash of the loaded bytes, index and documents; None when absent.
        reason: Why it is stale or absent, in plain words; None when fresh.
        index: To search in; None when absent.
    """

    state: IndexState
    generation: str | None = None
    age: timedelta | None = None
    sha256: str | None = None
    reason: str | None = None
    index: KnowledgeIndex | None = None


@dataclass(frozen=True, slots=True)
class _Copy:
    index: KnowledgeIndex
    fetched_at: float

    def age_s(self) -> float:
        """By the wall clock, since it has to survive restarts; negative if that was set back."""
        return time.time() - self.fetched_at


class _Flight:
    """One refresh under way; ``landed`` is set once ``ended`` is known."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.ended: RefreshEnded | None = None


class LiveIndex:
    """Keeps an index at hand; safe to share between threads."""

    def __init__(
        self,
        source: IndexSource,
        cache: IndexCache,
        embedder: Embedder,
        options: IndexSettings,
        *,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._source = source
        self._cache = cache
        self._embedder = embedder
        self._options = options
        self._listeners = listeners
        # Guards the three fields below, for an instant at a time; never held over I/O.
        self._lock = threading.Lock()
        self._flight: _Flight | None = None
        self._backoff = RefreshBackoff(options.retry_failed_after, options.retry_failed_after_max)
        self._copy = self._open_cache()

    def get(self, deadline: float) -> Served:
        """The index to answer from, refreshed first if it is this asker's turn.

        Args:
            deadline: Value of ``time.monotonic()`` by which the asker needs it.
        """
        in_background = False
        with self._lock:
            copy, flight = self._copy, self._flight
            is_due = not self._is_fresh(copy) and self._backoff.is_due()
            # An asker without time left must not start what would fail, and be remembered.
            is_mine = flight is None and is_due and time.monotonic() < deadline
            if is_mine:
                flight = self._flight = _Flight()
                in_background = copy is not None and self._has_failed_since_expiry(copy)
        if flight is None or self._is_fresh(copy):
            return self.served()

        until = min(deadline, time.monotonic() + self._options.refresh_budget.total_seconds())
        if is_mine and in_background:
            self._fly_in_background(flight)
        elif is_mine:
            self._fly(flight, until)
        elif copy is None:
            # Nothing to serve meanwhile, so this asker has to wait for the other's refresh.
            flight.landed.wait(max(0.0, until - time.monotonic()))
        return self.served()

    def refresh(self) -> RefreshEnded:
        """Look for a newer generation now; joins a refresh that is already under way.

        Our own pause between refreshes is cut short by that, one that storage asked for is not.
        """
        budget_s = self._options.refresh_budget.total_seconds()
        with self._lock:
            running = self._flight
            asked_s = 0.0 if running else self._backoff.asked_s()
            if asked_s:
                return self._held_back(asked_s)
            flight = self._flight = running or _Flight()
        if running is None:
            return self._fly(flight, time.monotonic() + budget_s)
        flight.landed.wait(budget_s)
        return flight.ended or RefreshEnded(
            outcome="failed",
            generation=self.served().generation,
            duration_s=budget_s,
            size_bytes=0,
            error="another refresh is still in progress",
        )

    def _held_back(self, asked_s: float) -> RefreshEnded:
        return RefreshEnded(
            outcome="failed",
            generation=self._copy.index.manifest.generation if self._copy else None,
            duration_s=0.0,
            size_bytes=0,
            error=f"storage has asked for a pause of another {asked_s:.0f} s: "
            f"{self._backoff.last_error}",
            next_refresh_in_s=asked_s,
        )

    def served(self) -> Served:
        """What there is at this moment, without looking for anything newer."""
        with self._lock:
            copy, error = self._copy, self._backoff.last_error
            is_flying = self._flight is not None
        is_fresh = self._is_fresh(copy)
        if error is not None:
            why = f"it could not be {'fetched' if copy is None else 'refreshed'}: {error}"
        else:
            why = "a refresh is in progress" if is_flying else "a refresh is due"
        if copy is None:
            return Served("absent", reason=f"there is no index; {why}")
        age_s = max(0.0, copy.age_s())
        return Served(
            state="fresh" if is_fresh else "stale",
            generation=copy.index.manifest.generation,
            age=timedelta(seconds=age_s),
            sha256=copy.index.sha256,
            reason=None if is_fresh else f"the index is {_in_words(age_s)} old; {why}",
            index=copy.index,
        )

    def schedule(self) -> tuple[str | None, float | None]:
        """The last refresh's error, and seconds until the next is due; None if it never is."""
        with self._lock:
            copy, error, wait_s = self._copy, self._backoff.last_error, self._backoff.wait_s()
        if not self._source.expires and copy is not None:
            return error, None
        if copy is not None and self._is_fresh(copy):
            wait_s = max(wait_s, self._options.fresh_for.total_seconds() - copy.age_s())
        return error, wait_s

    def _is_fresh(self, copy: _Copy | None) -> bool:
        if copy is None:
            return False
        # A copy from the future tells that the clock was set back. Its real age is unknown,
        # and trusting it would put off the next refresh for as long as the clock was wrong.
        return not self._source.expires or (
            0 <= copy.age_s() < self._options.fresh_for.total_seconds()
        )

    def _has_failed_since_expiry(self, copy: _Copy) -> bool:
        """Whether an asker has met a failing storage already, and should not wait for it again.

        A refresh that failed while the copy was still fresh may lie days back. It says nothing
        about storage now, and is no reason to serve a stale copy without having tried.
        """
        failed_s_ago, age_s = self._backoff.failed_s_ago(), copy.age_s()
        if failed_s_ago is None:
            return False
        # Nobody knows since when a copy from the future is stale.
        return age_s < 0 or failed_s_ago <= age_s - self._options.fresh_for.total_seconds()

    def _fly_in_background(self, flight: _Flight) -> None:
        until = time.monotonic() + self._options.refresh_budget.total_seconds()
        thread = threading.Thread(
            target=self._fly, args=(flight, until), name="helpdesk-index-refresh", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # No thread to be had. The flight must still land, or no refresh would ever start.
            self._fly(flight, until)

    def _fly(self, flight: _Flight, deadline: float) -> RefreshEnded:
        try:
            flight.ended = self._refresh(deadline)
            notify(self._listeners, flight.ended)
            return flight.ended
        finally:
            # Also after Ctrl-C: a flight that never lands would be the last one ever.
            with self._lock:
                self._flight = None
            flight.landed.set()

    def _refresh(self, deadline: float) -> RefreshEnded:
        with span("helpdesk.refresh") as note:
            ended = self._refreshed(deadline)
            note(outcome=ended.outcome, generation=ended.generation)
            return ended

    def _refreshed(self, deadline: float) -> RefreshEnded:
        started = time.monotonic()
        try:
            copy, size_bytes = self._newest(deadline)
        except HelpdeskError as error:
            asked_s = getattr(error, "retry_after_s", None) or 0.0
            return self._note_failure(str(error), started, asked_s=asked_s)
        except Exception as error:
            # A mistake of ours or of a library. It must not take the answer from the asker.
            logger.exception("the refresh of the index raised an error")
            return self._note_failure(f"{type(error).__name__}: {error}", started)

        with self._lock:
            is_same = self._copy is not None and self._copy.index is copy.index
            self._copy = copy
            self._backoff.succeeded()
        ended = RefreshEnded(
            outcome="unchanged" if is_same else "updated",
            generation=copy.index.manifest.generation,
            duration_s=time.monotonic() - started,
            size_bytes=size_bytes,
        )
        logger.info(
            "index %s %s: %d bytes in %.3f s",
            *(ended.generation, ended.outcome, size_bytes, ended.duration_s),
        )
        return ended

    def _note_failure(self, error: str, started: float, *, asked_s: float = 0.0) -> RefreshEnded:
        with self._lock:
            copy = self._copy
            pause_s = self._backoff.failed(error, asked_s=asked_s)
        logger.warning("index not refreshed, next try in %.0f s: %s", pause_s, error)
        return RefreshEnded(
            outcome="failed",
            generation=copy.index.manifest.generation if copy else None,
            duration_s=time.monotonic() - started,
            size_bytes=0,
            error=error,
            next_refresh_in_s=pause_s,
        )

    def _newest(self, deadline: float) -> tuple[_Copy, int]:
        """The newest copy, and how many bytes it took to get it."""
        current = self._copy
        known = current.index.manifest if current else None
        update = self._source.newer_than(known, deadline=deadline)
        fetched_at = time.time()
        if update is None:
            assert current is not None
            generation = current.index.manifest.generation
            self._save(lambda: self._cache.renew(generation=generation, fetched_at=fetched_at))
            return replace(current, fetched_at=fetched_at), 0
        index = KnowledgeIndex.load(update.manifest, update.files, self._embedder)
        self._save(
            lambda: self._cache.install(
                update.manifest,
                update.files,
                fetched_at=fetched_at,
                keeps_newer=self._source.has_order,
            )
        )
        return _Copy(index, fetched_at), update.size_bytes

    def _save(self, write: Callable[[], None]) -> None:
        """Write to the cache; a disk that refuses costs the next start, not this answer."""
        try:
            write()
        except OSError as error:
            logger.warning(
                "the cache of the index cannot be written, so the index is kept in memory: %s",
                error,
            )

    def _open_cache(self) -> _Copy | None:
        found = self._cache.read()
        try:
            if found is None or not self._source.accepts(found.manifest):
                return None
            index = KnowledgeIndex.load(found.manifest, found.files, self._embedder)
        except DamagedIndexError as error:
            self._cache.quarantine(str(error))
            return None
        except Exception as error:
            # A copy that nobody can load must not keep the service from starting, now or ever.
            logger.exception("the copy of the index could not be loaded")
            self._cache.quarantine(f"{type(error).__name__}: {error}")
            return None
        return _Copy(index, found.fetched_at)


def _in_words(seconds: float) -> str:
    """A duration as one would say it.

    Example:
        >>> _in_words(30 * 3600), _in_words(59)
        ('30 hours', '59 seconds')
    """
    for unit_s, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} seconds"
