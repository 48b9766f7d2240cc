"""`chaos doctor`."""

from __future__ import annotations

import typer

from chaos.commands.common import output

_MISSING = 4


def doctor() -> None:
    """Check the installation, and tell how to install what is missing.

    A missing optional component does not change the exit code.
    """
    from rich.markup import escape

    from chaos.doctor import examine

    console = output()
    well = True
    for finding in examine():
        well &= finding.ok or finding.optional
        state = "[green]ok     [/]"
        if not finding.ok:
            state = "[yellow]absent [/]" if finding.optional else "[red]not ok [/]"
        console.print(f"{state} {finding.name:<22} {escape(finding.seen)}", soft_wrap=True)
        if finding.fix:
            console.print(f"        -> {escape(finding.fix)}", soft_wrap=True)
    raise typer.Exit(0 if well else _MISSING)
