"""Work that is handed on in a queue stays that of the question for which it was put there.

Not everything in a queue is work: pools keep connections in them. Those give out first what came
last, since that is most likely alive; nobody does that with work.
"""

from __future__ import annotations

from asyncio import LifoQueue as AsyncLifoQueue
from collections import defaultdict, deque
from queue import LifoQueue
from typing import Any

from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.behalf import Behalf, take_over


class HandedOn:
    """Who put what into which queue, in the run that is on."""

    def __init__(self) -> None:
        self._by_item: defaultdict[tuple[int, int], deque[Behalf]] = defaultdict(deque)

    def begin_run(self) -> None:
        """Forget everything."""
        self._by_item.clear()

    def put(self, queue: Any, item: object) -> None:  # noqa: ANN401 - queues of several kinds
        """Note for whom ``item`` was put into ``queue``."""
        scheduler = scheduler_here()
        behalf = scheduler.behalf() if scheduler is not None else None
        if behalf is not None and not isinstance(queue, LifoQueue | AsyncLifoQueue):
            self._by_item[id(queue), id(item)].append(behalf)

    def got(self, queue: Any, item: object, *, in_a_loop: bool = False) -> None:  # noqa: ANN401 - the same
        """From here on act for whoever put ``item`` there.

        Args:
            queue: Where it was.
            item: What it is.
            in_a_loop: Whether the caller is a task of an event loop. Such a task may have begun
                outside any question, without being a thread of its own.
        """
        place = id(queue), id(item)
        # The same object may be in a queue several times: first in, first out.
        behalves = self._by_item.get(place)
        if not behalves:
            return
        theirs = behalves.popleft()
        if not behalves:
            del self._by_item[place]
        scheduler = scheduler_here()
        mine = scheduler.behalf() if scheduler is not None else None
        if mine is not None and (mine.is_free or (in_a_loop and mine.question is None)):
            take_over(theirs.handed_on())


handed_on = HandedOn()
"""That of the process's only run."""
