"""The `chaos` command: its commands, and what becomes of errors."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from chaos import __version__
from chaos.commands.common import output, print_error
from chaos.commands.diff import diff
from chaos.commands.doctor import doctor
from chaos.commands.drill import drill
from chaos.commands.explain import explain
from chaos.commands.explore import explore
from chaos.commands.gate import gate
from chaos.commands.incidents import incidents
from chaos.commands.init import init
from chaos.commands.listing import list_
from chaos.commands.merge import merge
from chaos.commands.new import new
from chaos.commands.prove import prove
from chaos.commands.replay import replay
from chaos.commands.report import report
from chaos.commands.run import run
from chaos.commands.schema import schema
from chaos.commands.serve import serve
from chaos.commands.validate import validate
from chaos.errors import ChaosError, MissingComponentError, ReaderGoneError
from chaos.processes.sources import saved_since
from chaos.reports.formats import FormatsCommand, GateCommand

_INTERRUPTED = 130

app = typer.Typer(
    name="chaos",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Prove, in virtual time, that a service survives its providers.",
    epilog="Start with: chaos run scenarios    Exit codes: 0 passed, 1 failed, "
    "2 a scenario or an argument is wrong, 3 inconclusive, 4 something is missing, "
    "5 chaos has a defect.",
)


def _tell_version(is_asked: bool) -> None:  # noqa: FBT001 - typer calls it
    if is_asked:
        typer.echo(f"chaos {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_tell_version, is_eager=True, help="Show the version, and stop."
    ),
]


@app.callback()
def _options(_: Version = False) -> None:  # noqa: FBT002 - typer calls with keywords
    """Options of no command; what they do is in their callbacks."""


app.command(cls=FormatsCommand)(run)
app.command(cls=GateCommand)(gate)
app.command()(explore)
app.command()(replay)
app.command()(prove)
app.command()(validate)
app.command(name="list")(list_)
app.command(cls=FormatsCommand)(report)
app.command()(diff)
app.command()(doctor)
app.command()(explain)
app.command()(init)
app.command()(new)
app.command()(schema)
app.command(cls=FormatsCommand)(serve)
app.command(cls=GateCommand)(merge)
app.command()(drill)
app.add_typer(incidents)


def main() -> NoReturn:
    """Run the command; a mistake of its user ends in one message, never in a stack trace."""
    # What the service under test logs is not what the harness has to say.
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter shows its number; it is no reason to show nothing.
            stream.reconfigure(errors="backslashreplace")
    began_s = time.time()
    try:
        try:
            app()
        finally:
            # Not left to the interpreter: its exit would be too late to say what went wrong.
            sys.stdout.flush()
    except (ReaderGoneError, BrokenPipeError):
        _discard_output()
        sys.exit(ReaderGoneError.exit_code)  # Nobody is left to be told.
    except ChaosError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        output(stderr=True).print("chaos: interrupted; nothing was left behind")
        sys.exit(_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is told as well
        from chaos.authoring.own_defect import own_defect  # noqa: PLC0415 - hardly ever needed

        told = _full(error) or own_defect(error)
        _tell(told)
        sys.exit(told.exit_code)
    finally:
        _tell_of_saved_sources(began_s)
    sys.exit(0)


def _full(error: Exception) -> ChaosError | None:
    """What to say of a disk that is full; None of any other error."""
    if not isinstance(error, OSError) or error.errno != errno.ENOSPC:
        return None
    _discard_output()
    where = f"'{error.filename}'" if error.filename else "standard output"
    return MissingComponentError(
        f"{where} cannot be written: {error.strerror}; make room there, and run it again"
    )


def _discard_output() -> None:
    """What could not be written is not tried again when the interpreter ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: ChaosError) -> None:
    """Say it if anybody listens; the exit code says it in any case."""
    with suppress(OSError, ReaderGoneError):
        print_error(error)


def _tell_of_saved_sources(began_s: float) -> None:
    """Warn of a verdict on code that has changed under it; the verdict itself may be right."""
    saved = saved_since(began_s)
    if saved:
        names = ", ".join(str(path.relative_to(Path.cwd())) for path in saved)
        output(stderr=True).print(
            f"chaos: saved while this was running: {names}; what was played may be the code from "
            "before, from after, or a mixture; run it again",
            markup=False,
            soft_wrap=True,
        )
