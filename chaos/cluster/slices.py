"""Jobs cut into slices, dealt out to whoever is free, and cut again where they take long.

The slices get smaller towards the end of what is to be done (guided self-scheduling, as
Polychronopoulos and Kuck described it in 1987), and each is worked on for a bounded time: what is
left of it then comes back, and is dealt out again. So nobody waits long for the slow part of a
tree. None of that changes a result, or the order in which results are given back.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from chaos.processes.tickets import OnDeath, Ticketed
from chaos.processes.worker import JobAnswer

J = TypeVar("J")
R = TypeVar("R")

AHEAD = 4096
"""Jobs drawn before the first of their results was taken.

The same for any number of workers, so that a search draws the same jobs whoever plays them.
"""

_MOST = 64
_SHARES = 2
"""Slices that each worker may have: one in work, and one that waits for its turn."""

_SLICE_S = 1.0
_LOOK_S = 1.0
_TRIES = 2
"""Times that a job may be alone with a process that dies, until it is said to be the reason."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[J]):
    """Jobs to be done by one, one after the other.

    Attributes:
        jobs: In their order; never empty.
        seconds: After how long no further one is begun.
    """

    jobs: tuple[J, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class SliceAnswer(Generic[R]):
    """What came of a slice.

    Attributes:
        answers: Of its first jobs; the others were not begun.
        died: How the process died that did them; nothing is known of any of them then.
    """

    answers: tuple[JobAnswer[R], ...] = ()
    died: str = ""


class Engine(Protocol):
    """Takes a slice to whoever is free, and brings back what came of it."""

    def slots(self) -> int:
        """How many slices can be worked on at once, now; it may change at any time."""

    def submit(self, slice_: bytes) -> Future[Any]:
        """Send a pickled `Slice` on its way."""

    def gather(self, future: Future[Any]) -> SliceAnswer[Any]:
        """What came of a slice that is done.

        Raises:
            ExecutorLostError: It will never be done.
            ChaosError: It cannot be done there.
        """

    def check(self) -> None:
        """Nothing, if slices are still being worked on.

        Raises:
            ExecutorLostError: They are not.
        """


class Dealer(Ticketed[J, R]):
    """Deals slices out through an engine, until all jobs are done.

    Args:
        engine: Takes them there.
        name: What to call a job in messages.
        on_death: Makes the result of a job whose process died; by default that is an error.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        name: Callable[[J], str] = str,
        on_death: OnDeath[J, R] | None = None,
    ) -> None:
        super().__init__(AHEAD, name=name, on_death=on_death)
        self._engine = engine
        self._dealt: dict[Future[Any], list[tuple[int, J]]] = {}
        # By ticket; 0 for those that had company.
        self._deaths: dict[int, int] = {}

    def _ended(self) -> Iterator[tuple[int, J, R]]:
        self._deal()
        done, _ = wait(self._dealt, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        if not done:
            self._engine.check()
        for future in done:
            slice_ = self._dealt.pop(future)
            came = self._engine.gather(future)
            if came.died:
                yield from self._died(slice_, came.died)
                continue
            # What was not begun is older than all that waits, and somebody waits for it.
            self._queue.extendleft(reversed(slice_[len(came.answers) :]))
            for (ticket, job), answer in zip(slice_, came.answers, strict=False):
                yield ticket, job, self._result(ticket, job, answer)

    def _deal(self) -> None:
        most = _SHARES * max(1, self._engine.slots())
        while self._queue and len(self._dealt) < most:
            size = max(1, min(_MOST, len(self._queue) // most))
            slice_ = [self._queue.popleft() for _ in range(self._cut(size))]
            packed = pickle.dumps(Slice(tuple(job for _, job in slice_), _SLICE_S))
            self._dealt[self._engine.submit(packed)] = slice_

    def _cut(self, size: int) -> int:
        """How many to take: whoever may have killed a process goes alone."""
        if self._queue[0][0] in self._deaths:
            return 1
        first = islice(self._queue, size)
        return next((at for at, (ticket, _) in enumerate(first) if ticket in self._deaths), size)

    def _died(self, slice_: list[tuple[int, J]], how: str) -> Iterator[tuple[int, J, R]]:
        """Whoever did a slice died of one of its jobs, or of something else; that will show."""
        is_alone = len(slice_) == 1
        for ticket, _ in slice_:
            self._deaths[ticket] = self._deaths.get(ticket, 0) + is_alone
        if not is_alone or self._deaths[slice_[0][0]] < _TRIES:
            self._queue.extendleft(reversed(slice_))
            return
        ((ticket, job),) = slice_
        yield ticket, job, self._told_of_death(job, how)

    def _result(self, ticket: int, job: J, answer: JobAnswer[R]) -> R:
        self._deaths.pop(ticket, None)
        return self._told_of_death(job, answer.died) if answer.died else answer.get()

    def close(self) -> None:
        """Nobody wants what is still being done."""
        self._forget()

    def _forget(self) -> None:
        super()._forget()
        for future in self._dealt:
            future.cancel()
        self._dealt.clear()
        self._deaths.clear()
