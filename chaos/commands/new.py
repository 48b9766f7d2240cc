"""`chaos new`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from chaos.commands.common import output
from chaos.commands.outputs import check_writable, write
from chaos.errors import ChaosError

_SCHEMA_NAME = "scenario.schema.json"

NewFile = Annotated[
    Path | None, typer.Argument(help="What to write.", show_default="scenarios/NAME.yaml")
]


def _fault_kinds() -> list[str]:
    """For shell completion."""
    from chaos.scenario.faults import FAULTS

    return list(FAULTS)


TargetName = Annotated[str, typer.Option("--target", help="The service under test.")]
UpstreamName = Annotated[
    str, typer.Option("--upstream", help="The upstream whose calls the fault touches.")
]
FaultKind = Annotated[
    str,
    typer.Option(
        "--fault", help="The kind of fault; see chaos list --faults.", autocompletion=_fault_kinds
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="KEY=VALUE", help="A parameter of the fault; repeatable."),
]
Question = Annotated[str, typer.Option("--ask", help="What users ask.")]
Claim = Annotated[str, typer.Option("--claim", help="What should be true.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def new(  # noqa: PLR0913, PLR0917 - one parameter for each option
    file: NewFile = None,
    target: TargetName = "helpdesk",
    upstream: UpstreamName = "",
    fault: FaultKind = "",
    parameters: Parameters = None,
    question: Question = "How do I reset my password?",
    claim: Claim = "",
    force: Force = False,  # noqa: FBT002 - typer calls with keywords
) -> None:
    """Write a commented scenario that runs, and play it.

    On a terminal, the command asks for options that you leave out; elsewhere, it chooses them.
    """
    from chaos.authoring.new import Wish, draft
    from chaos.reports.console import ConsoleReport
    from chaos.scenario.faults import FAULTS
    from chaos.scenario.problems import NOWHERE, ScenarioError
    from chaos.targets.here import find_here
    from chaos.tiers.simulated.world import SimulatedTier

    target_class = find_here(target)
    upstream = _choose("upstream", upstream, tuple(target_class.vocabulary().upstreams))
    fault = _choose("fault", fault, tuple(FAULTS), usual="http_error")
    file = file or Path("scenarios", f"{upstream}-{fault}.yaml".replace("_", "-"))
    if file.exists() and not force:
        raise ChaosError(f"{file} exists; expected a new file; choose another, or add --force")
    check_writable(file)
    wish = Wish(
        name=file.stem,
        target=target,
        upstream=upstream,
        fault=fault,
        parameters=_parsed(parameters or ()),
        question=question,
        claim=claim,
    )
    schema, is_new_schema = _schema_for(file)
    try:
        with SimulatedTier() as simulation:
            drafted = draft(wish, target_class, simulation, schema=schema)
    except ScenarioError as error:
        # The file was not written: nobody could look up the line a mistake is in.
        raise ScenarioError(
            replace(problem, location=NOWHERE) for problem in error.problems
        ) from error
    write(file, drafted.text)
    console = output()
    console.print(f"wrote {file}", soft_wrap=True)
    if is_new_schema:
        _write_schema(file.parent / _SCHEMA_NAME)
        console.print(f"wrote {file.parent / _SCHEMA_NAME}, for your editor", soft_wrap=True)
    ConsoleReport(console).on_result(drafted.result)
    for problem in drafted.result.problems:
        console.print(f"  {problem.check}: {problem.reason}", markup=False, soft_wrap=True)
    console.print(f"play it: chaos run {file}", soft_wrap=True)
    raise typer.Exit(drafted.result.outcome.exit_code)


def _choose(what: str, given: str, options: Sequence[str], usual: str = "") -> str:
    """The option that was given; else the user's choice, or the usual one where nobody is."""
    from chaos.scenario.problems import listed, suggest

    if not given and sys.stdin.isatty():
        output().print(f"{what}s: {', '.join(options)}", soft_wrap=True)
        given = typer.prompt(what, default=usual or options[0])
    chosen = given or usual or options[0]
    if chosen not in options:
        fix = suggest(chosen, options, "choose one of them")
        raise ChaosError(f"unknown {what} {chosen!r}; expected {listed(options)}; {fix}")
    return chosen


def _parsed(parameters: Sequence[str]) -> Mapping[str, Any]:
    """``KEY=VALUE``, the value read as a scenario file would read it."""
    from chaos.scenario.scalars import resolve

    found: dict[str, Any] = {}
    for parameter in parameters:
        key, is_pair, value = parameter.partition("=")
        if not is_pair or not key or not value:
            raise ChaosError(
                f"--with {parameter!r} is not a parameter; expected KEY=VALUE; "
                "write for example --with status=429"
            )
        found[key] = resolve(value)
    return found


def _schema_for(file: Path) -> tuple[str, bool]:
    """The schema as seen from the file, and whether it has still to be written.

    The one of the package is named if it is below the current folder, as in a checkout; a path
    into an installation would mean nothing on another machine.
    """
    from chaos.scenario.schema import SCHEMA_FILE

    if SCHEMA_FILE.is_relative_to(Path.cwd()):
        relative = os.path.relpath(SCHEMA_FILE, file.parent)
        return Path(relative).as_posix(), False
    return _SCHEMA_NAME, not (file.parent / _SCHEMA_NAME).exists()


def _write_schema(path: Path) -> None:
    from chaos.scenario.schema import schema_text

    write(path, schema_text())
