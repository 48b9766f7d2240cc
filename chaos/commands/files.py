"""`chaos validate` and `chaos list`: scenario files, without playing them."""

from __future__ import annotations

from rich.table import Table

from chaos.commands.common import DEFAULT_PATHS, Expression, Paths, output


def validate(paths: Paths = None) -> None:
    """Check scenario files without playing them; every mistake, with line and column."""
    from chaos import session

    loaded = session.load(paths or DEFAULT_PATHS)
    output().print(f"{len(loaded)} scenarios are valid")


def list_(paths: Paths = None, expression: Expression = "") -> None:
    """List scenarios with what each claims."""
    from chaos import session

    table = Table("scenario", "tags", "claim", box=None, padding=(0, 2, 0, 0))
    for each in session.load(paths or DEFAULT_PATHS, expression):
        claim = " ".join(each.scenario.hypothesis.split())
        table.add_row(each.scenario.name, " ".join(each.scenario.tags), claim)
    output().print(table)
