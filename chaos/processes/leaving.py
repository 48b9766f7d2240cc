"""The end of a process is its own affair: no code that it plays decides on it.

A service may end its process, on purpose or by mistake, with whatever exit code; a gate that took
that code for its own would be green because a service gave up.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

real_exit = os._exit
"""The one that ends the process, wherever it may be out of reach."""


class ProcessEndedError(BaseException):
    """Somebody's code ended the process, past all that Python does at the end.

    Attributes:
        code: The exit code that it wanted.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"os._exit({code})")
        self.code = code


@contextmanager
def nobody_else_ends_it() -> Iterator[None]:
    """``os._exit`` in the block is an error that can be told, instead of the end.

    A process that is forked in the block may be ended: its parent hears of that.

    Example:
        >>> import os
        >>> with nobody_else_ends_it():
        ...     try:
        ...         os._exit(0)
        ...     except ProcessEndedError as error:
        ...         error.code
        0
    """
    owner = os.getpid()

    def ended(status: int) -> NoReturn:
        if os.getpid() != owner:
            real_exit(status)
        raise ProcessEndedError(status)

    before = os._exit
    os._exit = ended
    try:
        yield
    finally:
        os._exit = before


def leave_with_code_of(main: Callable[[], object]) -> NoReturn:
    """Run a program, and end the process with the code that it ends with.

    Functions that somebody registered for the end of the process are called, but have no say;
    threads that were left behind are not waited for.

    Args:
        main: Ends with ``SystemExit``, like most.
    """
    code: object = 0
    # From before anything is imported that may keep the function until the very end.
    with nobody_else_ends_it():
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        atexit._run_exitfuncs()  # noqa: SLF001 - a name without a page, but with a test
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    real_exit(code if isinstance(code, int) else int(code is not None))
