"""Replacing functions in every module that holds a reference to them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

UNTOUCHED = (
    "_pytest.",  # its timings are real
    "_queue",
    "_thread",
    "chaos.simulation.",  # our own locks and waits are real
    "chaos.tiers.",
    "execnet",
    "freezegun.",
    "pytest_timeout",
    "selectors.",  # they have methods of their own, over real kernel objects
    "xdist.",
)
"""Beginnings of the names of modules that keep what they have."""


class Everywhere:
    """Puts substitutes in place of functions and classes, wherever a module refers to them.

    ``from time import sleep`` keeps a reference of its own; replacing ``time.sleep`` alone would
    leave that module sleeping for real.

    Example:
        >>> import math
        >>> everywhere = Everywhere({math.floor: lambda number: 7})
        >>> everywhere.replace()
        >>> math.floor(1.5)
        7
        >>> everywhere.restore()
        >>> math.floor(1.5)
        1
    """

    def __init__(self, substitutes: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._substitutes = {id(real): substitute for real, substitute in substitutes.items()}
        self._originals = {id(substitute): real for real, substitute in substitutes.items()}
        self._replaced: list[tuple[ModuleType, str, object]] = []

    def replace(self) -> None:
        """Put the substitutes in place."""
        self._replaced = _swap(self._substitutes)

    def restore(self) -> None:
        """Put the originals back, also in modules that were loaded since."""
        for module, name, real in self._replaced:
            setattr(module, name, real)
        self._replaced.clear()
        _swap(self._originals)


def _swap(new: Mapping[int, Callable[..., Any]]) -> list[tuple[ModuleType, str, object]]:
    swapped = []
    for path, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and not path.startswith(UNTOUCHED):
            # The namespace, not dir(): asking some modules for an attribute imports others.
            for name, value in list(vars(module).items()):
                if id(value) in new:
                    setattr(module, name, new[id(value)])
                    swapped.append((module, name, value))
    return swapped
