"""Timers of event loops that ring at the same instant: whoever was set first rings first.

On a real clock hardly two timers are set for the same instant, so that is how it is there. On a
virtual one many are, and asyncio keeps them in a heap, which has no order among equals.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import itertools
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

_numbers = itertools.count()


class OrderedTimer(asyncio.TimerHandle):
    """A timer that knows which of two was set first."""

    __slots__ = ("_number",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the real one
        super().__init__(*args, **kwargs)
        self._number = next(_numbers)

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        if isinstance(other, OrderedTimer) and self.when() == other.when():
            return self._number < other._number
        return self.when() < other.when()


def ordered_timers() -> AbstractContextManager[object]:
    """Has loops make timers of that kind, while entered."""
    return mock.patch.object(asyncio.events, "TimerHandle", OrderedTimer)
