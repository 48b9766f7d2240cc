"""`chaos report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.outputs import STDOUT, console_beside, write
from chaos.errors import ChaosError

Saved = Annotated[
    Path, typer.Argument(help="Results that --json wrote, or one trace that --traces wrote.")
]
Traces = Annotated[
    Path | None,
    typer.Option(help="Folder of the traces; by default 'traces' beside the results."),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", help="Write the report as one page; - is standard output."),
]
PerfettoFile = Annotated[
    Path | None,
    typer.Option(
        "--perfetto",
        help="Write a trace for ui.perfetto.dev or chrome://tracing; - is standard output.",
    ),
]


def report(
    saved: Saved,
    traces: Traces = None,
    html_file: HtmlFile = None,
    perfetto_file: PerfettoFile = None,
) -> None:
    """Draw saved runs: as a page, or as a trace for Perfetto.

    Save them with: chaos run --json results.json --traces traces
    """
    from chaos.compare.finished import read_results, read_trace
    from chaos.reports import html, perfetto

    if html_file is None and perfetto_file is None:
        raise ChaosError("nothing to write; name a file with --html or --perfetto")
    console = console_beside({"--html": html_file, "--perfetto": perfetto_file}, inputs=[saved])
    written = [str(file) for file in (html_file, perfetto_file) if file and file != STDOUT]
    if saved.suffix == ".ndjson":
        if html_file:
            raise ChaosError(
                f"'{saved}' is a bare trace, and a page needs verdicts; "
                "name the results that `chaos run --json` wrote"
            )
        drawn = {saved.stem: read_trace(saved)}
    else:
        runs = read_results(saved, traces)
        drawn = {run.name: run.trace for run in runs}
        if html_file:
            write(html_file, html.render(runs))
    if perfetto_file:
        write(perfetto_file, perfetto.dump(drawn))
    if written:
        console.print(f"wrote {' and '.join(written)}", soft_wrap=True)
