"""`chaos explore`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from chaos.commands.common import Jobs, output
from chaos.errors import ChaosError

REGRESSIONS = Path("scenarios/regressions")

Scenario = Annotated[Path, typer.Argument(help="The scenario whose users and steps to explore.")]
Faults = Annotated[
    int | None, typer.Option(min=0, help="Most faults in one run.", show_default="2, or 0")
]
Menu = Annotated[
    str,
    typer.Option(help="Only these faults, e.g. 'timeout,http_error-5*'.", show_default="all"),
]
Preemptions = Annotated[
    int, typer.Option(min=0, help="Most interruptions between two lines of code in one run.")
]
Users = Annotated[int | None, typer.Option(min=1, help="Let no more users ask at once.")]
Runs = Annotated[int | None, typer.Option(min=1, help="Stop after so many runs.")]
Seconds = Annotated[float | None, typer.Option(min=0, help="Stop after so much real time.")]
AtRandom = Annotated[
    bool, typer.Option("--random", help="Any number of faults, at random, until a limit.")
]
StopAtFirst = Annotated[bool, typer.Option("-x", "--stop-at-first", help="One finding will do.")]
Into = Annotated[Path, typer.Option(help="Folder for what is found.")]


def explore(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Scenario,
    faults: Faults = None,
    menu: Menu = "",
    preemptions: Preemptions = 0,
    users: Users = None,
    runs: Runs = None,
    seconds: Seconds = None,
    jobs: Jobs = None,
    at_random: AtRandom = False,  # noqa: FBT002 - typer calls with keywords
    stop_at_first: StopAtFirst = False,  # noqa: FBT002 - the same
    into: Into = REGRESSIONS,
) -> None:
    """Try everything that could happen in a scenario, and write down what breaks the service.

    With faults, the scenario gives only its users and steps: every fault of the menu is tried at
    every call they cause, then every two, up to the bound. With preemptions instead, the scenario
    is played as it is, once for each interleaving of the code that its target names.

    Whatever breaks a law becomes a scenario of its own, as small as can be, that fails until the
    service is mended.
    """
    from chaos import session
    from chaos.explorer.campaign import Campaign
    from chaos.explorer.exploration import Bounds
    from chaos.explorer.menu import Menu as FaultMenu
    from chaos.processes.pool import usable_cores

    if faults is None:
        faults = 0 if preemptions else 2
    if faults and preemptions:
        raise ChaosError("one search cannot do both; give --faults or --preemptions")
    if at_random and not (runs or seconds):
        raise ChaosError("a random search has no end of its own; give --runs or --seconds")
    (loaded,) = session.load([scenario])
    with session.importable_here():
        campaign = Campaign(
            loaded=loaded,
            bounds=Bounds(
                faults=faults,
                preemptions=preemptions,
                runs=runs,
                seconds=seconds,
                stops_at_first=stop_at_first,
            ),
            menu=FaultMenu(tuple(filter(None, menu.split(",")))),
            users=users,
            processes=jobs or usable_cores(),
            at_random=at_random,
            command=shlex.join(["chaos", *sys.argv[1:]]),
        )
        console = output()
        # Refreshed by us, not by a thread: a process that has threads cannot be forked.
        shown = TextColumn("{task.description}", markup=False)
        with Progress(shown, console=console, transient=True, auto_refresh=False) as progress:
            told = progress.add_task("")
            found = campaign.search(
                on_progress=lambda text: progress.update(told, description=text, refresh=True)
            )
        for line in campaign.summary(found):
            console.print(line, markup=False, soft_wrap=True)
        written = campaign.write(found, into)
        for each in written:
            console.print(each, markup=False, soft_wrap=True)
    raise typer.Exit(1 if found.findings else 0)
