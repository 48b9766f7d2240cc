"""`chaos incidents`: the library of public incidents, and what would have become of us."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.common import Jobs, output
from chaos.commands.outputs import console_beside, write
from chaos.commands.sharing import ShardFileOption, ShardOption, Sharing
from chaos.interactive.interruption import stopped_at, telling_how_far, this_command

incidents = typer.Typer(
    name="incidents",
    invoke_without_command=True,
    help="Replay public incidents of providers, and compare services.\n\nWithout a command, list "
    "the incidents.",
)

Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Incidents.", show_default="all")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The incident.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        help="Play it against this service: no-retry, retry-only, retry-with-breaker, an "
        "installed target or package.module:Class. May be repeated.",
        show_default="helpdesk and the three simple strategies",
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the numbers as JSON; - is standard output.")
]
SvgFile = Annotated[
    Path | None, typer.Option("--svg", help="Write them as a picture; - is standard output.")
]


@incidents.callback()
def list_incidents(context: typer.Context) -> None:
    """List the incidents: date, duration, shape and source."""
    if context.invoked_subcommand is None:
        from chaos.incidents.catalogue import read_catalogue
        from chaos.incidents.tables import print_catalogue

        print_catalogue(output(), read_catalogue())


@incidents.command()
def show(name: Name) -> None:
    """Show the published facts of an incident, and the assumptions made where none exist."""
    from chaos.incidents.catalogue import choose, read_catalogue
    from chaos.incidents.tables import print_incident

    (incident,) = choose(read_catalogue(), [name])
    print_incident(output(), incident)


@incidents.command()
def run(  # noqa: PLR0913, PLR0917 - one parameter for each option
    names: Names = None,
    targets: Targets = None,
    json_file: JsonFile = None,
    svg_file: SvgFile = None,
    jobs: Jobs = None,
    shard: ShardOption = None,
    shard_file: ShardFileOption = None,
) -> None:
    """Play incidents against services, and compare what their users got.

    Counts cover the time from the first fault to the end of the last. The exit code tells whether
    the claims about the helpdesk hold; the incident files claim nothing about other services.
    """
    from rich.progress import Progress

    from chaos.incidents import saved
    from chaos.incidents.catalogue import choose, read_catalogue
    from chaos.incidents.comparison import STRATEGIES, compare, pairs, reference_of
    from chaos.incidents.picture import as_svg
    from chaos.incidents.tables import print_comparison, print_totals
    from chaos.processes.pool import usable_cores
    from chaos.verdict import Outcome, combine

    sharing = Sharing(
        command="incidents run",
        options={"names": names, "targets": targets},
        shard=shard,
        file=shard_file,
    )
    chosen = choose(read_catalogue(), names or [])
    wanted = pairs(chosen, targets or ["helpdesk", *STRATEGIES])
    mine = sharing.mine(wanted, str)
    files = [str(incident.path) for incident in chosen]
    played = [reference_of(pair.target) for pair in wanted]
    console = console_beside(
        {"--json": json_file, "--svg": svg_file, "--shard-file": sharing.output},
        inputs=[*files, *sharing.inputs],
    )
    began_s = time.monotonic()
    # Refreshed by us, not by a thread: a process that has threads cannot be forked.
    with (
        telling_how_far(
            lambda: stopped_at(
                int(progress.tasks[0].completed),
                len(mine),
                "pairs of incident and service",
                next_command=f"the comparison needs every row; start again with: {this_command()}",
            )
        ),
        Progress(console=output(stderr=True), transient=True, auto_refresh=False) as progress,
    ):
        bar = progress.add_task("playing", total=len(mine))
        if sharing.parts:
            rows = saved.joined(
                sharing.taken(lambda part: saved.rows_of(part.results), files, played), wanted
            )
        else:
            rows = compare(
                mine,
                jobs=jobs or usable_cores(),
                on_row=lambda _: progress.update(bar, advance=1, refresh=True),
            )
    sharing.keep(console, saved.kept(rows), files, played)
    if not rows:
        raise typer.Exit  # There may be more machines than pairs.
    print_comparison(console, rows)
    print_totals(console, rows, real_s=time.monotonic() - began_s)
    if json_file:
        write(json_file, saved.dump(chosen, rows))
    if svg_file:
        write(svg_file, as_svg(rows))
    claimed = [Outcome(row.outcome) for row in rows if row.outcome]
    raise typer.Exit(combine(claimed).exit_code if claimed else 0)
