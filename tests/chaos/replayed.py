"""Choices that a test names one by one."""

from __future__ import annotations

from collections.abc import Iterable

from chaos.choices import Choice


class Replayed:
    """Repeats recorded decisions; beyond their end, always the first possibility.

    Example:
        >>> Replayed([2, 1]).pick("order", 3)
        2
    """

    def __init__(self, picks: Iterable[int]) -> None:
        self._picks = iter(picks)
        self._made: list[Choice] = []

    @property
    def made(self) -> tuple[Choice, ...]:
        """Every decision so far."""
        return tuple(self._made)

    def pick(self, label: str, options: int) -> int:
        """Repeat the next decision.

        Raises:
            ValueError: The recording does not fit this run: there are fewer possibilities now.
        """
        if options == 1:
            return 0
        picked = next(self._picks, 0)
        if picked >= options:
            raise ValueError(f"recorded choice {picked} of {label!r} does not fit {options}")
        self._made.append(Choice(label, options, picked))
        return picked
