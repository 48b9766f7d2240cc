"""The catalogue and the comparison on a terminal: tables, and a bar for each service."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from chaos.incidents.catalogue import FOLDER, Incident
from chaos.incidents.comparison import grouped
from chaos.incidents.measures import Row
from chaos.incidents.totals import HEADINGS, totals
from chaos.units import format_duration
from chaos.verdict import Outcome

BAR = 16
"""Characters of the longest bar."""

_PARTS = (("best", "█", "green"), ("fallback", "▒", "yellow"), ("error", "░", "red"))

_COLUMNS = (
    *("best", "fallback", "error", "stale", "calls", "per ask"),
    *("opened", "recovered", "slowest"),
)

LEGEND = (
    "█ answered in the best mode   ▒ in a lesser mode   ░ not answered\nopened: from the first "
    "fault to a breaker that opens; recovered: from the end of the last fault to an answer in the "
    "best mode"
)


def print_catalogue(console: Console, incidents: Sequence[Incident]) -> None:
    """The library: when, how long, what shape, and where it was published."""
    widest = max(len(incident.name) for incident in incidents)
    for incident in incidents:
        lasted = format_duration(incident.lasted)
        line = f"{incident.date.isoformat()}  {lasted:<7}{incident.name:<{widest}}  "
        console.print(f"{line}{incident.shape}", markup=False, soft_wrap=True)
        address = f"{' ' * len(line)}{incident.sources[0].address}"
        console.print(address, style="dim", markup=False, soft_wrap=True)


def print_incident(console: Console, incident: Incident) -> None:
    """Everything the header of its file says."""
    lasted = format_duration(incident.lasted)
    console.print(f"[bold]{incident.title}[/] ({incident.date.isoformat()}, {lasted})")
    console.print(f"{incident.shape}", markup=False)
    for heading, lines in (
        ("published", incident.facts),
        ("assumed", incident.assumed),
        ("sources", [f"{each.title}, {each.address}" for each in incident.sources]),
    ):
        console.print(f"\n{heading}")
        for line in lines:
            console.print(f"  - {line}", markup=False, soft_wrap=True)


def print_comparison(console: Console, rows: Sequence[Row]) -> None:
    """A table for each incident, a line and a bar for each service."""
    console.print(LEGEND, style="dim", soft_wrap=True)
    for incident, group in grouped(rows):
        console.print()
        _print_table(
            console,
            [incident, "", *_COLUMNS],
            [[row.target, bar(row), *cells(row)] for row in group],
        )


def print_totals(console: Console, rows: Sequence[Row], *, real_s: float) -> None:
    """What each service gave over all incidents, and how long it all took."""
    console.print()
    _print_table(
        console,
        ["all incidents", *HEADINGS],
        [[total.target, *total.cells()] for total in totals(rows)],
    )
    virtual = format_duration(round(sum(row.virtual_s for row in rows)))
    console.print(f"\n{virtual} of virtual time in {real_s:.1f} s")
    for row in rows:
        if row.outcome not in {"", Outcome.PASSED.value}:
            console.print(
                f"{row.outcome}: {row.incident}; see why with: "
                f"chaos run {FOLDER / row.incident}.yaml",
                style="red",
                soft_wrap=True,
            )


def _print_table(
    console: Console, head: Sequence[str], body: Sequence[Sequence[str | Text]]
) -> None:
    """Columns as wide as what is in them: a table of rich would cut them to the terminal."""
    lines = [head, *body]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        text = Text()
        for column, (cell, width) in enumerate(zip(line, widths, strict=True)):
            padding = " " * (width - len(cell))
            # Names and bars to the left, numbers to the right.
            is_left = column == 0 or isinstance(cell, Text)
            text.append_text(Text.assemble(*((cell, padding) if is_left else (padding, cell))))
            text.append("  ")
        text.rstrip()
        console.print(text, soft_wrap=True, style="bold" if line is head else "")


def bar(row: Row) -> Text:
    """How the questions of one service were answered, as a bar of one length.

    Example:
        >>> from chaos.incidents.measures import Row
        >>> row = Row(incident="i", target="t", outcome="", asks=4, best=2, fallback=1, error=1,
        ...     stale=0, calls=0, slowest_s=0, opened_after_s=None, recovered_after_s=None,
        ...     virtual_s=0, real_s=0)
        >>> str(bar(row))
        '████████▒▒▒▒░░░░'
    """
    text = Text()
    drawn = so_far = 0
    for field, character, style in _PARTS:
        so_far += getattr(row, field)
        # Ends are rounded, not lengths: so all bars are equally long.
        end = round(BAR * so_far / row.asks) if row.asks else 0
        text.append(character * (end - drawn), style)
        drawn = end
    return text


def cells(row: Row) -> list[str]:
    """The numbers of a row, as people read them."""
    return [
        *(str(number) for number in (row.best, row.fallback, row.error, row.stale, row.calls)),
        f"{row.amplification:.2f}",
        *(_after(seconds) for seconds in (row.opened_after_s, row.recovered_after_s)),
        _after(row.slowest_s),
    ]


def _after(seconds: float | None) -> str:
    """A duration to a tenth of a second.

    Example:
        >>> _after(None), _after(0.04), _after(75.26)
        ('-', '0s', '1m15.3s')
    """
    if seconds is None:
        return "-"
    tenths = round(seconds, 1)
    return format_duration(tenths) if tenths else "0s"
