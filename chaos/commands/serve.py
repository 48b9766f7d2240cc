"""`chaos serve`."""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import Seed
from chaos.commands.outputs import console_beside, write_reports
from chaos.errors import ChaosError
from chaos.reports.formats import Files, with_formats
from chaos.units import parse_duration

if TYPE_CHECKING:
    from chaos.scenario.loader import LoadedScenario
    from chaos.serve.meaning import Sight
    from chaos.serve.serving import ServedScenario

Scenario = Annotated[Path, typer.Argument(help="A scenario.", show_default=False)]
Port = Annotated[
    int,
    typer.Option(
        min=0,
        max=65_000,
        help="Port of the first stand-in; the others follow. 0 takes free ports.",
    ),
]


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


For = Annotated[
    timedelta | None,
    typer.Option(
        "--for",
        metavar="DURATION",
        parser=_duration,
        show_default="until Ctrl-C",
        help="End after this time, such as 30s.",
    ),
]

Command = Annotated[
    list[str] | None,
    typer.Argument(
        help="Command to run after --, with the addresses in its environment. The run ends "
        "with it.",
        show_default=False,
    ),
]


@with_formats
def serve(  # noqa: PLR0913 - one parameter for each option
    scenario: Scenario,
    command: Command = None,
    port: Port = 8089,
    lasts: For = None,
    seed: Seed = None,
    *,
    files: Files,
) -> None:
    """Serve the stand-ins of a scenario to a service in another process, in any language.

    The stand-ins listen on loopback. The steps are played in real time, and faults begin and end
    where the scenario says. At an `ask`, the run waits until you have asked your service; confirm
    with Enter or `POST /next`. The run ends with Ctrl-C, --for, `POST /end` or when COMMAND ends.
    Laws and expectations are judged as far as requests alone can show them.
    """
    from chaos import session
    from chaos.reports.console import ConsoleReport
    from chaos.reports.report import Report
    from chaos.runner.suite import SuiteResult
    from chaos.serve.beside import interrupts_end, running
    from chaos.serve.serving import serving
    from chaos.targets import find_target
    from chaos.targets.here import importable_here

    loaded = session.load([scenario])
    if len(loaded) != 1:
        raise ChaosError(
            f"'{scenario}' has {len(loaded)} scenarios; expected one file, because one timeline "
            "is served; name that file"
        )
    console = console_beside(
        {each.option: path for each, path in files.items()},
        inputs=[loaded[0].source.path],
    )

    def tell(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    with importable_here():
        target = find_target(loaded[0].scenario.target)
        with (
            serving(loaded[0], target, port=port, seed=seed, tell=tell) as served,
            interrupts_end(served.end),
        ):
            _introduce(loaded[0], served, tell)
            if lasts is not None:
                timer = threading.Timer(lasts.total_seconds(), served.end)
                timer.daemon = True
                timer.start()
            if command:
                with running(command, served.environment, served.end) as beside:
                    result = served.play()
            else:
                if sys.stdin is not None and sys.stdin.isatty():
                    threading.Thread(target=_listen, args=[served], daemon=True).start()
                beside, result = None, served.play()
    suite = SuiteResult(results=(result,), real_s=result.real_s)
    report = ConsoleReport(console)
    report.on_result(result)
    report.on_end(suite)
    if files:
        write_reports(files, Report.of(suite))
    failed = beside.exit_code if beside is not None else 0
    if failed:
        tell(f"'{shlex.join(command or ())}' exited with {failed}")
    raise typer.Exit(suite.outcome.exit_code or int(bool(failed)))


def _introduce(
    loaded: LoadedScenario, served: ServedScenario, tell: Callable[[str], None]
) -> None:
    from chaos.serve.meaning import JUDGED_LAWS, Sight

    tell(f"serving {loaded.source.path}: {' '.join(loaded.scenario.hypothesis.split())}")
    for address in served.addresses:
        tell(f"  {address.name:<12}{address.url}")
        for name, value in address.variables.items():
            tell(f"  {'':<12}{name}={value}")
    tell(f"  {'control':<12}{served.control.url}  POST /next, POST /end, GET /status")
    settings = loaded.scenario.given.settings
    if settings:
        said = ", ".join(f"{key}={value}" for key, value in settings.items())
        tell(f"give your service these settings yourself: {said}")
    keys = {each: dict.fromkeys(_keys(loaded, each)) for each in Sight}
    if told := keys[Sight.ANSWERS]:
        tell(f"judged only if POST /next sends the answers: {', '.join(told)}")
    if hidden := keys[Sight.NONE]:
        tell(f"not judged, so that the run cannot pass: {', '.join(hidden)}")
    tell(f"laws that are judged: {', '.join(JUDGED_LAWS)}")


def _keys(loaded: LoadedScenario, needed: Sight) -> list[str]:
    from chaos.serve.meaning import expectations, sight

    return [each.key for each in expectations(loaded) if sight(each) is needed]


def _listen(served: ServedScenario) -> None:
    """Take each Enter for a signal."""
    for _ in sys.stdin:
        served.signals.give()
