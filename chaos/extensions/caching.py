"""What is found is remembered, until somebody looks anew."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")

_forgets: list[Callable[[], None]] = []


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """Compute what depends on extensions once for each set of arguments, until `forget`."""
    cached = functools.cache(function)
    on_forget(cached.cache_clear)
    return cast("Callable[P, T]", cached)


def on_forget(clear: Callable[[], None]) -> None:
    """Have something cleared whenever extensions are forgotten."""
    _forgets.append(clear)


def forget() -> None:
    """Look for extensions anew when they are asked for next: for tests, and in another folder."""
    for each in _forgets:
        each()
