"""Threads that are started past `threading`: part of the run as all others.

``_thread.start_new_thread`` makes a thread that no object stands for. In a run it gets one, so
that the scheduler has a name for it, and somebody to wake.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest import mock

from chaos.simulation.in_place import BuiltinFunctions, twin
from chaos.simulation.tasks.baton import scheduler_here

_NAMES = ("start_new_thread", "start_new")
_start = twin(_thread.start_new_thread)


class _Bare(threading.Thread):
    """What stands for such a thread; the name is the one that `threading` would give it."""

    def __init__(
        self,
        function: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(target=function, args=args, kwargs=kwargs, name="Dummy", daemon=True)

    def run(self) -> None:
        """Call the function; `_thread.exit` is a way to leave it."""
        with suppress(SystemExit):
            super().run()


@contextmanager
def virtual_threads() -> Iterator[None]:
    """Let them be part of the run for whoever is, while entered; whoever kept the way in, too."""
    functions = [getattr(_thread, name) for name in _NAMES]
    with ExitStack() as undo:
        for name in _NAMES:
            undo.enter_context(mock.patch.object(_thread, name, _start_in_simulation))
        undo.enter_context(BuiltinFunctions([(each, _start_in_simulation) for each in functions]))
        yield


def _start_in_simulation(
    function: Callable[..., object],
    args: tuple[Any, ...],
    /,
    *more: Any,  # noqa: ANN401 - what it is to be called with by name, if anything
) -> int:
    scheduler = scheduler_here()
    is_of_threading = isinstance(getattr(function, "__self__", None), threading.Thread)
    is_fine = callable(function) and isinstance(args, tuple) and _is_of_names(more)
    if scheduler is None or is_of_threading or not is_fine:
        # The real one has words of its own for what is wrong.
        return _start(function, args, *more)
    thread = _Bare(function, args, *more)
    scheduler.adopt(thread)
    assert thread.ident is not None, "it has been started"
    return thread.ident


def _is_of_names(more: tuple[Any, ...]) -> bool:
    return not more or (len(more) == 1 and isinstance(more[0], dict))
