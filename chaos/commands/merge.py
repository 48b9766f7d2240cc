"""`chaos merge`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.explore import REGRESSIONS, explore
from chaos.commands.gate import gate
from chaos.commands.handing import parameters
from chaos.commands.incidents import run as run_incidents
from chaos.commands.prove import prove
from chaos.commands.run import run
from chaos.commands.sharing import merging
from chaos.errors import ChaosError
from chaos.reports.formats import Files, Format, naming, with_formats

Shards = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="The files of all shards, in any order."),
]
Update = Annotated[
    bool, typer.Option("--update", help="Gate only: record the measured numbers as the baseline.")
]
Verbose = Annotated[
    int,
    typer.Option(
        *("-v", "--verbose"),
        count=True,
        show_default=False,
        help="Run only: list every scenario; -vv adds laws and trace digests.",
    ),
]
Traces = Annotated[
    Path | None, typer.Option(help="Run and gate only: folder for one NDJSON trace per scenario.")
]
Into = Annotated[
    Path | None,
    typer.Option(
        help="Explore only: folder for the scenarios that reproduce findings.",
        show_default=str(REGRESSIONS),
    ),
]
SvgFile = Annotated[
    Path | None,
    typer.Option(
        "--svg", help="Incidents only: write the comparison as SVG; - is standard output."
    ),
]


@with_formats
def merge(  # noqa: PLR0913, PLR0917 - one parameter for each option
    shards: Shards,
    update: Update = False,  # noqa: FBT002 - typer calls with keywords
    verbose: Verbose = 0,
    traces: Traces = None,
    into: Into = None,
    svg_file: SvgFile = None,
    *,
    files: Files,
) -> None:
    """Combine the files of all shards of a command into one result.

    Verdict, counts, reports and exit code are the same as on one machine. The scenario files and
    the code must be the ones that were played. Only a search may play more runs: those that no
    shard alone could know to be needed.
    """
    from chaos.shards.file import ShardFile
    from chaos.shards.fit import in_order

    parts = in_order([ShardFile.read(each) for each in shards])
    command = parts[0].command
    if command not in _COMMANDS:
        raise ChaosError(
            f"'{parts[0].path}' is a shard of `chaos {command}`, which this version does not "
            f"know; expected one of: {', '.join(_COMMANDS)}; merge it with the version of chaos "
            "that played it"
        )
    call, options = _COMMANDS[command]
    given = {
        "--update": update or None,
        "--verbose": verbose or None,
        "--traces": traces,
        "--into": into,
        "--svg": svg_file,
    }
    kept = {each: path for each, path in files.items() if _writes(command, options, each)}
    # A CI job may name a file for whatever its steps write; then nobody has asked for it here.
    named = [each.option for each in files if each not in kept and not _is_of_the_job(each)]
    for option in [*named, *(option for option, value in given.items() if value)]:
        if option in named or option not in options:
            raise ChaosError(
                f"{option} is not for shards of `chaos {command}`; expected one of: "
                f"{', '.join(options)}; leave it out"
            )
    with merging(parts), naming(kept):
        # Commands with a class of their own are told by `naming` which files there are to write.
        own = {each.option: path for each, path in kept.items()}
        call(**parameters(call, parts[0].options, given | own))


_COMMANDS: Mapping[str, tuple[Callable[..., None], Sequence[str]]] = {
    "run": (
        run,
        ("--json", "--junit", "--sarif", "--html", "--perfetto", "--traces", "--verbose"),
    ),
    "gate": (
        gate,
        ("--json", "--junit", "--sarif", "--html", "--summary", "--traces", "--update"),
    ),
    "explore": (explore, ("--json", "--into")),
    "prove": (prove, ("--json",)),
    "incidents run": (run_incidents, ("--json", "--svg")),
}
"""Each command that has shards, and the options for what is written of it."""


def _writes(command: str, options: Sequence[str], each: Format) -> bool:
    if command in {"run", "gate"}:
        return command == "gate" or not each.of_the_gate
    return each.option in options


def _is_of_the_job(each: Format) -> bool:
    return each.envvar is not None and each.envvar in os.environ
