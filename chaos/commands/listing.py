"""`chaos list`: scenarios, and the words they can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import Expression, Paths, output, places
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from rich.table import Table

    from chaos.ports import Vocabulary

Faults = Annotated[bool, typer.Option("--faults", help="List faults and their parameters.")]
Steps = Annotated[bool, typer.Option("--steps", help="List steps.")]
Observables = Annotated[
    bool, typer.Option("--observables", help="List what a scenario can expect values of.")
]
Settings = Annotated[bool, typer.Option("--settings", help="List settings of the target.")]
Laws = Annotated[bool, typer.Option("--laws", help="List the laws that judge every run.")]
Upstreams = Annotated[bool, typer.Option("--upstreams", help="List stand-ins for providers.")]
Targets = Annotated[bool, typer.Option("--targets", help="List installed targets.")]
Tiers = Annotated[bool, typer.Option("--tiers", help="List the tiers.")]
TargetName = Annotated[
    str,
    typer.Option(
        "--target", help="The target whose words are listed: a name, or package.module:Class."
    ),
]


def list_(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    expression: Expression = "",
    faults: Faults = False,  # noqa: FBT002 - typer calls with keywords
    steps: Steps = False,  # noqa: FBT002 - the same
    observables: Observables = False,  # noqa: FBT002 - the same
    settings: Settings = False,  # noqa: FBT002 - the same
    laws: Laws = False,  # noqa: FBT002 - the same
    upstreams: Upstreams = False,  # noqa: FBT002 - the same
    targets: Targets = False,  # noqa: FBT002 - the same
    tiers: Tiers = False,  # noqa: FBT002 - the same
    target: TargetName = "helpdesk",
) -> None:
    """List scenarios and their claims, or the vocabulary of scenarios."""
    wanted: list[Callable[[], Table]] = []
    wanted += [_faults] if faults else []
    wanted += [lambda: _steps(_words(target))] if steps else []
    wanted += [lambda: _observables(_words(target))] if observables else []
    wanted += [lambda: _settings(_words(target))] if settings else []
    wanted += [_laws] if laws else []
    wanted += [_upstreams] if upstreams else []
    wanted += [_targets] if targets else []
    wanted += [_tiers] if tiers else []
    if wanted and (paths or expression):
        raise ChaosError(
            "scenarios and words cannot be listed together; remove the paths or the option"
        )
    console = output()
    for number, table in enumerate(wanted or [lambda: _scenarios(paths, expression)]):
        console.print("\n" if number else "", end="")
        console.print(table())


def _scenarios(paths: Sequence[Path] | None, expression: str) -> Table:
    from chaos import session

    table = _table("scenario", "tags", "claim")
    for each in session.load(places(paths), expression):
        claim = " ".join(each.scenario.hypothesis.split())
        table.add_row(each.scenario.name, " ".join(each.scenario.tags), claim)
    return table


def _faults() -> Table:
    from chaos.authoring import catalogue

    table = _table("fault", "parameters", "what it does")
    for entry in catalogue.fault_entries():
        table.add_row(entry.name, ", ".join(each.name for each in entry.parameters), entry.doc)
    shared = ", ".join(each.name for each in catalogue.shared_fault_parameters())
    table.add_row("every fault", shared, "Which calls it touches, and for how long.")
    return table


def _steps(vocabulary: Vocabulary) -> Table:
    from chaos.authoring import catalogue

    table = _table("step", "parameters", "what it does")
    for entry in catalogue.step_entries(vocabulary):
        table.add_row(entry.name, ", ".join(each.name for each in entry.parameters), entry.doc)
    shared = ", ".join(each.name for each in catalogue.shared_step_parameters())
    table.add_row("every step", shared, "When, under what name, and what must hold of it.")
    return table


def _observables(vocabulary: Vocabulary) -> Table:
    from chaos.authoring import catalogue

    table = _table("observable", "what it is", "values")
    for row in catalogue.observable_rows(vocabulary):
        table.add_row(*row)
    return table


def _settings(vocabulary: Vocabulary) -> Table:
    from chaos.authoring import catalogue

    table = _table("setting", "value", "default")
    for row in catalogue.setting_rows(vocabulary):
        table.add_row(*row)
    return table


def _laws() -> Table:
    from chaos.checks.registry import LAWS

    table = _table("law", "what every run must obey", "rests on")
    for law in LAWS:
        table.add_row(law.name, law.doc, law.rests_on.words)
    return table


def _upstreams() -> Table:
    from chaos.authoring.catalogue import summary
    from chaos.extensions import ExtensionKind, beside
    from chaos.ports import STAND_INS, stand_in

    table = _table("upstream", "hosts", "what it is")
    for name in (*STAND_INS, *beside(ExtensionKind.UPSTREAM, STAND_INS)):
        found = stand_in(name)
        table.add_row(name, ", ".join(found.hosts), summary(found))
    return table


def _targets() -> Table:
    from chaos.authoring.catalogue import summary
    from chaos.targets import known_targets
    from chaos.targets.here import find_here

    table = _table("target", "upstreams", "what it is")
    for name in known_targets():
        found = find_here(name)
        table.add_row(name, ", ".join(found.vocabulary().upstreams), summary(found))
    return table


def _tiers() -> Table:
    from chaos.authoring.catalogue import summary
    from chaos.tiers.registry import TIERS

    table = _table("tier", "what it is")
    for name, tier in TIERS.items():
        table.add_row(name, summary(tier))
    return table


def _words(target: str) -> Vocabulary:
    from chaos.targets.here import find_here

    return find_here(target).vocabulary()


def _table(*columns: str) -> Table:
    from rich.table import Table

    # No column is cut: a word that cannot be read in full cannot be copied.
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(columns[0], no_wrap=True)
    for column in columns[1:]:
        table.add_column(column)
    return table
