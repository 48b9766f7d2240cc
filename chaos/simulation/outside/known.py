"""Libraries that do their networking in C, and what is said when they are used in a run.

Where the kernel refuses sockets to C code, that is found whatever it is. This list finds the best
known ones by name, sooner and everywhere, and has better words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any
from unittest import mock

from chaos.errors import SimulationError
from chaos.simulation.tasks.baton import is_in_a_run

_INSTEAD = {
    "a client": "a client that uses Python's sockets, or a stand-in in its place",
    "an event loop": "asyncio's own loops, which are simulated",
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
}


def loaded() -> list[str]:
    """Those that this process has loaded, by name."""
    return sorted({name.partition(".")[0] for name in _KNOWN if name in sys.modules})


def refusing(violation: Callable[[str], SimulationError]) -> ExitStack:
    """Refuses those that are loaded to whoever is part of a run, while entered."""
    undo = ExitStack()
    for name, (what, ways_in) in _KNOWN.items():
        module = sys.modules.get(name)
        if module is not None:
            for way_in in ways_in:
                _refuse(module, way_in, f"{name}.{way_in}", what, violation, undo)
    return undo


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
                f"{_INSTEAD[what]}; switch it off in this run"
            )
        return there(*args, **kwargs)

    undo.enter_context(mock.patch.object(owner, name, refuse))
