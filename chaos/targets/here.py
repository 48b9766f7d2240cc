"""Targets by name, also those that are a file of the current folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

from chaos.ports import Target
from chaos.targets.registry import GROUP, find_target


def known_targets() -> tuple[str, ...]:
    """The names of the targets that installed packages announce."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def find_here(name: str) -> type[Target]:
    """The class behind a name; ``module:Class`` may be a file below the current folder.

    Raises:
        TargetError: There is no such target, or it is not a whole one.

    Example:
        >>> find_here("helpdesk").name
        'helpdesk'
    """
    with importable_here():
        return find_target(name)


@contextmanager
def importable_here() -> Iterator[None]:
    """Let ``target: package.module:Class`` name a file below the current folder."""
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield
    finally:
        if added:
            sys.path.remove(here)
