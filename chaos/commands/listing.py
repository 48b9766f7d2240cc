"""`chaos list`: scenarios, and the words they can use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import Expression, Paths, output, places
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.authoring.word_tables import Parameter
    from chaos.commands.word_list import Entries
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
    wanted: list[Callable[[], Entries]] = []
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
    for number, listed in enumerate(wanted or [lambda: _scenarios(paths, expression)]):
        console.print("\n" if number else "", end="")
        console.print(listed())


def _scenarios(paths: Sequence[Path] | None, expression: str) -> Entries:
    from chaos import session

    return _entries(
        ("scenario", "tags", "claim"),
        (
            (each.scenario.name, " ".join(each.scenario.tags), _line(each.scenario.hypothesis))
            for each in session.load(places(paths), expression)
        ),
    )


def _faults() -> Entries:
    from chaos.authoring import word_tables

    shared = _names(word_tables.shared_fault_parameters())
    return _entries(
        ("fault", "parameters", "what it does"),
        (
            *(
                (each.name, _names(each.parameters), each.doc)
                for each in word_tables.fault_entries()
            ),
            ("every fault", shared, "Which calls it touches, and for how long."),
        ),
    )


def _steps(vocabulary: Vocabulary) -> Entries:
    from chaos.authoring import word_tables

    words = word_tables.step_entries(vocabulary)
    shared = _names(word_tables.shared_step_parameters())
    return _entries(
        ("step", "parameters", "what it does"),
        (
            *((each.name, _names(each.parameters), each.doc) for each in words),
            ("every step", shared, "When, under what name, and what must hold of it."),
        ),
    )


def _observables(vocabulary: Vocabulary) -> Entries:
    from chaos.authoring import word_tables

    rows = word_tables.observable_rows(vocabulary)
    return _entries(
        ("observable", "values", "what it is"), ((key, values, doc) for key, doc, values in rows)
    )


def _settings(vocabulary: Vocabulary) -> Entries:
    from chaos.authoring import word_tables

    rows = word_tables.setting_rows(vocabulary)
    return _entries(("setting", "value", "default"), rows)


def _laws() -> Entries:
    from chaos.checks.registry import LAWS

    rows = ((law.name, law.rests_on.words, law.doc) for law in LAWS)
    return _entries(("law", "rests on", "what every run must obey"), rows)


def _upstreams() -> Entries:
    from chaos.authoring.word_tables import summary
    from chaos.extensions import ExtensionKind, beside
    from chaos.ports import STAND_INS, stand_in

    names = (*STAND_INS, *beside(ExtensionKind.UPSTREAM, STAND_INS))
    found = ((name, stand_in(name)) for name in names)
    return _entries(
        ("upstream", "hosts", "what it is"),
        ((name, ", ".join(each.hosts), summary(each)) for name, each in found),
    )


def _targets() -> Entries:
    from chaos.authoring.word_tables import summary
    from chaos.targets import known_targets
    from chaos.targets.here import find_here

    found = ((name, find_here(name)) for name in known_targets())
    return _entries(
        ("target", "upstreams", "what it is"),
        ((name, ", ".join(each.vocabulary().upstreams), summary(each)) for name, each in found),
    )


def _tiers() -> Entries:
    from chaos.authoring.word_tables import summary
    from chaos.tiers.registry import TIERS

    return _entries(
        ("tier", "what it is"), ((name, summary(tier)) for name, tier in TIERS.items())
    )


def _names(parameters: Iterable[Parameter]) -> str:
    return ", ".join(each.name for each in parameters)


def _line(text: str) -> str:
    return " ".join(text.split())


def _words(target: str) -> Vocabulary:
    from chaos.targets.here import find_here

    return find_here(target).vocabulary()


def _entries(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Entries:
    from chaos.commands.word_list import Entries

    return Entries(columns, rows)
