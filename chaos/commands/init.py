"""`chaos init`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.common import output
from chaos.commands.outputs import check_writable, write
from chaos.errors import ChaosError

ProviderName = Annotated[
    str, typer.Option("--provider", help="Name of the provider in scenarios.")
]
Host = Annotated[str, typer.Option("--host", help="The host name that your service calls.")]
AskedFor = Annotated[str, typer.Option("--path", help="The path that your service requests.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]

_USUAL = {"provider": "provider", "host": "api.provider.test", "path": "/v1/status"}


def init(
    provider: ProviderName = "",
    host: Host = "",
    path: AskedFor = "",
    force: Force = False,  # noqa: FBT002 - typer calls with keywords
) -> None:
    """Write a target, a scenario, a CI workflow and editor settings into this folder.

    On a terminal, the command asks for options that you leave out; elsewhere, it uses examples.
    The files pass unchanged. Comments say what to replace with your own code.
    """
    from chaos import session
    from chaos.authoring.first_files import BASELINE, SampleProvider, files
    from chaos.compare.baseline import Baseline
    from chaos.processes.sources import written
    from chaos.reports.console import ConsoleReport
    from chaos.verdict import Outcome

    wanted = SampleProvider(
        name=_asked("provider", provider), host=_asked("host", host), path=_asked("path", path)
    )
    texts = files(wanted)
    there = [file for file in (*texts, BASELINE) if file.exists()]
    if there and not force:
        raise ChaosError(
            f"{', '.join(map(str, there))} exists; expected a project without it; "
            "write a scenario with: chaos new, or replace all files with --force"
        )
    for file in (*texts, BASELINE):
        check_writable(file)
    console = output()
    for file, text in texts.items():
        write(file, text)
        written(file)
        console.print(f"wrote {file}", soft_wrap=True)
    suite = session.run(session.load([Path("scenarios")]))
    report = ConsoleReport(console)
    for result in suite.results:
        report.on_result(result)
    if suite.outcome is Outcome.PASSED:
        write(BASELINE, Baseline.of(suite, BASELINE.parent.resolve()).dump())
        console.print(f"recorded in {BASELINE}", soft_wrap=True)
    else:
        report.on_end(suite)
    console.print("continue with: chaos gate, then edit service_target.py")
    raise typer.Exit(suite.outcome.exit_code)


def _asked(what: str, given: str) -> str:
    """What was given; else the user's choice, or the usual where nobody is to be asked."""
    if given or not sys.stdin.isatty():
        return given or _USUAL[what]
    return str(typer.prompt(what, default=_USUAL[what]))
