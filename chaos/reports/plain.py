"""Lines without colours, for commands that have no time to import a console."""

from __future__ import annotations

import re
import sys

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    r"""The text without power over a terminal: control characters are shown as escapes.

    Newlines and tabs stay what they are.

    Example:
        >>> print(visible("\x1b]0;the title of your window\a"))
        \x1b]0;the title of your window\x07
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def say(line: str) -> None:
    """Print a line that is data on standard output, as `chaos.reports.terminal` would.

    Example:
        >>> say("2 scenarios are valid")
        2 scenarios are valid
    """
    sys.stdout.write(f"{visible(line)}\n")
