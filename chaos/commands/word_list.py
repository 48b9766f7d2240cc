"""Lists of words and what they mean: a table where it fits, otherwise an entry for each word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

INDENT = 4
"""Columns before what is said of a name."""


class Entries:
    """Rows that are shown as a table, as long as no line of it has to be broken.

    Columns of prose side by side are narrow and hard to read.

    Args:
        columns: The headings; below the first are names, below the last is prose.
        rows: A cell for each heading.

    Example:
        >>> rows = [("latency", "latency, jitter", "Delay each response.")]
        >>> Console(width=40).print(Entries(("fault", "parameters", "what it does"), rows))
        latency
            Delay each response.
            parameters: latency, jitter
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self._columns = tuple(columns)
        self._rows = [tuple(row) for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table or the entries, whichever can be read at this width."""
        table = self._table()
        if Measurement.get(console, options.update(max_width=10_000), table).maximum <= (
            options.max_width
        ):
            yield table
            return
        for name, *facts, prose in self._rows:
            yield Text(name, style="bold")
            yield from _indented(Text(prose), console, options)
            for heading, fact in zip(self._columns[1:], facts, strict=False):
                if fact:
                    yield from _indented(Text(f"{heading}: {fact}", style="dim"), console, options)

    def _table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in self._columns:
            table.add_column(column, no_wrap=True)
        for row in self._rows:
            table.add_row(*row)
        return table


def _indented(text: Text, console: Console, options: ConsoleOptions) -> Iterator[Text]:
    """Lines without blanks at their ends, which would be copied with them."""
    for line in text.wrap(console, options.max_width - INDENT):
        line.rstrip()
        yield Text.assemble(" " * INDENT, line)
