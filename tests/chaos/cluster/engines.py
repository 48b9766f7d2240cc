"""An engine without a cluster: slices are done here, and end in an order drawn from a seed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chaos.cluster.slices import Dealer, Slice, SliceAnswer
from chaos.processes.executor import ExecutorLostError
from chaos.processes.pool import J, R, Setting, Workers
from chaos.processes.tickets import OnDeath
from chaos.processes.worker import JobAnswer, at_work


class Here:
    """Ends slices in any order, cuts some short, and now and then lets whoever has one die.

    Args:
        do: Does a job.
        seed: Of all that.
        slots: How many at once.
        lost_after: How many slices until it is gone; None for never.
    """

    def __init__(
        self,
        do: Callable[[Any], JobAnswer[Any]],
        *,
        seed: int,
        slots: int,
        lost_after: int | None = None,
    ) -> None:
        self._do = do
        self._random = Random(seed)
        self._slots = slots
        self._left = lost_after
        self._waiting: list[tuple[Future[Any], Slice[Any]]] = []
        self.sizes: list[int] = []

    def slots(self) -> int:
        """Ask, as whoever deals does before each round: then something ends."""
        return self._slots

    def submit(self, slice_: bytes) -> Future[Any]:
        """Do it, now or later."""
        future: Future[Any] = Future()
        self._waiting.append((future, pickle.loads(slice_)))
        self.sizes.append(len(self._waiting[-1][1].jobs))
        while len(self._waiting) > self._random.randrange(2 * self._slots):
            self._end_one()
        return future

    def gather(self, future: Future[Any]) -> SliceAnswer[Any]:
        """See `Engine`."""
        try:
            answer: SliceAnswer[Any] = future.result()
        except CancelledError:
            raise ExecutorLostError("the engine went away") from None
        return answer

    def check(self) -> None:
        """Nothing ended in time."""
        while self._waiting:
            self._end_one()

    def _end_one(self) -> None:
        future, slice_ = self._waiting.pop(self._random.randrange(len(self._waiting)))
        if self._left == 0:
            future.cancel()
            future.set_running_or_notify_cancel()
            return
        if self._left is not None:
            self._left -= 1
        if len(slice_.jobs) > 1 and self._random.random() < 0.1:
            future.set_result(SliceAnswer(died="died of SIGKILL"))
            return
        begun = self._random.randint(1, len(slice_.jobs))
        future.set_result(SliceAnswer(tuple(map(self._do, slice_.jobs[:begun]))))


@dataclass
class Elsewhere:
    """An executor that is such an engine; one that is lost after -1 slices was never there."""

    seed: int = 0
    slots: int = 2
    lost_after: int | None = None
    engines: list[Here] = field(default_factory=list)
    batch: int = 1

    @contextmanager
    def workers(
        self,
        setting: Setting[J, R],
        *,
        isolated: bool = False,
        name: Callable[[J], str] = str,
        on_death: OnDeath[J, R] | None = None,
    ) -> Iterator[Workers[J, R]]:
        """See `Executor`."""
        if self.lost_after is not None and self.lost_after < 0:
            raise ExecutorLostError("the engine went away")
        with at_work(setting, isolated=isolated) as do:
            engine = Here(do, seed=self.seed, slots=self.slots, lost_after=self.lost_after)
            self.engines.append(engine)
            yield Dealer(engine, name=name, on_death=on_death)
