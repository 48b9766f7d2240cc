"""Libraries that reach the network without Python's sockets: refused, each by its name.

What such a library does, nothing in Python sees: it would ask the real network in the middle of a
run, wait for real seconds, and report an error that looks like its provider's.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any
from unittest import mock

from chaos.simulation.loading import when_loaded
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.baton import is_in_a_run


@dataclass(frozen=True, slots=True)
class Bypass:
    """How a library goes past the sockets.

    Attributes:
        library: Its name.
        instead: What could be used in a run.
        doors: Functions and methods of the module through which everybody comes. A name that
            ends in ``*`` stands for that method of all classes of the module.
    """

    library: str
    instead: str
    doors: tuple[str, ...]


_GRPC = ("gRPC", "a client of the same API that speaks HTTP")
_POSTGRES = "a stand-in for what asks the database"

BYPASSES = {
    "pycurl": Bypass("pycurl", "urllib3 or httpx", ("Curl", "CurlMulti")),
    "uvloop": Bypass(
        "uvloop", "the loop of asyncio", ("Loop.run_forever", "Loop.run_until_complete")
    ),
    "grpc._channel": Bypass(*_GRPC, ("*.__call__", "*.with_call", "*.future")),
    # The channel itself starts a thread that waits where nobody sees it.
    "grpc.aio._channel": Bypass(*_GRPC, ("Channel.__init__", "*.__call__")),
    "psycopg": Bypass(
        "psycopg", _POSTGRES, ("connect", "Connection.connect", "AsyncConnection.connect")
    ),
    "psycopg2": Bypass("psycopg2", _POSTGRES, ("connect",)),
}
"""By the module in which the doors are."""


@contextmanager
def refusing_libraries(guard: Guard) -> Iterator[None]:
    """While entered, whoever is part of a run is refused by these libraries."""
    with ExitStack() as undo:

        def shut(bypass: Bypass, module: ModuleType) -> None:
            for owner, name in _doors(bypass, module):
                closed = _closed(guard, bypass, vars(owner).get(name) or getattr(owner, name))
                undo.enter_context(mock.patch.object(owner, name, closed))

        wanted = {name: partial(shut, bypass) for name, bypass in BYPASSES.items()}
        undo.enter_context(when_loaded(wanted))
        yield


def _doors(bypass: Bypass, module: ModuleType) -> Iterator[tuple[Any, str]]:
    for door in bypass.doors:
        owner, _, name = door.rpartition(".")
        if owner == "*":
            for each in list(vars(module).values()):
                if (
                    isinstance(each, type)
                    and each.__module__ == module.__name__
                    and name in vars(each)
                ):
                    yield each, name
        else:
            yield (getattr(module, owner) if owner else module), name


def _closed(guard: Guard, bypass: Bypass, real: Any) -> Any:  # noqa: ANN401 - any callable
    if isinstance(real, classmethod):
        return classmethod(_closed(guard, bypass, real.__func__))

    @functools.wraps(real, updated=())
    def refuse(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the real signature
        if is_in_a_run():
            raise guard.violation(
                f"{bypass.library} was used, which reaches the network without Python's sockets; "
                f"expected a client over those, which are simulated; use {bypass.instead} in this "
                "run"
            )
        return real(*arguments, **options)

    return refuse
