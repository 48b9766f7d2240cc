"""Makes a counterexample smaller, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from chaos.explorer.subject import Deviations

T = TypeVar("T")


def fewer(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """As few of the items as still fail: without any one of them, the rest would not.

    Half of them go at first, then a quarter, and so on, so that of many that do not matter most
    are gone after a few tries.

    Example:
        >>> fewer(range(100), lambda kept: {7, 42} <= set(kept))
        [7, 42]
    """
    kept = list(items)
    size = max(1, len(kept) // 2)
    while True:
        before = len(kept)
        # From the end, because nothing that stays depends on what came after it.
        for end in range(len(kept), 0, -size):
            rest = kept[: max(0, end - size)] + kept[end:]
            if fails(rest):
                kept = rest
        if len(kept) < before:
            continue
        if size == 1:
            return kept
        size //= 2


def plainer(deviations: Deviations, fails: Callable[[Deviations], bool]) -> Deviations:
    """The same deviations, each with the first pick of its menu that still fails.

    Example:
        >>> plainer(((0, 9), (4, 5)), lambda tried: tried[0][1] >= 3)
        ((0, 3), (4, 1))
    """
    for place, (number, picked) in enumerate(deviations):
        for plain in range(1, picked):
            tried = (*deviations[:place], (number, plain), *deviations[place + 1 :])
            if fails(tried):
                deviations = tried
                break
    return deviations
