"""Changes on a terminal: a table that keeps its columns in a pipe, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from chaos.compare.baseline import Comparison
from chaos.compare.changes import Change, Trend

STYLES = {Trend.WORSE: "bold red", Trend.BETTER: "green", Trend.DIFFERENT: "yellow"}
_GAP = "  "


def by_trend(changes: Iterable[Change]) -> list[Change]:
    """Changes with the worse ones first, else in the order given."""
    return sorted(changes, key=lambda change: list(Trend).index(change.trend))


def change_lines(changes: Iterable[Change]) -> Iterator[Text]:
    """A line each, under a heading: trend, scenario, measure, what it was, what it is."""
    ordered = by_trend(changes)
    rows = [
        (each.trend.value, each.scenario, each.label, each.was_shown, each.now_shown)
        for each in ordered
    ]
    heads = ("", "scenario", "measure", "was", "is")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    yield Text(_padded(heads, widths), "dim")
    for change, row in zip(ordered, rows, strict=True):
        yield Text(_padded(row, widths), STYLES[change.trend])


def print_comparison(console: Console, comparison: Comparison) -> None:
    """What is no longer as the baseline records it, and what to do about it."""
    lines: list[Text] = []
    if comparison.changes:
        lines += [Text("changes against the baseline:"), *change_lines(comparison.changes)]
    if comparison.new:
        lines.append(Text(f"not in the baseline: {', '.join(comparison.new)}", "bold red"))
    if comparison.missing:
        lines.append(
            Text(f"in the baseline, but not played: {', '.join(comparison.missing)}", "bold red")
        )
    if comparison.outdated:
        lines.append(Text(comparison.advice))
    else:
        lines.append(Text("every number is as the baseline records it", "green"))
    if comparison.elsewhere:
        lines.append(Text(f"{comparison.elsewhere} scenarios of the baseline were not selected"))
    for line in lines:
        # Lines are data: no wrapping in a pipe, no highlighting of numbers.
        console.print(line, soft_wrap=True, highlight=False)


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()
