"""Tells a task that computes from one that waits for something outside of the simulation.

Real time says nothing about that: on a busy machine a thread may be ready, and still not run for
seconds. What a thread has computed is its own, however many others want the processor.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chaos.simulation.tasks.limits import Limits
from chaos.simulation.timing import real

LOOK_EVERY_S = 0.05
"""Real seconds between two looks at a task that runs."""

_NEXT_TO_NOTHING_S = 0.0001
"""A thread that is woken and goes back to sleep at once has not computed."""


@dataclass(slots=True)
class _Seen:
    thread: int
    progress: int
    began_s: float
    computed_s: float
    idle_looks: int = 0
    looked_at_s: float = 0.0
    idle_s: float = 0.0


class Watchdog:
    """Looks at whoever runs, again and again.

    Args:
        limits: What counts as stuck.

    Attributes:
        longest_idle_s: Real seconds for which a thread that ran has waited at a stretch, without
            computing anything.
    """

    def __init__(self, limits: Limits) -> None:
        self.longest_idle_s = 0.0
        self._limits = limits
        self._seen: _Seen | None = None

    def look(self, thread: int, progress: int) -> Literal["blocked", "computing"] | None:
        """What is wrong with the thread that runs; None if nothing is yet.

        Args:
            thread: Its number in the operating system.
            progress: Any number that changes when the run gets on.
        """
        computed_s = _computed_s(thread)
        seen = self._seen
        if seen is None or (seen.thread, seen.progress) != (thread, progress):
            self._seen = _Seen(thread, progress, computed_s, computed_s)
            self._seen.looked_at_s = real.monotonic()
            return None
        has_computed = computed_s - seen.computed_s > _NEXT_TO_NOTHING_S
        seen.idle_looks = 0 if has_computed or not _sleeps(thread) else seen.idle_looks + 1
        now_s = real.monotonic()
        seen.idle_s = seen.idle_s + now_s - seen.looked_at_s if seen.idle_looks else 0.0
        self.longest_idle_s = max(self.longest_idle_s, seen.idle_s)
        seen.looked_at_s = now_s
        seen.computed_s = computed_s
        if seen.idle_looks >= self._limits.blocked_looks:
            return "blocked"
        return "computing" if computed_s - seen.began_s > self._limits.computing_s else None


def _sleeps(thread: int) -> bool:
    """Whether a thread waits for an event, rather than for a processor or a disk."""
    try:
        stat = Path(f"/proc/self/task/{thread}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    # The name of the command is in brackets, and may have any character in it.
    return stat.rpartition(")")[2].split()[0] == "S"


def _computed_s(thread: int) -> float:
    """Processor seconds of a thread; of the whole process where threads cannot be told apart."""
    if real.clock_gettime is None or sys.platform != "linux":
        return real.process_time()
    try:
        # The kernel's own number for the clock of a thread. `pthread_getcpuclockid` would do, if
        # it did not crash for a thread that has ended a moment ago.
        seconds: float = real.clock_gettime(~thread << 3 | 6)
    except OSError:
        return 0.0
    return seconds
