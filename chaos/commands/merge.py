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
    typer.Argument(metavar="FILE...", help="The files that the shards have left, in any order."),
]
Update = Annotated[
    bool, typer.Option("--update", help="Of a gate: record what was measured as the baseline.")
]
Verbose = Annotated[
    int,
    typer.Option(
        *("-v", "--verbose"),
        count=True,
        show_default=False,
        help="Of a run: list every scenario; -vv: laws and trace digests as well.",
    ),
]
Traces = Annotated[
    Path | None, typer.Option(help="Of a run or gate: folder for one NDJSON trace per scenario.")
]
Into = Annotated[
    Path | None,
    typer.Option(help="Of a search: folder for what is found.", show_default=str(REGRESSIONS)),
]
SvgFile = Annotated[
    Path | None,
    typer.Option("--svg", help="Of incidents: write them as a picture; - is standard output."),
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
    """Make one result of the files that all shards of a command have left.

    Verdict, counts, reports and exit code are those of the command on one machine. The scenario
    files and the code have to be here as they were played. Nothing is played again, but for runs
    of a search that no shard alone could know to be needed.
    """
    from chaos.shards.file import ShardFile
    from chaos.shards.fit import in_order

    parts = in_order([ShardFile.read(each) for each in shards])
    command = parts[0].command
    if command not in _COMMANDS:
        raise ChaosError(
            f"'{parts[0].path}' is a shard of `chaos {command}`, which this chaos does not know; "
            f"expected one of: {', '.join(_COMMANDS)}; merge it with the chaos that has played it"
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
