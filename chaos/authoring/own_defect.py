"""What is said of an error that nobody foresaw: it is a mistake of chaos, not of its user."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from pathlib import Path

from chaos import __version__
from chaos.errors import OwnDefectError
from chaos.simulation.tasks.task import in_words

SHOWS_STACK = "CHAOS_STACK"
"""Set in the environment, it adds the whole stack."""

_HERE = Path(__file__).parents[1]
_MOST_CALLS = 6
"""The innermost calls tell the defect; those around them tell only the command."""


def own_defect(error: BaseException) -> OwnDefectError:
    """The message for an error that should never have come out.

    Example:
        >>> def broken() -> None:
        ...     raise ZeroDivisionError("none left")
        >>> try:
        ...     broken()
        ... except ZeroDivisionError as error:
        ...     told = str(own_defect(error))
        >>> print(told.splitlines()[0])
        this is a defect of chaos, not of your files; nothing that it said can be relied on
    """
    lines = [
        "this is a defect of chaos, not of your files; nothing that it said can be relied on",
        f"please report this line: {_line(error)}",
    ]
    if os.environ.get(SHOWS_STACK):
        lines += "".join(traceback.format_exception(error)).rstrip().splitlines()
    else:
        lines.append(f"for the whole stack, set {SHOWS_STACK}=1 and run the same again")
    return OwnDefectError("\n".join(lines))


def _line(error: BaseException) -> str:
    """All that a report needs, without the paths of anybody's machine."""
    calls = [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    said = " ".join(in_words(error).split())
    where = " > ".join(calls[-_MOST_CALLS:])
    python = f"Python {platform.python_version()} {sys.platform}"
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    return f"chaos {__version__}, {python}, chaos {command}: {said} [{where}]"


def _short(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_HERE):
        return f"chaos/{path.relative_to(_HERE).as_posix()}"
    return path.name
