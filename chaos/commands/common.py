"""What commands share: their arguments, and where they talk to people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos import inputs
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.reports.terminal import Terminal
    from chaos.scenario.collecting import PassedOver
    from chaos.scenario.problems import Problem

_DEFAULT_FOLDER = Path("scenarios")
DEFAULT_BASELINE = Path("scenarios/baseline.json")

_MOST_BYTES = 256 * 1024
"""Of a scenario file whose line is shown below a mistake."""

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Scenario files or folders.", show_default="scenarios")
]
Expression = Annotated[
    str,
    typer.Option(
        "-k", metavar="EXPR", help="Only scenarios matching, e.g. 'breaker and not gcs'."
    ),
]
Seed = Annotated[int | None, typer.Option(help="Replaces the seed of every scenario.")]


def _number_of_processes(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and int(text):
        return int(text)
    raise typer.BadParameter(
        f"{text!r} is not a number of processes; expected 1 or more, or 'auto'"
    )


Jobs = Annotated[
    int | None,
    typer.Option(
        *("-j", "--jobs"),
        metavar="N",
        parser=_number_of_processes,
        help="Number of processes; auto is one per core for a large suite, one for a small suite.",
        show_default="auto",
    ),
]


def places(paths: Sequence[Path] | None) -> Sequence[Path]:
    """Where to look for scenarios: what was named, else the folder that has them by custom.

    Raises:
        ChaosError: None was named, and there is no such folder here.
    """
    if not paths and not _DEFAULT_FOLDER.exists():
        raise ChaosError(
            f"there is no folder '{_DEFAULT_FOLDER}' here; expected .yaml files in it; write a "
            "first one with: chaos new, or name another folder"
        )
    return paths or [_DEFAULT_FOLDER]


def nothing_to_play(passed_over: Sequence[PassedOver], asked: str) -> ChaosError:
    """What to raise where no scenario is left; a suite of none must not pass."""
    from chaos.scenario.collecting import in_words

    what = f"no scenario matches -k {asked!r}" if asked else "there is no scenario to play"
    first = f"{what}; see them with: chaos list"
    return ChaosError("\n".join((first, *in_words(passed_over))))


def output(*, stderr: bool = False) -> Terminal:
    """A console: colours on a terminal, plain text in a pipe, as ``NO_COLOR`` has it."""
    from chaos.reports.terminal import Terminal

    return Terminal(stderr=stderr)


def print_error(error: ChaosError) -> None:
    """Say what is wrong; a mistake in a file with its line, and a caret below the place."""
    from chaos.scenario.problems import ScenarioError, render

    if isinstance(error, ScenarioError):
        text = "\n\n".join(render(problem, _lines(problem)) for problem in error.problems)
    else:
        text = f"chaos: {error}"
    output(stderr=True).print(text, markup=False, soft_wrap=True)


def _lines(problem: Problem) -> list[str]:
    """The lines of the file the problem is in; none if it cannot be read (any more)."""
    try:
        return inputs.read_text(Path(problem.location.path), most_bytes=_MOST_BYTES).splitlines()
    except inputs.UnreadableError:
        return []
