"""`chaos explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.common import output

_WIDEST = 100

Files = Annotated[list[Path], typer.Argument(help="Scenario files or folders.")]


def explain(files: Files) -> None:
    """Describe a scenario in words, with a timeline, without playing it."""
    from chaos import session
    from chaos.authoring.explain import explain as explained
    from chaos.targets import find_target

    console = output()
    for number, loaded in enumerate(session.load(files)):
        scenario = loaded.scenario
        vocabulary = find_target(scenario.target).vocabulary()
        text = explained(scenario, vocabulary, width=min(console.width, _WIDEST))
        console.print(f"\n{'-' * 72}\n" if number else "", end="")
        console.print(text, markup=False, soft_wrap=True)
