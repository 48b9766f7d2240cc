"""Starts threads that can make no real sockets, whatever code runs in them.

A filter cannot be taken off, and is inherited. So there is one thread in the process that has it,
which does nothing but start the threads of runs.
"""

from __future__ import annotations

import _thread
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.simulation.outside import known
from chaos.simulation.outside.sealing import warden
from chaos.simulation.outside.sealing.kernel import can_seal, seal_this_thread
from chaos.simulation.tasks.gate import Gate
from chaos.simulation.tasks.task import RealStart, start_thread

_start_new_thread = _thread.start_new_thread
_ASKED, _REPORTS = 3, 4


@dataclass(frozen=True, slots=True)
class WayOut:
    """Somebody wanted a real socket.

    Attributes:
        thread: The name of the thread; None for one that Python did not start.
        family: ``AF_INET`` or ``AF_INET6``.
    """

    thread: str | None
    family: str


class Launcher:
    """The thread that starts the others, and the process that refuses them sockets.

    Raises:
        OSError: The kernel, or whatever contains this process, does not allow it.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._wanted, self._done = Gate(), Gate()
        self._order: Callable[[], object] = self._seal
        self._asked = -1
        self._error: BaseException | None = None
        self._names: dict[int, str] = {}
        _start_new_thread(self._live, ())
        self._carry_out(self._seal)
        self._reports, writing = os.pipe()
        os.set_blocking(self._reports, False)
        # Above both, since one of the two may have the number that the other is to get.
        free = max(self._asked, writing) + 1
        try:
            os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", str(Path(warden.__file__)), "3", "4"],
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, self._asked, free),
                    (os.POSIX_SPAWN_DUP2, writing, free + 1),
                    (os.POSIX_SPAWN_DUP2, free, _ASKED),
                    (os.POSIX_SPAWN_DUP2, free + 1, _REPORTS),
                    (os.POSIX_SPAWN_CLOSE, free),
                    (os.POSIX_SPAWN_CLOSE, free + 1),
                ],
            )
        finally:
            os.close(self._asked)
            os.close(writing)

    @property
    def is_here(self) -> bool:
        """Whether it is of this process, and not of the one from which this was forked."""
        return os.getpid() == self._process

    def start(self, thread: threading.Thread, real_start: RealStart) -> None:
        """Start a thread of a run."""
        if not self.is_here:
            start_thread(thread, real_start)
            return
        self._carry_out(lambda: start_thread(thread, real_start))
        self._names[thread.native_id or 0] = thread.name

    def attempts(self) -> list[WayOut]:
        """What has been refused since the last time, in order."""
        found = []
        try:
            while data := os.read(self._reports, warden.REPORT.size):
                thread, family = warden.REPORT.unpack(data)
                shown = socket.AddressFamily(family).name
                found.append(WayOut(self._names.get(thread), shown))
        except BlockingIOError:
            pass
        return found

    def in_words(self) -> list[str]:
        """The same, as violations."""
        libraries = ", ".join(known.loaded())
        suspects = f"; C libraries that are loaded: {libraries}" if libraries else ""
        return [
            f"C code in {'a thread of its own' if each.thread is None else each.thread} tried to "
            f"open a real socket ({each.family}), and was refused; expected Python's sockets, "
            f"which are simulated{suspects}; turn off what needs it in this run"
            for each in self.attempts()
        ]

    def begin(self) -> None:
        """A run begins; what came before it is not its own."""
        self.attempts()
        self._names.clear()

    def _carry_out(self, order: Callable[[], object]) -> None:
        self._order = order
        self._wanted.open()
        self._done.pass_through()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _seal(self) -> None:
        self._asked = seal_this_thread()

    def _live(self) -> None:
        while True:
            self._wanted.pass_through()
            try:
                self._order()
            except BaseException as error:  # noqa: BLE001 - it goes to whoever gave the order
                self._error = error
            self._done.open()


class _Process:
    launcher: Launcher | None = None
    has_tried = False


def launcher() -> Launcher | None:
    """The one of this process, made at the first call; None where that is not possible.

    To be called outside of any run, since it starts a process.
    """
    if not _Process.has_tried:
        _Process.has_tried = True
        if can_seal():
            try:
                _Process.launcher = Launcher()
            except OSError:
                # An old kernel, or a sandbox that does not allow it.
                _Process.launcher = None
    return _Process.launcher


def _forget() -> None:
    """In a process that was forked, there is no such thread; it may make one of its own."""
    _Process.launcher, _Process.has_tried = None, False


os.register_at_fork(after_in_child=_forget)
