"""`chaos validate`."""

from __future__ import annotations

from chaos.commands.common import DEFAULT_PATHS, Paths, output


def validate(paths: Paths = None) -> None:
    """Check scenario files without playing them; every mistake, with line and column."""
    from chaos import session

    loaded = session.load(paths or DEFAULT_PATHS)
    output().print(f"{len(loaded)} scenarios are valid")
