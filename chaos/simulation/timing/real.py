"""The real clocks, kept from before a simulation takes their place.

For the harness itself: how long a run took, and whether a thread is alive. They are twins of the
functions of `time`, which no simulation knows of.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from chaos.simulation.in_place import twin

asctime = twin(time.asctime)
ctime = twin(time.ctime)
gmtime = twin(time.gmtime)
localtime = twin(time.localtime)
monotonic = twin(time.monotonic)
monotonic_ns = twin(time.monotonic_ns)
perf_counter = twin(time.perf_counter)
perf_counter_ns = twin(time.perf_counter_ns)
process_time = twin(time.process_time)
process_time_ns = twin(time.process_time_ns)
sleep = twin(time.sleep)
strftime = twin(time.strftime)
time_s = twin(time.time)
time_ns = twin(time.time_ns)

_HERE_AND_THERE = ("clock_gettime", "clock_gettime_ns", "thread_time", "thread_time_ns")


def _if_there(name: str) -> Callable[..., Any] | None:
    there = getattr(time, name, None)
    return None if there is None else twin(there)


clock_gettime, clock_gettime_ns, thread_time, thread_time_ns = map(_if_there, _HERE_AND_THERE)

ORIGINALS: dict[str, Callable[..., Any]] = {
    name: getattr(time, name)
    for name in (*(set(globals()) - {"time_s"}), "time")
    if name in vars(time) and callable(getattr(time, name))
}
"""The functions of `time` themselves, by name."""
