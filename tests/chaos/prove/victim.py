"""A module to make mistakes in."""

from __future__ import annotations

from collections.abc import Callable

LIMIT = 3


def doubled(number: int) -> int:
    """Twice the number."""
    result = number + number
    if result < 0:
        return -result
    return result


def counter(step: int) -> Callable[[int], int]:
    """A function that adds ``step``."""

    def add(number: int) -> int:
        return number + step

    return add


class Parent:
    """Says something."""

    def said(self) -> str:
        """A word."""
        return "parent"


class Child(Parent):
    """Says it in several ways."""

    def said(self) -> str:
        """The parent's word, and one more."""
        word = super().said()
        return f"{word}, child"

    @property
    def loud(self) -> str:
        """In capitals."""
        return self.said().upper()

    @staticmethod
    def fixed(default: int = LIMIT) -> int:
        """The default."""
        return default

    @classmethod
    def named(cls) -> str:
        """Its name."""
        return cls.__name__


class Purse:
    """Counts money in private."""

    def __init__(self) -> None:
        self._sum = 0
        self._notes: list[int] = []

    @property
    def total(self) -> int:
        """What is in it."""
        return self._sum

    def put(self, amount: int) -> None:
        """Put something in."""
        self._sum += amount

    def clear(self) -> None:
        """Take all out."""
        self._sum = 0
        self._largest = 0
