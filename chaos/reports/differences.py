"""Two runs compared, on a terminal: what changed, and where each scenario parts, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from chaos.compare.changes import Trend
from chaos.compare.runs import RunsCompared, ScenarioDifference
from chaos.compare.traces import Parting, around
from chaos.reports.changes import change_lines
from chaos.trace.text import describe

SCENARIOS_SHOWN = 5
"""How many scenarios are shown event by event; all are counted."""

_PIPE_WIDTH = 160
_MARGIN = 2


def print_differences(console: Console, compared: RunsCompared) -> None:
    """Everything that differs, the worse first, and a line that counts it all."""
    width = console.width if console.is_terminal else _PIPE_WIDTH
    for line in _lines(compared, width):
        # Lines are data: no wrapping in a pipe, no highlighting of numbers.
        console.print(line, soft_wrap=True, highlight=False)


def _lines(compared: RunsCompared, width: int) -> Iterator[Text]:
    if compared.changes:
        yield from change_lines(compared.changes)
        yield Text()
    ordered = sorted(compared.differences, key=_worse_first)
    for difference in ordered[:SCENARIOS_SHOWN]:
        yield from _scenario(difference, width)
        yield Text()
    if len(ordered) > SCENARIOS_SHOWN:
        yield Text(f"... and {len(ordered) - SCENARIOS_SHOWN} more that differ", "dim")
    for names, where in ((compared.only_before, "before"), (compared.only_now, "now")):
        if names:
            yield Text(f"only {where}: {', '.join(names)}", "yellow")
    yield Text(_counted(compared))


def _worse_first(difference: ScenarioDifference) -> bool:
    return all(change.trend is not Trend.WORSE for change in difference.changes)


def _counted(compared: RunsCompared) -> str:
    trends = [change.trend for change in compared.changes]
    measures = ", ".join(
        f"{count} {trend.value}" for trend in Trend if (count := trends.count(trend))
    )
    return (
        f"scenarios: {compared.same} the same event for event, {len(compared.differences)} not; "
        f"measures: {measures or 'all the same'}"
    )


def _scenario(difference: ScenarioDifference, width: int) -> Iterator[Text]:
    parting = difference.parting
    if parting is None:
        yield Text(f"{difference.name}: the same events, judged differently", "bold")
    else:
        event = parting.was or parting.now
        assert event is not None, "a parting is a difference of at least one event"
        yield Text(f"{difference.name}: event {parting.seq} differs, at {event.at_s:.3f}s", "bold")
        yield from _beside(difference, parting, width)
        for name, was, now in parting.differences:
            yield Text(f"  {name}: {was!r} -> {now!r}", "cyan")
    for problem in difference.problems:
        seen = f"; expected {problem.expected}, seen {problem.seen}" if problem.expected else ""
        yield Text(
            f"  {problem.outcome.value} now: {problem.check}: {problem.reason}{seen}", "red"
        )


def _beside(difference: ScenarioDifference, parting: Parting, width: int) -> Iterator[Text]:
    """Events of both traces around the parting; a bar between those that are not the same."""
    column = (width - _MARGIN - 3) // 2
    yield Text(f"  {'was':<{column}}   is", "dim")
    pairs = zip_longest(around(parting, difference.was), around(parting, difference.now))
    for was, now in pairs:
        same = was == now
        left = _cut(describe(was) if was else "(ended)", column)
        right = _cut(describe(now) if now else "(ended)", column)
        yield Text(f"  {left:<{column}} {' ' if same else '|'} {right}", "dim" if same else "")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
