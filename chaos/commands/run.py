"""`chaos run`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from chaos.authoring.interruption import FROM, Progress, from_name
from chaos.commands.common import (
    DEFAULT_BASELINE,
    Expression,
    Jobs,
    Paths,
    Seed,
    nothing_to_play,
    places,
)
from chaos.commands.outputs import console_beside, write
from chaos.commands.watch import watch as watch_and_play

StopAtFirst = Annotated[
    bool, typer.Option("-x", "--stop-at-first", help="Stop at the first that does not pass.")
]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Show laws and trace digests as well.")
]
TierName = Annotated[
    Literal["simulated", "wire", "both"],
    typer.Option(help="In virtual time; over sockets through Toxiproxy; or both, compared."),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write results as JSON; - is standard output.")
]
JUnitFile = Annotated[
    Path | None, typer.Option("--junit", help="Write results as JUnit XML; - is standard output.")
]
SarifFile = Annotated[
    Path | None, typer.Option("--sarif", help="Write findings as SARIF; - is standard output.")
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", help="Write a report as one page; - is standard output.")
]
From = Annotated[str, typer.Option(FROM, metavar="NAME", help="Begin with this scenario.")]
Watch = Annotated[bool, typer.Option("--watch", help="Play again what is saved, until Ctrl-C.")]
Traces = Annotated[Path | None, typer.Option(help="Folder for one NDJSON trace a scenario.")]


def run(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    expression: Expression = "",
    tier: TierName = "simulated",
    seed: Seed = None,
    stop_at_first: StopAtFirst = False,  # noqa: FBT002 - typer calls with keywords
    verbose: Verbose = False,  # noqa: FBT002 - the same
    jobs: Jobs = None,
    json_file: JsonFile = None,
    junit_file: JUnitFile = None,
    sarif_file: SarifFile = None,
    html_file: HtmlFile = None,
    traces: Traces = None,
    first: From = "",
    watch: Watch = False,  # noqa: FBT002 - the same
) -> None:
    """Play scenarios and judge them.

    Every request of the service is answered by stand-ins, in virtual time: no keys, no network,
    and an hour of outage takes milliseconds. On the wire there is one Toxiproxy: scenarios are
    played there by one process, whatever --jobs says.
    """
    from chaos import session
    from chaos.baseline import Baseline
    from chaos.compare.finished import runs_of
    from chaos.reports import as_json, html, junit, sarif
    from chaos.reports.console import ConsoleReport
    from chaos.reports.findings import findings
    from chaos.trace import ndjson

    if watch:
        watch_and_play(places(paths), expression, seed=seed, verbose=verbose)
        return
    found = session.collect(places(paths), expression)
    loaded = from_name(found.scenarios, first)
    if not loaded:
        raise nothing_to_play(found.passed_over, expression)
    console = console_beside(
        {
            "--json": json_file,
            "--junit": junit_file,
            "--sarif": sarif_file,
            "--html": html_file,
        },
        folders={"--traces": traces},
        inputs=[each.source.path for each in loaded],
    )
    report = ConsoleReport(console, verbose=verbose)
    where = session.Tier(tier)
    processes = session.processes_for(loaded, where, jobs)
    with Progress(loaded, report.on_result, holds=processes == 1) as progress:
        suite = session.run(
            loaded,
            tier=where,
            seed=seed,
            stop_at_first=stop_at_first,
            processes=processes,
            length=Baseline.read_or_empty(DEFAULT_BASELINE).calls_of,
            on_result=progress.on_result,
        )
    suite = replace(suite, passed_over=found.passed_over)
    report.on_end(suite)
    if json_file:
        write(json_file, as_json.dump(suite))
    if junit_file:
        write(junit_file, junit.dump(suite))
    if sarif_file:
        write(sarif_file, sarif.dump(findings(runs_of(suite))))
    if html_file:
        write(html_file, html.render(runs_of(suite)))
    if traces:
        for result in suite.results:
            write(traces / f"{result.loaded.scenario.name}.ndjson", ndjson.dump(result.trace))
    raise typer.Exit(suite.outcome.exit_code)
