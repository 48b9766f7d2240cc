"""What a process has used up: computing takes no time in a run, so none of the processor's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from chaos.simulation.tasks.baton import is_in_a_run
from chaos.simulation.timing.clock import Clock

try:
    import resource
except ImportError:  # There is none on Windows.
    resource = None  # type: ignore[assignment]  # see above

# By name: a closure over one of these would be found, and replaced by what is made here.
_times = os.times
_getrusage = None if resource is None else resource.getrusage
_PROCESSOR_TIMES = 2
"""Of what ``getrusage`` tells, so many come first that are about the processor."""


def substitutes(clock: Clock) -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place.

    Args:
        clock: What is shown as the time that has passed.
    """

    def times() -> os.times_result:
        if not is_in_a_run():
            return _times()
        return os.times_result((0.0, 0.0, 0.0, 0.0, clock.monotonic()))

    def getrusage(who: int, /) -> Any:  # noqa: ANN401 - of a module that is not everywhere
        assert _getrusage is not None, "replaced where it is there"
        used = _getrusage(who)
        if not is_in_a_run():
            return used
        return type(used)((*(0.0,) * _PROCESSOR_TIMES, *used[_PROCESSOR_TIMES:]))

    found: dict[Callable[..., Any], Callable[..., Any]] = {_times: times}
    if _getrusage is not None:
        found[_getrusage] = getrusage
    return found
