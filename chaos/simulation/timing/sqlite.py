"""``datetime('now')`` and its kin in SQLite, which asks the operating system by itself.

Each connection that is opened while a simulation is entered gets functions of the same names. They
put the time of the run where ``now`` is meant, and let a connection of the harness do the rest.
Connections that are older keep the real time.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from typing import Any

from chaos.simulation.tasks.baton import baton
from chaos.simulation.timing.clock import Clock

try:
    import sqlite3

    # By name: a closure over it would be found, and replaced by what is made here.
    _connect = sqlite3.connect
except ImportError:  # A Python that was built without it has nobody who could ask.
    sqlite3 = None  # type: ignore[assignment]  # see above

_ANY_NUMBER = -1
_WITH_ARGUMENTS = ("date", "time", "datetime", "julianday", "unixepoch", "strftime")
_WITHOUT = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
_FIRST_TIME_AT = {"strftime": 1}
"""Where the first time stands among the arguments; it is the first of all, except here."""


def substitutes(clock: Clock) -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place."""
    if sqlite3 is None:
        return {}
    # Its functions are SQLite's own, and it is asked from many threads, one at a time.
    calculator = _connect(":memory:", check_same_thread=False)

    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the real one
        connection = _connect(*args, **kwargs)
        for name in _WITH_ARGUMENTS:
            connection.create_function(name, _ANY_NUMBER, _virtual(name, clock, calculator))
        for name, meant in _WITHOUT.items():
            connection.create_function(name, 0, _virtual(meant, clock, calculator))
        return connection

    return {_connect: connect}


def _virtual(name: str, clock: Clock, calculator: sqlite3.Connection) -> Callable[..., Any]:
    first = _FIRST_TIME_AT.get(name, 0)

    def function(*arguments: Any) -> Any:  # noqa: ANN401 - whatever SQLite has
        if baton.ident == get_ident() and len(arguments) >= first:
            meant = arguments[first : first + 1] or ("now",)
            if str(meant[0]).lower() == "now":
                now = clock.wall_datetime().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
                arguments = (*arguments[:first], now, *arguments[first + 1 :])
        marks = ", ".join("?" * len(arguments))
        ((value,),) = calculator.execute(f"SELECT {name}({marks})", arguments)
        return value

    return function
