"""`chaos diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import output
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.compare.runs import Side

_TRACE = ".ndjson"

Before = Annotated[
    Path, typer.Argument(help="The earlier results (--json), or one earlier trace.")
]
Now = Annotated[Path, typer.Argument(help="The later results, or one later trace.")]
TracesBefore = Annotated[
    Path | None,
    typer.Option(help="Folder of the earlier traces; by default 'traces' beside the results."),
]
TracesNow = Annotated[
    Path | None,
    typer.Option(help="Folder of the later traces; by default 'traces' beside the results."),
]


def diff(
    before: Before,
    now: Now,
    traces_before: TracesBefore = None,
    traces_now: TracesNow = None,
) -> None:
    """Compare two saved runs: what got better or worse, and the first event that differs.

    Exits 0 if nothing got worse, 1 if something did, and 3 if something differs and no measure
    says whether that is better or worse.
    """
    from chaos.compare.runs import compare_runs
    from chaos.reports.differences import print_differences

    if (before.suffix == _TRACE) != (now.suffix == _TRACE):
        raise ChaosError(
            f"'{before}' and '{now}' are not of the same kind; expected two results or two traces"
        )
    name = before.stem
    compared = compare_runs(_read(before, traces_before, name), _read(now, traces_now, name))
    print_differences(output(), compared)
    raise typer.Exit(compared.outcome.exit_code)


def _read(path: Path, traces: Path | None, name: str) -> dict[str, Side]:
    """Two traces are of the same scenario, whatever their files are called."""
    from chaos.compare.runs import bare, sides
    from chaos.compare.saved_results import read_results, read_trace

    if path.suffix == _TRACE:
        return bare(name, read_trace(path))
    return sides(read_results(path, traces))
