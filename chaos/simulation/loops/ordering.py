"""Which of the coroutines that are ready in an event loop goes on: the first, or a search decides.

A coroutine gives way where it awaits something that is not there yet. Who of several goes on next
depends, in production, on which answer came first. Asyncio's own callbacks keep their order: it
promises that, and its transports are built on it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex

Pick = Callable[[int], int]
"""Takes how many could go on, and gives the number of the one that does."""


def search_order(loop: asyncio.AbstractEventLoop, pick: Pick) -> None:
    """Have ``pick`` asked whenever several coroutines of this loop are ready."""
    opened: Any = loop
    ready = getattr(opened, "_ready", None)
    if isinstance(ready, deque) and not isinstance(ready, _Ready):
        opened._ready = _Ready(ready, pick)  # noqa: SLF001 - there is no public way


def first_in_first_out(loop: asyncio.AbstractEventLoop) -> None:
    """Undo `search_order`."""
    opened: Any = loop
    if isinstance(getattr(opened, "_ready", None), _Ready):
        opened._ready = deque(opened._ready)  # noqa: SLF001 - as above


class _Ready(deque[asyncio.Handle]):
    """What a loop does next; it takes from the left."""

    def __init__(self, handles: Iterable[asyncio.Handle], pick: Pick) -> None:
        super().__init__(handles)
        self._pick = pick

    def popleft(self) -> asyncio.Handle:
        first = super().popleft()
        if not _is_step(first):
            return first
        others = [at for at, handle in enumerate(self) if _is_step(handle)]
        picked = self._pick(len(others) + 1) if others else 0
        if not picked:
            return first
        at: SupportsIndex = others[picked - 1]
        following = self[at]
        del self[at]
        self.appendleft(first)
        return following


def _is_step(handle: asyncio.Handle) -> bool:
    """Whether it lets a coroutine go on."""
    opened: Any = handle
    if handle.cancelled():
        return False
    owner = getattr(opened._callback, "__self__", None)  # noqa: SLF001 - as above
    return isinstance(owner, asyncio.Task)
