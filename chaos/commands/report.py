"""`chaos report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.outputs import STDOUT, console_beside, write_reports
from chaos.errors import ChaosError
from chaos.reports.formats import Files, with_formats

Saved = Annotated[
    Path, typer.Argument(help="Results that --json wrote, or one trace that --traces wrote.")
]
Traces = Annotated[
    Path | None,
    typer.Option(help="Folder of the traces; by default 'traces' beside the results."),
]


@with_formats
def report(saved: Saved, traces: Traces = None, *, files: Files) -> None:
    """Write reports on saved runs.

    Save them with: chaos run --json results.json --traces traces
    """
    from chaos.compare.saved_results import read_results, read_trace
    from chaos.reports.report import Report
    from chaos.verdict import Outcome

    if not files:
        raise ChaosError("nothing to write; name a file, for example with --html or --perfetto")
    console = console_beside({each.option: path for each, path in files.items()}, inputs=[saved])
    if saved.suffix == ".ndjson":
        if too_much := [each.option for each in files if each.needs_verdicts]:
            raise ChaosError(
                f"'{saved}' is a bare trace, and {too_much[0]} needs verdicts; "
                "name the results that `chaos run --json` wrote"
            )
        traced = {saved.stem: read_trace(saved)}
        drawn = Report(runs=(), outcome=Outcome.INCONCLUSIVE, traces=traced)
    else:
        drawn = Report.saved(read_results(saved, traces))
    write_reports(files, drawn)
    written = [str(path) for path in files.values() if path != STDOUT]
    if written:
        console.print(f"wrote {' and '.join(written)}", soft_wrap=True)
