"""Switch points inside code: at every line and lock of some modules, another task may be let in.

Tasks otherwise run until they sleep or wait. That is all it takes for faults, and too coarse for a
race: two users who both look before either of them acts. Here each line of the modules is asked
about, so that a search over the answers goes through every interleaving of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from chaos.errors import TargetError
from chaos.simulation.conflicts.footprints import Footprints
from chaos.simulation.tasks.scheduler import Scheduler, TraceFunction
from chaos.simulation.threads import locks


class Interleaving:
    """Makes every line and every lock of some modules a switch point of a run.

    Args:
        scheduler: That of the run; its tasks must not have been spawned yet.
        modules: Names of the modules. Code of theirs is asked about, whoever calls it.
        footprints: Told what is touched between two switch points; None to leave that out, which
            is faster.

    Raises:
        TargetError: A module cannot be imported, or has no source file.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        modules: Iterable[str],
        footprints: Footprints | None = None,
    ) -> None:
        self._files = frozenset(map(_file_of, modules))
        self._scheduler = scheduler
        self._footprints = footprints
        if footprints is not None:
            footprints.files = self._files
            footprints.outermost = Scheduler.outermost()
            scheduler.on_resume = footprints.resumed
        # Whether the current task has done nothing since it was last asked. Where two questions
        # have nothing between them, the second would only double the interleavings.
        self._is_asked = False
        self._released_in: FrameType | None = None
        scheduler.tracer = self._enter
        locks.watch(self._at_lock)

    def _enter(self, frame: FrameType, event: str, detail: Any) -> TraceFunction | None:  # noqa: ANN401 - what settrace gives
        del event, detail
        if frame.f_code.co_filename in self._files:
            return self._step
        if self._footprints is not None:
            self._footprints.called(frame)
        return None

    def _step(self, frame: FrameType, event: str, detail: Any) -> TraceFunction:  # noqa: ANN401 - the same
        del detail
        if event == "line":
            if frame is not self._released_in:
                self._let_in(frame, "")
            elif self._footprints is not None:
                self._footprints.at_line(frame)
            self._released_in = None
            self._is_asked = True
        elif event == "return" and self._footprints is not None:
            self._footprints.back_in(frame.f_back)
        return self._step

    def _at_lock(self, is_release: bool) -> None:  # noqa: FBT001 - see locks.watch
        caller = self._caller(sys._getframe(2))  # noqa: SLF001 - there is no other way to the caller
        if caller is None:
            return
        if is_release:
            self._let_in(caller, "released")
            self._released_in = caller
        elif not self._is_asked:
            self._let_in(caller, "acquired")
        self._is_asked = False

    def _let_in(self, frame: FrameType, lock: str) -> None:
        """Ask whether another goes on here; ``lock`` is what happens to one, if that is where."""
        footprints = self._footprints
        if footprints is None:
            self._scheduler.let_in()
            return
        number = footprints.decisions()
        self._scheduler.let_in()
        is_decided = footprints.decisions() > number
        task = self._scheduler.acting
        place = ":".join(filter(None, (frame.f_code.co_filename, str(frame.f_lineno), lock)))
        footprints.begin(
            place,
            number if is_decided else None,
            frame,
            # The lock is not taken yet, and whoever works in the background may never go on.
            is_bound=lock == "acquired" or task is None or task.background,
        )

    def _caller(self, frame: FrameType) -> FrameType | None:
        """Whose lock it is; in a "with" statement there is a frame of the lock in between."""
        for each in (frame, frame.f_back):
            if each is not None and each.f_code.co_filename in self._files:
                return each
        return None


def _file_of(name: str) -> str:
    try:
        file = importlib.import_module(name).__file__
    except ImportError as error:
        raise TargetError(
            f"cannot interleave {name!r}: {error}; expected a module of the target's service; "
            "correct 'interleaved' of the target"
        ) from error
    if file is None:
        raise TargetError(
            f"cannot interleave {name!r}: it has no source file; expected a module written in "
            "Python; correct 'interleaved' of the target"
        )
    return file
