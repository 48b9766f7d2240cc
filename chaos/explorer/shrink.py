"""Makes a counterexample smaller, as long as it fails the same check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chaos.explorer.subject import Deviations

T = TypeVar("T")


def fewer(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """As few of the items as still fail: without any one of them, the rest would not.

    Large parts are tried first, so that of many items that do not matter most go at once.

    Example:
        >>> fewer(range(100), lambda kept: {7, 42} <= set(kept))
        [7, 42]
    """
    kept = list(items)
    size = len(kept)
    while size:
        # From the end: what comes later is more often not needed, and nothing depends on it.
        for start in range(len(kept) - size, -size, -size):
            rest = kept[: max(start, 0)] + kept[max(start + size, 0) :]
            if len(rest) < len(kept) and fails(rest):
                kept = rest
        size = size // 2 if size > 1 or not _went(kept, items) else 0
        items = kept if size else items
    return kept


def _went(kept: Sequence[T], before: Sequence[T]) -> bool:
    return len(kept) == len(before)
