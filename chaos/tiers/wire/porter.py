"""Real sockets for a sealed world: one thread that has none of the filter makes them.

The kernel refuses sockets of the internet to the threads of a run, whoever asks for one there.
Those that lead to Toxiproxy are made here, for the harness; a task only uses them.
"""

from __future__ import annotations

import os
from _thread import start_new_thread
from collections.abc import Callable
from typing import Any, TypeVar, cast

from chaos.simulation.tasks.baton import outside
from chaos.simulation.tasks.gate import Gate

T = TypeVar("T")


class Porter:
    """Carries out what needs real sockets, one order at a time.

    To be made by a thread that is not sealed, such as the harness's own: a filter is inherited.

    Example:
        >>> Porter().carry_out(lambda: 6 * 7)
        42
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._wanted, self._done = Gate(), Gate()
        self._order: Callable[[], Any] | None = None
        self._result: object = None
        self._error: BaseException | None = None
        with outside():
            start_new_thread(self._live, ())

    @property
    def is_here(self) -> bool:
        """Whether its thread is of this process, and not of the one this was forked from."""
        return os.getpid() == self._process

    def carry_out(self, order: Callable[[], T]) -> T:
        """What ``order`` returns; the calling task is outside of the run meanwhile.

        Raises:
            BaseException: Whatever the order raises.
        """
        with outside():
            self._order = order
            self._wanted.open()
            self._done.pass_through()
            result, self._result = self._result, None
            error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                # It holds this frame; holding it here, too, would be a circle.
                del error
        return cast("T", result)

    def close(self) -> None:
        """Take no more orders."""
        if self.is_here:
            self._order = None
            self._wanted.open()

    def _live(self) -> None:
        while True:
            self._wanted.pass_through()
            order, self._order = self._order, None
            if order is None:
                return
            try:
                self._result = order()
            except BaseException as error:  # noqa: BLE001 - it goes to whoever gave the order
                self._error = error
            del order
            self._done.open()
