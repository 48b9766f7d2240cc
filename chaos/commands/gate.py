"""`chaos gate`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.authoring.interruption import Progress
from chaos.commands.common import DEFAULT_BASELINE, Jobs, Paths, output, places
from chaos.commands.outputs import console_beside, write

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.baseline import Baseline
    from chaos.session import SuiteResult
    from chaos.verdict import Outcome

BaselineFile = Annotated[Path, typer.Option("--baseline", help="What to compare with.")]
Update = Annotated[
    bool, typer.Option("--update", help="Record what was measured as the new baseline.")
]
JUnitFile = Annotated[
    Path | None, typer.Option("--junit", help="Write results as JUnit XML; - is standard output.")
]
SarifFile = Annotated[
    Path | None, typer.Option("--sarif", help="Write findings as SARIF; - is standard output.")
]
SummaryFile = Annotated[
    Path | None,
    typer.Option(
        "--summary",
        envvar="GITHUB_STEP_SUMMARY",
        help="Append a Markdown summary; - is standard output.",
    ),
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", help="Write the report as one page; - is standard output.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write results as JSON; - is standard output.")
]
Traces = Annotated[Path | None, typer.Option(help="Folder for one NDJSON trace a scenario.")]


def gate(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    baseline_file: BaselineFile = DEFAULT_BASELINE,
    update: Update = False,  # noqa: FBT002 - typer calls with keywords
    jobs: Jobs = None,
    junit_file: JUnitFile = None,
    sarif_file: SarifFile = None,
    summary_file: SummaryFile = None,
    html_file: HtmlFile = None,
    json_file: JsonFile = None,
    traces: Traces = None,
) -> None:
    """Play everything and compare it with the recorded baseline.

    Fails if a scenario fails, if a number got worse, or if the baseline lacks a scenario or has
    one too many. Runs are deterministic, so numbers are compared exactly.
    """
    from chaos import session
    from chaos.baseline import conclude, recording
    from chaos.compare.finished import runs_of
    from chaos.reports import as_json, github, html, junit, sarif, summary
    from chaos.reports.changes import print_comparison
    from chaos.reports.console import ConsoleReport
    from chaos.reports.findings import findings
    from chaos.trace import ndjson

    where = places(paths)
    to_record = recording(paths or (), baseline_file, DEFAULT_BASELINE)
    # Before anything is played: without a baseline the gate has nothing to say.
    baseline = _recorded(baseline_file, to_record, is_to_be_replaced=update)
    collected = session.collect(where)
    loaded = collected.scenarios
    read = [each.source.path for each in loaded]
    console = console_beside(
        {
            "--baseline": baseline_file if update else None,
            "--junit": junit_file,
            "--sarif": sarif_file,
            "--summary": summary_file,
            "--html": html_file,
            "--json": json_file,
        },
        folders={"--traces": traces},
        inputs=read if update else [baseline_file, *read],
    )
    report = ConsoleReport(console)
    processes = session.processes_for(loaded, wanted=jobs)
    holds = processes == 1
    with Progress(loaded, report.on_result, holds=holds, continues=False) as progress:
        suite = session.run(
            loaded,
            processes=processes,
            length=baseline.calls_of,
            on_result=progress.on_result,
        )
    suite = replace(suite, passed_over=collected.passed_over)
    report.on_end(suite)
    if update:
        baseline = _record(suite, baseline, baseline_file, where)
        console.print(f"recorded in {baseline_file}", soft_wrap=True)

    comparison = baseline.compare(suite, where, update=to_record)
    outcome = conclude(suite, comparison)
    runs = runs_of(suite)
    found = findings(runs, comparison, baseline_file)
    print_comparison(console, comparison)
    _conclude(console, suite, outcome, has_recorded=update)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        # Whichever stream people are told on: the other may hold a document.
        commands = github.workflow_commands(found)
        console.print(commands, end="", markup=False, soft_wrap=True)

    if junit_file:
        write(junit_file, junit.dump(suite, comparison))
    if sarif_file:
        write(sarif_file, sarif.dump(found))
    if html_file:
        write(html_file, html.render(runs, changes=comparison.changes))
    if json_file:
        write(json_file, as_json.dump(suite))
    if traces:
        for run in runs:
            write(traces / f"{run.name}.ndjson", ndjson.dump(run.trace))
    if summary_file:
        text = summary.markdown(
            runs,
            outcome=outcome,
            comparison=comparison,
            laws_not_exercised=suite.laws_not_exercised,
        )
        # Other steps of the same CI job write to the same file.
        write(summary_file, text, append=True)
    # Whoever records wants to know whether it is recorded, and it is: else we were not here.
    raise typer.Exit(0 if update else outcome.exit_code)


def _recorded(path: Path, update: str, *, is_to_be_replaced: bool) -> Baseline:
    """The baseline to compare with; what is missing or damaged is what --update is for."""
    from chaos.baseline import Baseline

    if is_to_be_replaced:
        return Baseline.read_or_empty(path)
    return Baseline.read(path, update=update)


def _record(suite: SuiteResult, old: Baseline, path: Path, where: Sequence[Path]) -> Baseline:
    """Write the new baseline; a service that is not sound is not worth comparing with."""
    from chaos.verdict import Outcome

    if suite.outcome is not Outcome.PASSED:
        output(stderr=True).print(
            f"chaos: {path} was not updated: only a suite that passed can be a baseline",
            soft_wrap=True,
        )
        raise typer.Exit(suite.outcome.exit_code)
    new = old.updated(suite, where)
    write(path, new.dump())
    return new


def _conclude(
    console: Console, suite: SuiteResult, outcome: Outcome, *, has_recorded: bool
) -> None:
    """Say what is in doubt where every scenario passed: nothing else on the screen does."""
    from chaos.verdict import Outcome

    if outcome is Outcome.INCONCLUSIVE and suite.outcome is Outcome.PASSED:
        idle = ", ".join(suite.laws_not_exercised)
        console.print(
            f"no scenario put these laws to the test, so that the gate is inconclusive: {idle}",
            soft_wrap=True,
        )
    if not has_recorded:
        console.print(f"gate: {outcome.value}")
