"""`chaos merge`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chaos.commands.explore import REGRESSIONS, explore
from chaos.commands.gate import gate
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
        "--update": update,
        "-v": verbose,
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
        call(parts[0].options, given, kept)


_Call = Callable[[Mapping[str, Any], Mapping[str, Any], Files], None]
"""Calls a command: with what its shards were asked, what is given here, and files by format."""


def _run(asked: Mapping[str, Any], given: Mapping[str, Any], files: Files) -> None:
    del files  # It is told as its own command class would tell it.
    run(
        paths=_paths(asked),
        expression=asked["expression"],
        tier=asked["tier"],
        seed=asked["seed"],
        stop_at_first=asked["stop_at_first"],
        first=asked["from"],
        verbose=given["-v"],
        traces=given["--traces"],
    )


def _gate(asked: Mapping[str, Any], given: Mapping[str, Any], files: Files) -> None:
    del files  # The same.
    gate(
        paths=_paths(asked),
        baseline_file=Path(asked["baseline"]),
        update=given["--update"],
        traces=given["--traces"],
    )


def _prove(asked: Mapping[str, Any], given: Mapping[str, Any], files: Files) -> None:
    del given
    prove(
        paths=_paths(asked),
        expression=asked["expression"],
        scenarios=asked["scenarios"],
        matrix=asked["matrix"],
        mutants=asked["mutants"],
        seed=asked["seed"],
        json_file=_json(files),
    )


def _explore(asked: Mapping[str, Any], given: Mapping[str, Any], files: Files) -> None:
    explore(
        scenarios=_paths(asked),
        faults=asked["faults"],
        menu=asked["menu"],
        preemptions=asked["preemptions"],
        orders=asked["orders"],
        users=asked["users"],
        runs=asked["runs"],
        at_random=asked["random"],
        stop_at_first=asked["stop_at_first"],
        into=given["--into"] or REGRESSIONS,
        json_file=_json(files),
    )


def _incidents(asked: Mapping[str, Any], given: Mapping[str, Any], files: Files) -> None:
    run_incidents(
        names=asked["names"],
        targets=asked["targets"],
        json_file=_json(files),
        svg_file=given["--svg"],
    )


_COMMANDS: Mapping[str, tuple[_Call, Sequence[str]]] = {
    "run": (_run, ("--json", "--junit", "--sarif", "--html", "--perfetto", "--traces", "-v")),
    "gate": (
        _gate,
        ("--json", "--junit", "--sarif", "--html", "--summary", "--traces", "--update"),
    ),
    "explore": (_explore, ("--json", "--into")),
    "prove": (_prove, ("--json",)),
    "incidents run": (_incidents, ("--json", "--svg")),
}
"""Each command that has shards, and the options for what is written of it."""


def _writes(command: str, options: Sequence[str], each: Format) -> bool:
    if command in {"run", "gate"}:
        return command == "gate" or not each.of_the_gate
    return each.option in options


def _is_of_the_job(each: Format) -> bool:
    return each.envvar is not None and each.envvar in os.environ


def _json(files: Files) -> Path | None:
    return next((path for each, path in files.items() if each.name == "json"), None)


def _paths(asked: Mapping[str, Any]) -> list[Path]:
    return [Path(each) for each in asked["paths"]]
