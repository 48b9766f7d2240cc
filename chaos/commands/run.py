"""`chaos run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import (
    DEFAULT_BASELINE,
    Expression,
    Jobs,
    Paths,
    Seed,
    nothing_to_play,
    places,
)
from chaos.commands.outputs import console_beside, write, write_reports
from chaos.commands.sharing import ShardFileOption, ShardOption, Sharing, shared_suite
from chaos.commands.watch import watch as watch_and_play
from chaos.errors import ChaosError
from chaos.interactive.interruption import FROM, Progress, from_name
from chaos.reports.formats import Files, with_formats
from chaos.tiers.tier import Tier

if TYPE_CHECKING:
    from chaos.reports.terminal import Terminal
    from chaos.runner.result import RunResult
    from chaos.runner.suite import SuiteResult
    from chaos.scenario.loader import LoadedScenario
    from chaos.session import Loaded

StopAtFirst = Annotated[
    bool,
    typer.Option("-x", "--stop-at-first", help="Stop at the first scenario that does not pass."),
]
Verbose = Annotated[
    int,
    typer.Option(
        *("-v", "--verbose"),
        count=True,
        show_default=False,
        help="List every scenario, even of a large suite; -vv adds laws and trace digests.",
    ),
]


def _tier(name: str) -> str:
    from chaos.tiers.registry import worlds

    worlds(name)
    return name


TierName = Annotated[
    str,
    typer.Option(
        metavar="simulated|wire|both",
        parser=_tier,
        help="Virtual time, sockets through Toxiproxy, both and compared, or an added tier.",
    ),
]
From = Annotated[str, typer.Option(FROM, metavar="NAME", help="Start with this scenario.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Play scenarios again when a file is saved, until Ctrl-C.")
]
CheckOrder = Annotated[
    bool,
    typer.Option("--check-order", help="Play twice, in opposite orders, and compare the traces."),
]
Traces = Annotated[Path | None, typer.Option(help="Folder for one NDJSON trace per scenario.")]


@with_formats
def run(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    expression: Expression = "",
    tier: TierName = "simulated",
    seed: Seed = None,
    stop_at_first: StopAtFirst = False,  # noqa: FBT002 - typer calls with keywords
    verbose: Verbose = 0,
    jobs: Jobs = None,
    traces: Traces = None,
    first: From = "",
    watch: Watch = False,  # noqa: FBT002 - the same
    check_order: CheckOrder = False,  # noqa: FBT002 - the same
    shard: ShardOption = None,
    shard_file: ShardFileOption = None,
    *,
    files: Files,
) -> None:
    """Play scenarios and judge them.

    Stand-ins answer every request of the service in virtual time: no keys and no network are
    needed, and an hour of outage takes milliseconds. The wire tier shares one Toxiproxy, so it
    uses one process and ignores --jobs.

    With --check-order, each scenario is played twice, the second time in the opposite order and
    in another process. Different traces mean that the scenario depends on more than its file and
    its seed.
    """
    from chaos import session
    from chaos.compare.baseline import Baseline
    from chaos.reports.console import LISTED, ConsoleReport
    from chaos.reports.progress import ProgressLine
    from chaos.reports.report import Report
    from chaos.scenario.problems import ScenarioError
    from chaos.trace import ndjson

    if check_order:
        _check_can_be_compared(tier)
    options = {
        "paths": list(map(str, paths or ())),
        "expression": expression,
        "tier": tier,
        "seed": seed,
        "stop_at_first": stop_at_first,
        "from": first,
    }
    sharing = Sharing(command="run", options=options, shard=shard, file=shard_file)
    sharing.refuse("--watch", "it never ends, so it writes no file", is_given=watch)
    sharing.refuse(
        "--check-order", "it compares two orders of the whole suite", is_given=check_order
    )
    if watch:
        watch_and_play(places(paths), expression, seed=seed, laws=verbose > 1)
        return
    found = session.collect(places(paths), expression)
    loaded = from_name(found.scenarios, first)
    if not loaded:
        raise _nothing(found, expression)
    console = console_beside(
        {
            "--shard-file": sharing.output,
            **{each.option: path for each, path in files.items()},
        },
        folders={"--traces": traces},
        inputs=[*(each.source.path for each in loaded), *sharing.inputs],
    )
    report = ConsoleReport(console, lists=verbose > 0 or len(loaded) <= LISTED, laws=verbose > 1)
    runs = len(loaded) * (2 if tier == Tier.BOTH else 1)

    def tell(result: RunResult) -> None:
        report.on_result(result)
        line.ended(result.name)

    def play(mine: Sequence[LoadedScenario]) -> SuiteResult:
        processes = session.processes_for(mine, tier, jobs)
        with Progress(mine, tell, holds=processes == 1) as progress:
            return session.run(
                mine,
                tier=tier,
                seed=seed,
                stop_at_first=stop_at_first,
                processes=processes,
                length=Baseline.read_or_empty(DEFAULT_BASELINE).calls_of,
                on_result=progress.on_result,
            )

    with ProgressLine(console, runs) as line:
        suite = shared_suite(
            sharing, loaded, play, console, tell=tell, stops_at_first=stop_at_first
        )
    suite = replace(suite, passed_over=found.passed_over)
    report.on_end(suite)
    if files:
        write_reports(files, Report.of(suite))
    if traces:
        for result in suite.results:
            write(traces / f"{result.name}.ndjson", ndjson.dump(result.trace))
    order_holds = not check_order or _order_holds(console, suite, seed)
    if found.problems:
        # What can be played, is; that the rest cannot be read is what comes of it all.
        raise ScenarioError(found.problems)
    raise typer.Exit(suite.outcome.exit_code or int(not order_holds))


def _nothing(found: Loaded, expression: str) -> ChaosError:
    """Why nothing is played: mistakes, or a choice."""
    from chaos.scenario.problems import ScenarioError

    if found.problems:
        return ScenarioError(found.problems)
    return nothing_to_play(found.passed_over, expression)


def _check_can_be_compared(tier: str) -> None:
    if tier not in {Tier.SIMULATED, Tier.BOTH}:
        raise ChaosError(
            f"--check-order compares traces of virtual time, and --tier is {tier!r}; expected "
            "'simulated' or 'both'; leave one of the options out"
        )


def _order_holds(console: Terminal, suite: SuiteResult, seed: int | None) -> bool:
    """Play it all again, the other way round, and tell of what differs."""
    from chaos.order_check import differences

    played = [result for result in suite.results if result.tier == "simulated"]
    found = differences(played, seed=seed)
    for each in found:
        console.print(
            f"order: {each.name} has another trace when it is played in the opposite order, in "
            f"another process\n    at first  {each.first or '(nothing)'}\n    again     "
            f"{each.again or '(nothing)'}\n  it depends on something that no seed decides: the "
            "order of a set, or state that outlived a run; for that, set isolation: process",
            markup=False,
            soft_wrap=True,
        )
    if not found:
        console.print(f"order: {len(played)} traces are the same in the opposite order")
    return not found
