"""What ends a run from outside: a command beside it that has ended, or Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from chaos.errors import ChaosError

_GOODBYE_S = 5.0
"""A command that is told to end has so long before it is ended."""


class Beside:
    """The command.

    Attributes:
        exit_code: As a shell would say it; 0 also where the run ended first.
    """

    def __init__(self) -> None:
        self.exit_code = 0


@contextmanager
def interrupts_end(end: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C call ``end`` within the block, instead of raising wherever the program is.

    In a thread: what it calls may need a lock that the interrupted code holds.
    """

    def interrupted(number: int, frame: object) -> None:
        del number, frame
        threading.Thread(target=end, name="interrupted", daemon=True).start()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], on_end: Callable[[], None]
) -> Iterator[Beside]:
    """Start a command, and end it with the block.

    Args:
        command: Its words.
        environment: Variables that are added to those of this process.
        on_end: Called when the command has ended by itself.

    Raises:
        ChaosError: It cannot be started.

    Example:
        >>> ended = threading.Event()
        >>> with running(["sh", "-c", "exit $CODE"], {"CODE": "3"}, ended.set) as beside:
        ...     ended.wait(30)
        True
        >>> beside.exit_code
        3
    """
    try:
        process = subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603 - it is what the user asked for
    except OSError as error:
        raise ChaosError(
            f"{command[0]!r} cannot be started: {error.strerror}; expected a command after --; "
            "correct it"
        ) from error
    beside = Beside()

    def wait() -> None:
        code = process.wait()
        if not is_over.is_set():
            # A signal is told as shells do.
            beside.exit_code = code if code >= 0 else 128 - code
            on_end()

    is_over = threading.Event()
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield beside
    finally:
        is_over.set()
        process.terminate()
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        waiting.join()
