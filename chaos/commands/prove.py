"""`chaos prove`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import Jobs, Paths, places
from chaos.commands.outputs import console_beside, write
from chaos.errors import ChaosError
from chaos.interactive.interruption import stopped_at, telling_how_far, this_command

if TYPE_CHECKING:
    from chaos.defects.defect import Defect
    from chaos.ports import Target
    from chaos.prove.gate import Case

Expression = Annotated[
    str,
    typer.Option("-k", metavar="EXPR", help="Only defects matching, e.g. 'breaker and not late'."),
]
Matrix = Annotated[
    bool, typer.Option("--matrix", help="Play every scenario against every defect.")
]
Scenarios = Annotated[
    str,
    typer.Option(
        metavar="EXPR",
        help="Only scenarios matching. Incidents last for hours, and repeat what others show.",
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the proof as JSON; - is standard output.")
]


def prove(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    expression: Expression = "",
    scenarios: Scenarios = "interleaved or not incident",
    matrix: Matrix = False,  # noqa: FBT002 - typer calls with keywords
    jobs: Jobs = None,
    json_file: JsonFile = None,
) -> None:
    """Plant known defects in the service, one at a time; the scenarios must notice each.

    The service itself must pass first. A defect that survives ends the command with 1, one that
    no longer fits the service with 2.
    """
    from chaos import session
    from chaos.processes.pool import usable_cores
    from chaos.prove.proof import prove
    from chaos.prove.report import ProofReport, dump
    from chaos.targets import find_target

    loaded = session.load(places(paths), scenarios)
    if not loaded:
        raise ChaosError(f"no scenario matches {scenarios!r}; see them with: chaos list")
    console = console_beside({"--json": json_file}, inputs=[each.source.path for each in loaded])
    suite = [(each, find_target(each.scenario.target)) for each in loaded]
    defects = _defects(list(dict.fromkeys(target for _, target in suite)), expression)
    planted_in = {target for _, target in defects}
    examined: list[Case] = []

    def on_case(case: Case) -> None:
        examined.append(case)
        report.on_case(case)

    with (
        telling_how_far(
            lambda: stopped_at(
                len(examined),
                len(defects),
                "defects",
                next_command=f"a proof needs them all; begin again with: {this_command()}",
            )
        ),
        ProofReport(console, defects=len(defects)) as report,
    ):
        proof = prove(
            [(each, target) for each, target in suite if target in planted_in],
            defects,
            is_matrix=matrix,
            at_once=jobs or usable_cores(),
            on_case=on_case,
        )
    report.on_end(proof)
    if json_file:
        write(json_file, dump(proof))
    raise typer.Exit(proof.exit_code)


def _defects(targets: list[type[Target]], expression: str) -> list[tuple[Defect, type[Target]]]:
    """The defects of these targets that match, each with its target."""
    from chaos.defects.catalogue import find_defects

    known = [(defect, target) for target in targets for defect in find_defects(target)]
    if not known:
        names = ", ".join(target.name for target in targets)
        raise ChaosError(
            f"no defects are known for {names}; expected a tuple DEFECTS in a module 'defects' "
            "beside the target"
        )
    chosen = [(defect, target) for defect, target in known if defect.matches(expression)]
    if not chosen:
        raise ChaosError(f"none of {len(known)} defects matches -k {expression!r}")
    return chosen
