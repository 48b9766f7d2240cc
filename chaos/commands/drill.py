"""`chaos drill`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chaos.commands.common import output
from chaos.errors import MissingComponentError

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Scenarios that can be played live.", show_default="scenarios, where there are some"
    ),
]
Port = Annotated[
    int,
    typer.Option(
        min=0,
        max=65_534,
        help="Port of the page; the helpdesk listens at the next. 0 takes free ports.",
    ),
]
Folder = Annotated[Path, typer.Option(help="Where scenarios are saved.")]

_SCENARIOS = Path("scenarios")


def drill(paths: Paths = None, port: Port = 8070, folder: Folder = Path("drills")) -> None:
    """Break and heal the providers of the real helpdesk on a page, and watch the service respond.

    The service runs as in production, in real time, with stand-ins for OpenAI and Cloud Storage:
    no key and no bucket are needed, and nothing leaves this machine. You can save what you did as
    a scenario, which `chaos run` plays in virtual time.
    """
    try:
        from chaos.drill.drill import Drill
    except ModuleNotFoundError as error:
        raise MissingComponentError(
            f"a drill needs the helpdesk, but there is no module {error.name!r}; expected the "
            "service in the same environment; install it: python3 -m pip install "
            "helpdesk-service, or the folder 'helpdesk' of a clone"
        ) from error
    from chaos import session
    from chaos.drill.library import Library
    from chaos.drill.server import DrillServer
    from chaos.serve.beside import interrupts_end

    console = output()
    library = Library(list(paths or ([_SCENARIOS] if _SCENARIOS.is_dir() else [])))
    if paths:
        # What somebody has named is read before anything is started: it may be no scenario.
        session.collect(paths).sound()
    console.print("starting the helpdesk and its stand-ins")
    over = threading.Event()
    with (
        _quiet("helpdesk"),
        interrupts_end(over.set),
        Drill(folder, port=port and port + 1) as running,
        DrillServer(running, library, port=port) as server,
    ):
        for line in (
            f"drill     {server.url}  break it, heal it, watch",
            f"helpdesk  {running.helpdesk.url}/  ask it as its users do",
            "Ctrl-C ends both",
        ):
            console.print(line, markup=False, soft_wrap=True)
        while not over.wait(_LOOK_S):
            pass
        console.print("the drill is over; nothing was left behind")


_LOOK_S = 0.2


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Log nothing of these modules; what the service has to say is shown by the page."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
