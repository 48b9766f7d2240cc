"""The terminal as a place for lines that are data."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from chaos.errors import ReaderGoneError
from chaos.reports.terminal import Terminal

STEERING = "\x1b]0;pwned\x07 \x9b2J\r"
SHOWN = r"\x1b]0;pwned\x07 \x9b2J\x0d"


def table() -> Table:
    """Return what a table makes of a cell that came from elsewhere."""
    made = Table(box=None)
    made.add_column()
    made.add_row(STEERING)
    return made


@pytest.mark.parametrize("what", [STEERING, table()], ids=["line", "table"])
def test_terminal_shows_control_characters(what: str | Table) -> None:
    """As escapes, none is lost; wherever on the screen they would be."""
    written = io.StringIO()

    Terminal(written, width=80).print(what)

    assert written.getvalue().strip() == SHOWN


def test_terminal_shows_control_characters_of_texts() -> None:
    """Also of those that others have made for it."""
    written = io.StringIO()

    Terminal(written, width=80).print(Text("a\x1b[2Jb", "red"))

    assert written.getvalue() == "a\\x1b[2Jb\n"


def test_terminal_has_no_emojis() -> None:
    """A place in a file is written as it is."""
    written = io.StringIO()

    Terminal(written, width=80).print("a.yaml:100: expect", markup=False)

    assert written.getvalue() == "a.yaml:100: expect\n"


class Closed(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        """Refuse."""
        raise BrokenPipeError


def test_terminal_that_nobody_reads_is_no_failed_scenario() -> None:
    """It ends the command with a code of its own."""
    with pytest.raises(ReaderGoneError) as ended:
        Terminal(Closed()).print("hello")

    assert ended.value.exit_code not in range(5)
