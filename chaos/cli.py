"""The `chaos` command: its commands, and what becomes of errors."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

import typer

from chaos.commands.common import output, print_error
from chaos.commands.diff import diff
from chaos.commands.doctor import doctor
from chaos.commands.explain import explain
from chaos.commands.explore import explore
from chaos.commands.files import validate
from chaos.commands.gate import gate
from chaos.commands.incidents import incidents
from chaos.commands.listing import list_
from chaos.commands.new import new
from chaos.commands.prove import prove
from chaos.commands.replay import replay
from chaos.commands.report import report
from chaos.commands.run import run
from chaos.commands.schema import schema
from chaos.errors import ChaosError

_INTERRUPTED = 130

app = typer.Typer(
    name="chaos",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Prove, in virtual time, that a service survives its providers.",
    epilog="Start with: chaos run scenarios    Exit codes: 0 passed, 1 failed, "
    "2 a scenario or an argument is wrong, 3 inconclusive, 4 something is missing.",
)
app.command()(run)
app.command()(gate)
app.command()(explore)
app.command()(replay)
app.command()(prove)
app.command()(validate)
app.command(name="list")(list_)
app.command()(report)
app.command()(diff)
app.command()(doctor)
app.command()(explain)
app.command()(new)
app.command()(schema)
app.add_typer(incidents)


def main() -> NoReturn:
    """Run the command; a mistake of its user ends in one message, never in a stack trace."""
    # What the service under test logs is not what the harness has to say.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app()
    except ChaosError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        output(stderr=True).print("chaos: interrupted; nothing was left behind")
        sys.exit(_INTERRUPTED)
    sys.exit(0)
