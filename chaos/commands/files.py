"""`chaos validate`."""

from __future__ import annotations

from chaos.commands.common import Paths, output, places


def validate(paths: Paths = None) -> None:
    """Check scenario files without playing them; every mistake, with line and column."""
    from chaos import session

    loaded = session.load(places(paths))
    output().print(f"{len(loaded)} scenarios are valid")
