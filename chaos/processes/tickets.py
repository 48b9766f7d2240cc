"""What all workers have in common: jobs wait with a ticket each, and results are given back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Generic, TypeVar

from chaos.errors import ChaosError

J = TypeVar("J")
R = TypeVar("R")

OnDeath = Callable[[J, str], R]
"""Makes the result of a job whose process died; the second is how it died, as ``died of ...``."""


class WorkerDiedError(ChaosError):
    """A process ended in the middle of a job; the message names the job."""

    exit_code = 3


class Ticketed(ABC, Generic[J, R]):
    """Jobs that wait, with a number each; whoever derives from it does them.

    Args:
        ahead: Jobs drawn before the first of their results was taken.
        name: What to call a job in messages.
        on_death: Makes the result of a job whose process died; None makes that an error.
    """

    def __init__(
        self, ahead: int, *, name: Callable[[J], str], on_death: OnDeath[J, R] | None
    ) -> None:
        self._ahead = ahead
        self._name = name
        self._on_death = on_death
        self._tickets = count()
        self._queue: deque[tuple[int, J]] = deque()

    def in_order(self, jobs: Iterable[J]) -> Iterator[R]:
        """The results, in the order of the jobs; see `Workers`."""
        waiting, due = iter(jobs), deque[int]()
        done: dict[int, R] = {}
        try:
            while True:
                for job in islice(waiting, self._ahead - len(due)):
                    due.append(self._put(job))
                if not due:
                    return
                while due[0] not in done:
                    done |= {ticket: result for ticket, _, result in self._ended()}
                yield done.pop(due.popleft())
        finally:
            self._forget()

    def as_they_end(self, jobs: Iterable[J]) -> Iterator[tuple[J, R]]:
        """Each job with its result, the first that ended first; see `Workers`."""
        due = {self._put(job) for job in jobs}
        try:
            while due:
                for ticket, job, result in self._ended():
                    # Whoever left an iterator early may still be owed something.
                    if ticket in due:
                        due.remove(ticket)
                        yield job, result
        finally:
            self._forget()

    @abstractmethod
    def _ended(self) -> Iterator[tuple[int, J, R]]:
        """Hand out jobs, and wait until at least one has ended, or it is time to look again."""

    def _told_of_death(self, job: J, how: str) -> R:
        """The result of a job whose process died.

        Raises:
            WorkerDiedError: Nobody makes one.
        """
        if self._on_death is None:
            raise WorkerDiedError(
                f"the process that played {self._name(job)} {how}; nothing is known of it; "
                "play it alone to see why"
            )
        return self._on_death(job, how)

    def _put(self, job: J) -> int:
        ticket = next(self._tickets)
        self._queue.append((ticket, job))
        return ticket

    def _forget(self) -> None:
        """Nobody wants the rest."""
        self._queue.clear()
