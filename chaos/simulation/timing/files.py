"""When a file was written, which the kernel notes by the real clock.

It cannot be given virtual times. So whoever is part of a run and asks for the time of a file that
the run has written is found: compared with the clock of the run, it would be years off.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import Any

from chaos.errors import SimulationError
from chaos.simulation.tasks.baton import is_in_a_run
from chaos.simulation.timing import real

_NAMES = ("getmtime", "getatime", "getctime")
# Globals, and asked for by name: elsewhere they would be found, and replaced by what is made here.
_getmtime, _getatime, _getctime = os.path.getmtime, os.path.getatime, os.path.getctime

_COARSE_S = 0.05
"""Kernels note the time of a file to a tick of theirs, a little in the past."""


class FileTimes:
    """Watches who asks for the times of files.

    Args:
        violation: Keeps an attempt that makes a run worthless.
    """

    def __init__(self, violation: Callable[[str], SimulationError]) -> None:
        self._violation = violation
        self._since_s = 0.0

    def begin(self) -> None:
        """A run begins."""
        self._since_s = real.time_s() - _COARSE_S

    def substitutes(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """Real function to what takes its place."""
        return {globals()[f"_{name}"]: self._watching(name) for name in _NAMES}

    def _watching(self, name: str) -> Callable[[Any], float]:
        def watching(filename: Any) -> float:  # noqa: ANN401 - as the real one
            seconds: float = globals()[f"_{name}"](filename)
            if is_in_a_run() and seconds >= self._since_s:
                raise self._violation(
                    f"os.path.{name}({str(filename)!r}) was asked of a file that was written "
                    "during the run; expected no such thing, since that time is real, and the "
                    "clock of the run is virtual; keep the time in the file, or set it with "
                    "os.utime"
                )
            return seconds

        watching.__name__ = name
        return watching
