"""Freezes the clock: freezegun puts our functions into every module, and takes them out again.

What freezegun would put there does not do. Its dates are of another class, which libraries that
build schemas from types cannot read; its clocks stand still for everybody, the test runner
included; its local time knows no time zone. So it is given other functions to put in place, and
dates are changed in their own class.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from _thread import get_ident
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Self
from unittest import mock

import freezegun
import freezegun.api

from chaos.errors import SimulationError
from chaos.simulation.tasks.baton import baton
from chaos.simulation.timing import real
from chaos.simulation.timing.clock import START, Clock
from chaos.simulation.timing.dates import dates
from chaos.simulation.timing.functions import clock_functions
from chaos.simulation.timing.references import References
from chaos.simulation.untouched import RUNNERS, UNTOUCHED

_FROZEN_BY_FREEZEGUN = (
    *("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"),
    *("localtime", "gmtime", "strftime"),
)

_TRAVELLERS = ("traveller_stack", "coordinates_stack")
"""Where time_machine keeps who travels, since version 3 and before."""


class Freeze:
    """Shows ``clock`` to whoever asks for the time, while entered.

    Args:
        clock: What is shown.
        substitutes: More functions to replace along with the clocks: real one to substitute.
        violation: Keeps that somebody in a run wanted to freeze time on his own.

    Example:
        >>> import time
        >>> from _thread import get_ident
        >>> from chaos.simulation.tasks.baton import baton
        >>> with Freeze(Clock(), {}):
        ...     baton.ident = get_ident()
        ...     time.gmtime().tm_year
        2026
        >>> baton.ident = 0
    """

    def __init__(
        self,
        clock: Clock,
        substitutes: Mapping[Callable[..., Any], Callable[..., Any]],
        violation: Callable[[str], SimulationError] = SimulationError,
    ) -> None:
        self._clock = clock
        self._violation = violation
        self._functions = clock_functions(clock) | dict(substitutes)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Freeze; if that fails, everything is as it was before.

        Raises:
            SimulationError: Someone else has frozen time already.
        """
        time_machine = sys.modules.get("time_machine")
        travels = any(getattr(time_machine, name, ()) for name in _TRAVELLERS)
        if freezegun.api.freeze_factories or travels:
            by = "time_machine.travel" if travels else "freeze_time"
            raise SimulationError(
                f"time is already frozen; expected a real clock; enter the simulation outside {by}"
            )
        with ExitStack() as undo:
            books = self._freeze(undo)
            undo.enter_context(dates(self._clock))
            undo.enter_context(_real_time_for_runners())
            # freezegun leaves some modules alone, and does not know all of the functions.
            clocks = real.ORIGINALS
            undo.enter_context(
                References(self._functions, ignored=(*books, clocks), in_place=clocks.values())
            )
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._undo.close()

    def _freeze(self, undo: ExitStack) -> list[tuple[object, ...]]:
        """Freeze; returns what freezegun has noted down, with the real functions in it."""
        api = freezegun.api
        ours: dict[str, object] = {
            f"fake_{function.__name__}": function
            for function in self._functions.values()
            if function.__name__ in _FROZEN_BY_FREEZEGUN
        }
        for name, value in {
            **ours,
            # It takes classes for classes: these are the real ones.
            "FakeDatetime": dt.datetime,
            "FakeDate": dt.date,
            "pickle_fake_datetime": _as_ever,
            "pickle_fake_date": _as_ever,
            # Its own looks at dir() of each module. Some import half of a library then, and
            # fail, and the freeze with them.
            "_get_module_attributes": _attributes_of,
            "_get_module_attributes_hash": _state_of,
        }.items():
            undo.enter_context(mock.patch.object(api, name, value))
        freeze = freezegun.freeze_time(START, ignore=list(UNTOUCHED))
        undo.callback(_stop, freeze)
        freeze.start()
        api.freeze_factories[-1] = _Now(self._clock)
        kind = type(freeze)
        undo.enter_context(
            mock.patch.object(kind, "start", _refusing(kind.start, self._violation))
        )
        seen = (attributes for _, attributes in api._GLOBAL_MODULES_CACHE.values())  # noqa: SLF001
        return [*freeze.undo_changes, *(each for attributes in seen for each in attributes)]


def _refusing(
    start: Callable[..., Any], violation: Callable[[str], SimulationError]
) -> Callable[..., Any]:
    """``freeze_time`` for whoever has virtual time already: it would freeze nothing."""

    def start_(freeze: Any) -> Any:  # noqa: ANN401 - freezegun's own class has no public name
        if baton.ident == get_ident():
            raise violation(
                "freezegun tried to freeze time inside the simulation, whose clock is already "
                "virtual; expected one of the two; remove freeze_time, and let time pass with "
                "simulation.advance, or with the steps of a scenario"
            )
        return start(freeze)

    return start_


class _Now(freezegun.api.FrozenDateTimeFactory):
    """Tells freezegun what time it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def time_to_freeze(self) -> dt.datetime:  # type: ignore[override]  # an attribute there
        return self._clock.wall_datetime().replace(tzinfo=None)


@contextmanager
def _real_time_for_runners() -> Iterator[None]:
    """Give who runs the harness clocks that are not exchanged, until the block is left."""
    clocks = {**vars(real), "time": real.time_s}
    twins = {id(each): clocks[name] for name, each in real.ORIGINALS.items()}
    kept = [
        (vars(module), name, value)
        for module_name, module in list(sys.modules.items())
        if f"{module_name}.".startswith(RUNNERS) and isinstance(module, ModuleType)
        for name, value in vars(module).items()
        if id(value) in twins
    ]
    for namespace, name, value in kept:
        namespace[name] = twins[id(value)]
    try:
        yield
    finally:
        for namespace, name, value in kept:
            namespace[name] = value


def _stop(freeze: Any) -> None:  # noqa: ANN401 - freezegun's own class has no public name
    if freezegun.api.freeze_factories:
        # It would look for modules that were loaded since, again with dir(). We do that.
        freeze.modules_at_start = set(sys.modules)
        freeze.stop()
        # It sets what has not been there since Python 3.3.
        vars(time).pop("clock", None)


def _as_ever(value: dt.date) -> Any:  # noqa: ANN401 - what pickle takes
    return value.__reduce_ex__(4)


def _attributes_of(module: ModuleType) -> list[tuple[str, Any]]:
    return list(vars(module).items())


def _state_of(module: ModuleType) -> str:
    return f"{id(module)}-{len(vars(module))}"
