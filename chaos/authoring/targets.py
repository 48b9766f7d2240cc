"""Targets by name, also those that are a file of the current folder."""

from __future__ import annotations

from importlib.metadata import entry_points

from chaos.ports import Target
from chaos.session import importable_here
from chaos.targets import find_target
from chaos.targets.registry import GROUP


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
