"""`chaos explore`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaos.commands.common import Jobs
from chaos.commands.executing import ExecutorOption, SearchFile, executor_of
from chaos.commands.outputs import STDOUT, console_beside, write
from chaos.commands.sharing import ShardFileOption, ShardOption, Sharing
from chaos.errors import ChaosError
from chaos.interactive.interruption import telling_how_far, this_command

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.commands.shared_searches import SharedSearches
    from chaos.explorer.campaign import Campaign
    from chaos.explorer.exploration import Exploration

REGRESSIONS = Path("scenarios/regressions")

Scenarios = Annotated[
    list[Path],
    typer.Argument(help="Scenario files or folders; each scenario is searched on its own."),
]
Faults = Annotated[
    int | None,
    typer.Option(
        min=0, help="Most faults in one run.", show_default="2; 0 if there are preemptions"
    ),
]
Menu = Annotated[
    str,
    typer.Option(help="Only these faults, e.g. 'timeout,http_error-5*'.", show_default="all"),
]
Preemptions = Annotated[
    int, typer.Option(min=0, help="Most interruptions between two lines of code in one run.")
]
Orders = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Most times in one run that a user other than the first runs next, when several are "
        "ready.",
        show_default="the seed decides; with preemptions, no limit",
    ),
]
Reduce = Annotated[
    bool,
    typer.Option(
        "--reduce",
        help="Skip interruptions before code that touches nothing that other users touch.",
    ),
]
Users = Annotated[int | None, typer.Option(min=1, help="Most users who ask at the same time.")]
Runs = Annotated[int | None, typer.Option(min=1, help="Stop each search after this many runs.")]
Seconds = Annotated[
    float | None,
    typer.Option(min=0, help="Stop each search after this many seconds of real time."),
]
AtRandom = Annotated[
    bool,
    typer.Option("--random", help="Try random combinations of faults until --runs or --seconds."),
]
StopAtFirst = Annotated[
    bool, typer.Option("-x", "--stop-at-first", help="Stop at the first finding.")
]
Into = Annotated[Path, typer.Option(help="Folder for the scenarios that reproduce findings.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the searches as JSON; - is standard output.")
]

Resume = Annotated[
    Path | None,
    typer.Option(
        help="Record every run in this file, and continue from it if it exists; limits then count "
        "new runs only.",
    ),
]


def explore(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenarios: Scenarios,
    faults: Faults = None,
    menu: Menu = "",
    preemptions: Preemptions = 0,
    orders: Orders = None,
    reduce: Reduce = False,  # noqa: FBT002 - typer calls with keywords
    users: Users = None,
    runs: Runs = None,
    seconds: Seconds = None,
    jobs: Jobs = None,
    at_random: AtRandom = False,  # noqa: FBT002 - typer calls with keywords
    stop_at_first: StopAtFirst = False,  # noqa: FBT002 - the same
    into: Into = REGRESSIONS,
    json_file: JsonFile = None,
    resume: Resume = None,
    executor: ExecutorOption = None,
    shard: ShardOption = None,
    shard_file: ShardFileOption = None,
) -> None:
    """Search a scenario for faults and interleavings that break the service.

    With --faults, only the users and steps of the scenario are used: the search tries every fault
    of the menu at every call and every attempt to connect, then every pair, up to the bound. With
    --preemptions alone, it plays the scenario as it is, once for each interleaving of the code
    that the target names. With both, it tries them together. Preemptions include every order in
    which ready users and coroutines can run; with faults alone, the seed decides that order unless
    --orders is given. Runs with the fewest deviations come first.

    Each finding is written as a minimal scenario, which fails until the service is fixed. A shard
    searches its part of every tree; `chaos merge` joins the parts.
    """
    from chaos import session
    from chaos.commands.shared_searches import SharedSearches
    from chaos.explorer import search_text
    from chaos.explorer.campaign import Campaign
    from chaos.explorer.exploration import Bounds
    from chaos.explorer.menu import Menu as FaultMenu
    from chaos.explorer.report import Searched, dump, table
    from chaos.targets.here import importable_here

    if faults is None:
        faults = 0 if preemptions else 2
    _check_ends(at_random=at_random, limit=runs or seconds, resume=resume)
    options = {
        "paths": list(map(str, scenarios)),
        "faults": faults,
        "menu": menu,
        "preemptions": preemptions,
        "orders": orders,
        "users": users,
        "runs": runs,
        "random": at_random,
        "reduce": reduce,
        "stop_at_first": stop_at_first,
    }
    sharing = Sharing(command="explore", options=options, shard=shard, file=shard_file)
    sharing.refuse("--seconds", "machines differ in speed; use --runs", is_given=seconds)
    sharing.refuse("--resume", "a shard writes its own file", is_given=resume)
    sharing.refuse("--reduce", "a reduction depends on what the other shards see", is_given=reduce)
    sharing.refuse("--executor", "its workers share the work already", is_given=executor)
    sharing.refuse("--json", "coverage is known only after the merge", is_given=json_file)
    bounds = Bounds(
        faults=faults,
        preemptions=preemptions,
        orders=orders,
        runs=runs,
        seconds=seconds,
        stops_at_first=stop_at_first,
        reduces=reduce,
    )
    searches: list[Searched] = []
    loaded = session.load(scenarios)
    plays = executor_of(executor, jobs, (each.scenario.target for each in loaded))
    file = SearchFile.of(resume, executor)
    console = console_beside(
        {"--json": json_file, "--resume": file.path, "--shard-file": sharing.output},
        folders={"--into": into},
        inputs=[*(each.source.path for each in loaded), *sharing.inputs],
    )
    with file.kept_if_needed(), importable_here():
        campaigns = [
            Campaign(
                loaded=each,
                bounds=bounds,
                menu=FaultMenu(tuple(filter(None, menu.split(",")))),
                users=users,
                executor=plays,
                at_random=at_random,
                command=_command(options),
            )
            for each in loaded
        ]
        shared = SharedSearches(sharing, campaigns, file.path)
        for campaign in campaigns:
            if len(campaigns) > 1:
                console.print(f"{campaign.loaded.scenario.name}:", markup=False)
            found = _searched(campaign, console, shared, file)
            for line in shared.summary(campaign, found):
                console.print(line, markup=False, soft_wrap=True)
            # A shard's findings may be more than the whole has: the plainest is to be written.
            written = () if shard else tuple(campaign.write(found, into))
            for each in written:
                console.print(search_text.written(each), markup=False, soft_wrap=True)
            if resume and found.stopped in {"--runs", "--seconds"}:
                console.print(f"continue with: {this_command()}", markup=False, soft_wrap=True)
            searches.append(Searched(campaign=campaign, found=found, written=written))
            if found.lost:
                break
        shared.keep(console)
        if len(campaigns) > 1 and not shard:
            console.print(table(searches))
        if json_file:
            write(json_file, dump(searches))
        _check_ended(searches[-1].found, file)
    raise typer.Exit(1 if any(each.found.findings for each in searches) else 0)


def _interrupted(campaign: Campaign, so_far: str, file: SearchFile) -> str:
    """A search writes what it has found when it ends, which a limit lets it do sooner."""
    name = campaign.loaded.scenario.name
    first = f"interrupted: the search of {name} had reached: {so_far or 'its first runs'}\n"
    if file.path:
        return f"{first}every run is recorded in {file.path}; continue with: {file.next_command}"
    return (
        f"{first}"
        "nothing was left behind, and nothing was written\n"
        f"to write what is found in a minute: {this_command()} --seconds 60\n"
        f"to stop and continue a search: {this_command()} --resume FILE"
    )


def _check_ends(*, at_random: bool, limit: float | None, resume: Path | None) -> None:
    if at_random and not limit:
        raise ChaosError("a random search never ends; expected a limit; add --runs or --seconds")
    if resume == STDOUT:
        raise ChaosError("--resume is '-'; expected a file that can be read again; name one")


def _check_ended(found: Exploration, file: SearchFile) -> None:
    from chaos.processes.executor import ExecutorLostError

    if found.lost:
        raise ExecutorLostError(
            f"{found.lost}; what was played is in {file.path}; continue, with any executor or "
            f"none, with: {file.next_command}"
        )


def _command(options: Mapping[str, Any]) -> str:
    """The command that finds the same again, wherever it is played and written."""
    flags = {"random": "--random", "reduce": "--reduce", "stop_at_first": "-x"}
    words = ["chaos", "explore", *options["paths"]]
    for name, value in options.items():
        if value is True:
            words.append(flags[name])
        elif name != "paths" and value:
            words += [f"--{name}", str(value)]
    return shlex.join(words)


def _searched(
    campaign: Campaign, console: Console, shared: SharedSearches, file: SearchFile
) -> Exploration:
    """Search, and show how far it has come."""
    from rich.progress import Progress, TextColumn

    shown = TextColumn("{task.description}", markup=False)
    # Refreshed by us, not by a thread: a process that has threads cannot be forked.
    with (
        telling_how_far(lambda: _interrupted(campaign, progress.tasks[0].description, file)),
        Progress(shown, console=console, transient=True, auto_refresh=False) as progress,
    ):
        told = progress.add_task("")
        return shared.search(
            campaign, lambda text: progress.update(told, description=text, refresh=True)
        )
