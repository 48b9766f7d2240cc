"""``datetime('now')`` and its kin in SQLite, which asks the operating system by itself.

Each connection that somebody in a run uses gets functions of the same names. They put the time of
the run where ``now`` is meant, and let a connection of the harness do the rest. Whether a
connection has them already is asked of itself, since nothing can be tied to it.
"""

from __future__ import annotations

import functools
from _thread import get_ident
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from chaos.errors import SimulationError
from chaos.simulation.in_place import BuiltinMethods
from chaos.simulation.tasks.baton import baton, is_in_a_run
from chaos.simulation.timing.clock import Clock

try:
    import sqlite3
except ImportError:  # A Python that was built without it has nobody who could ask.
    sqlite3 = None  # type: ignore[assignment]  # see above

_ANY_NUMBER = -1
_WITH_ARGUMENTS = ("date", "time", "datetime", "julianday", "unixepoch", "strftime")
_WITHOUT = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
_FIRST_TIME_AT = {"strftime": 1}
"""Where the first time stands among the arguments; it is the first of all, except here."""

_MARK = "chaos_is_here"
"""A function that only a prepared connection has."""

if sqlite3 is not None:
    _cursor, _cursor_execute = sqlite3.Connection.cursor, sqlite3.Cursor.execute


def virtual_now(clock: Clock, violation: Callable[[str], SimulationError]) -> ExitStack:
    """Lets SQLite show what ``clock`` shows to whoever is part of a run, while entered.

    Args:
        clock: What is shown.
        violation: Keeps that a connection could not be given that time.
    """
    undo = ExitStack()
    if sqlite3 is None:
        return undo
    functions: dict[tuple[str, int], Callable[..., Any]] = {
        **{(name, _ANY_NUMBER): _virtual(name, clock) for name in _WITH_ARGUMENTS},
        **{(name, 0): _virtual(meant, clock) for name, meant in _WITHOUT.items()},
        (_MARK, 0): int,
    }

    def prepare(connection: sqlite3.Connection) -> None:
        try:
            _cursor_execute(_cursor(connection), f"SELECT {_MARK}()")
        except sqlite3.OperationalError:
            try:
                for (name, count), function in functions.items():
                    connection.create_function(name, count, function)
            except sqlite3.OperationalError as error:
                raise violation(
                    "an SQLite connection from before the run was in use, and would show the real "
                    "time; expected it to be idle when the run begins; open it during the run, or "
                    "read its statements to the end"
                ) from error
        except sqlite3.Error:
            """It is closed, or another thread's; whatever was wanted of it says so."""

    for kind in (sqlite3.Connection, sqlite3.Cursor):
        undo.enter_context(BuiltinMethods(kind, _prepared(kind, prepare)))
    return undo


def _prepared(
    kind: type[Any], prepare: Callable[[sqlite3.Connection], None]
) -> dict[str, Callable[..., Any]]:
    """The methods of a class that carry out SQL, with a look at the connection before."""

    def prepared(name: str) -> Callable[..., Any]:
        original = vars(kind)[name]

        def method(self: Any, *args: Any) -> Any:  # noqa: ANN401 - as the real one
            if is_in_a_run():
                prepare(self if isinstance(self, sqlite3.Connection) else self.connection)
            return original(self, *args)

        return method

    return {name: prepared(name) for name in ("execute", "executemany", "executescript")}


@functools.cache
def _calculator() -> sqlite3.Connection:
    """A connection whose functions are SQLite's own; connections outlive simulations.

    It is asked from many threads, one at a time.
    """
    return sqlite3.connect(":memory:", check_same_thread=False)


def _virtual(name: str, clock: Clock) -> Callable[..., Any]:
    first = _FIRST_TIME_AT.get(name, 0)

    def function(*arguments: Any) -> Any:  # noqa: ANN401 - whatever SQLite has
        if baton.ident == get_ident() and len(arguments) >= first:
            meant = arguments[first : first + 1] or ("now",)
            if str(meant[0]).lower() == "now":
                now = clock.wall_datetime().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
                arguments = (*arguments[:first], now, *arguments[first + 1 :])
        marks = ", ".join("?" * len(arguments))
        calculation = f"SELECT {name}({marks})"
        ((value,),) = _cursor_execute(_cursor(_calculator()), calculation, arguments)
        return value

    return function
