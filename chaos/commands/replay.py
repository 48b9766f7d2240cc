"""`chaos replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.common import Seed, output

Scenario = Annotated[
    Path, typer.Argument(help="A scenario file, such as one that chaos explore wrote.")
]


def replay(scenario: Scenario, seed: Seed = None) -> None:
    """Play one scenario and show every event.

    If the file names an interleaving, only that one is played.
    """
    from chaos import session
    from chaos.reports.console import ConsoleReport
    from chaos.trace.text import describe

    (loaded,) = session.load([scenario])
    suite = session.replay(loaded, seed=seed)
    console = output()
    for event in suite.results[0].trace:
        console.print(describe(event), markup=False, soft_wrap=True)
    report = ConsoleReport(console, laws=True)
    report.on_result(suite.results[0])
    report.on_end(suite)
    raise typer.Exit(suite.outcome.exit_code)
