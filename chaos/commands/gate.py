"""`chaos gate`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import DEFAULT_BASELINE, Jobs, Paths, output, places
from chaos.commands.outputs import console_beside, write, write_reports
from chaos.commands.sharing import ShardFileOption, ShardOption, Sharing, shared_suite
from chaos.interactive.interruption import Progress
from chaos.reports.formats import Files, with_formats

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.compare.baseline import Baseline
    from chaos.runner.result import RunResult
    from chaos.runner.suite import SuiteResult
    from chaos.scenario.loader import LoadedScenario
    from chaos.verdict import Outcome

BaselineFile = Annotated[Path, typer.Option("--baseline", help="The baseline file.")]
Update = Annotated[
    bool, typer.Option("--update", help="Record the measured numbers as the new baseline.")
]
Traces = Annotated[Path | None, typer.Option(help="Folder for one NDJSON trace per scenario.")]


@with_formats
def gate(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    baseline_file: BaselineFile = DEFAULT_BASELINE,
    update: Update = False,  # noqa: FBT002 - typer calls with keywords
    jobs: Jobs = None,
    traces: Traces = None,
    shard: ShardOption = None,
    shard_file: ShardFileOption = None,
    *,
    files: Files,
) -> None:
    """Play everything and compare it with the recorded baseline.

    The gate fails if a scenario fails, if a number is worse than recorded, if the baseline lacks a
    scenario, or if it names one that was not played. Runs are deterministic, so numbers are
    compared exactly. A shard is compared with the records of its own scenarios.
    """
    from chaos import session
    from chaos.compare.baseline import conclude, recording
    from chaos.reports import github
    from chaos.reports.changes import print_comparison
    from chaos.reports.console import LISTED, ConsoleReport
    from chaos.reports.progress import ProgressLine
    from chaos.reports.report import Report
    from chaos.trace import ndjson

    where = places(paths)
    options = {"paths": list(map(str, paths or ())), "baseline": str(baseline_file)}
    sharing = Sharing(command="gate", options=options, shard=shard, file=shard_file)
    sharing.refuse(
        "--update",
        "one shard is not a baseline; use `chaos merge --update`",
        is_given=update,
    )
    to_record = recording(paths or (), baseline_file, DEFAULT_BASELINE)
    # Before anything is played: without a baseline the gate has nothing to say.
    baseline = _recorded(baseline_file, to_record, is_to_be_replaced=update)
    collected = session.collect(where)
    loaded = collected.sound().scenarios
    read = [*(each.source.path for each in loaded), *sharing.inputs]
    console = console_beside(
        {
            "--baseline": baseline_file if update else None,
            "--shard-file": sharing.output,
            **{each.option: path for each, path in files.items()},
        },
        folders={"--traces": traces},
        inputs=read if update else [baseline_file, *read],
    )
    shown = ConsoleReport(console, lists=len(loaded) <= LISTED)

    def tell(result: RunResult) -> None:
        shown.on_result(result)
        line.ended(result.name)

    def play(mine: Sequence[LoadedScenario]) -> SuiteResult:
        processes = session.processes_for(mine, wanted=jobs)
        with Progress(mine, tell, holds=processes == 1, continues=False) as progress:
            return session.run(
                mine,
                processes=processes,
                length=baseline.calls_of,
                on_result=progress.on_result,
            )

    with ProgressLine(console, len(loaded)) as line:
        suite = shared_suite(sharing, loaded, play, console, tell=tell)
    suite = replace(suite, passed_over=collected.passed_over)
    shown.on_end(suite)
    if update:
        baseline = _record(suite, baseline, baseline_file, where)
        console.print(f"recorded in {baseline_file}", soft_wrap=True)

    elsewhere = frozenset(each.scenario.name for each in loaded)
    comparison = baseline.compare(suite, where, update=to_record, elsewhere=elsewhere)
    outcome = conclude(suite, comparison)
    report = Report.of(suite, comparison, baseline=baseline_file, outcome=outcome)
    print_comparison(console, comparison)
    _conclude(console, suite, outcome, has_recorded=update)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        # Whichever stream people are told on: the other may hold a document.
        commands = github.workflow_commands(report.annotations)
        console.print(commands, end="", markup=False, soft_wrap=True)

    write_reports(files, report)
    if traces:
        for name, trace in report.traces.items():
            write(traces / f"{name}.ndjson", ndjson.dump(trace))
    # Whoever records wants to know whether it is recorded, and it is: else we were not here.
    raise typer.Exit(0 if update else outcome.exit_code)


def _recorded(path: Path, update: str, *, is_to_be_replaced: bool) -> Baseline:
    """The baseline to compare with; what is missing or damaged is what --update is for."""
    from chaos.compare.baseline import Baseline

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
            f"no scenario exercised these laws, so the gate is inconclusive: {idle}",
            soft_wrap=True,
        )
    if not has_recorded:
        console.print(f"gate: {outcome.value}")
