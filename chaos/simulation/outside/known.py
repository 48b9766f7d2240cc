"""Libraries that go past Python, and what is said when they are used in a run.

Where the kernel refuses sockets to C code, that is found whatever it is. This list finds the best
known ones by name, sooner and everywhere, and has better words. Loops and clocks of C code are
found here alone: they need no sockets, and would wait in real time, or end the process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

from chaos.errors import SimulationError
from chaos.simulation.tasks.baton import is_in_a_run
from chaos.simulation.when_loaded import when_loaded

_INSTEAD = {
    "a client": "a client that uses Python's sockets, or a stand-in in its place",
    "an event loop": "asyncio's own loops, which are simulated",
    "a clock": "the virtual clock of the run; let time pass with simulation.advance, or with the "
    "steps of a scenario",
}
_KNOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "grpc": ("a client", ("insecure_channel", "secure_channel", "server")),
    "grpc.aio": ("a client", ("insecure_channel", "secure_channel", "server")),
    "pycurl": ("a client", ("Curl", "CurlMulti")),
    "curl_cffi.curl": ("a client", ("Curl",)),
    "psycopg": ("a client", ("connect", "Connection.connect", "AsyncConnection.connect")),
    "psycopg2": ("a client", ("connect",)),
    "pymssql": ("a client", ("connect",)),
    "pyodbc": ("a client", ("connect",)),
    "MySQLdb": ("a client", ("connect",)),
    "zmq": ("a client", ("Context",)),
    "confluent_kafka": ("a client", ("Producer", "Consumer")),
    "pycares": ("a client", ("Channel",)),
    "uvloop": ("an event loop", ("new_event_loop", "run", "Loop")),
    "gevent": ("an event loop", ("sleep", "spawn", "spawn_later", "wait", "joinall", "get_hub")),
    "eventlet": ("an event loop", ("sleep", "spawn", "spawn_n", "spawn_after", "monkey_patch")),
    "time_machine": ("a clock", ("travel.start",)),
}
_PATCHERS = {"gevent.monkey": "saved", "eventlet.patcher": "already_patched"}
"""Modules that put others in the place of Python's, and what shows that they have."""


def loaded() -> list[str]:
    """Those that this process has loaded, by name."""
    return sorted({name.partition(".")[0] for name in _KNOWN if name in sys.modules})


def patched() -> list[str]:
    """Whoever has replaced Python's own waits with those of C code, in words."""
    return [
        f"{name} has replaced Python's waits and sockets with those of an event loop in C, which "
        "is not simulated; expected Python's own; turn it off in this run"
        for name, what in _PATCHERS.items()
        if getattr(sys.modules.get(name), what, None)
    ]


@contextmanager
def refusing(violation: Callable[[str], SimulationError]) -> Iterator[None]:
    """Refuses them to whoever is part of a run, whenever they are loaded, while entered."""
    with ExitStack() as undo:

        def refuse(module: ModuleType) -> None:
            what, ways_in = _KNOWN[module.__name__]
            for way_in in ways_in:
                _refuse(module, way_in, f"{module.__name__}.{way_in}", what, violation, undo)

        undo.enter_context(when_loaded(dict.fromkeys(_KNOWN, refuse)))
        yield


def _refuse(  # noqa: PLR0913, PLR0917 - what a refusal is made of
    module: ModuleType,
    way_in: str,
    called: str,
    what: str,
    violation: Callable[[str], SimulationError],
    undo: ExitStack,
) -> None:
    place, _, name = way_in.rpartition(".")
    owner = getattr(module, place, None) if place else module
    there = getattr(owner, name, None)
    if there is None:
        return

    def refuse(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as whatever is there
        if is_in_a_run():
            raise violation(
                f"{called} was used, {what} in C, which is not simulated; expected "
                f"{_INSTEAD[what]}; turn it off in this run"
            )
        return there(*args, **kwargs)

    undo.enter_context(mock.patch.object(owner, name, refuse))
