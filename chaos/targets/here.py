"""Targets by name, also those that are a file of the current folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos import extensions
from chaos.ports import Target
from chaos.targets.registry import find_target


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
    """Let ``target: package.module:Class`` name a file below the current folder.

    Or one of the project, if its plug-ins are named: other processes have to find those, too.
    """
    project = extensions.project_folder()
    with extensions.importable(Path.cwd()), extensions.importable(project or Path.cwd()):
        yield
