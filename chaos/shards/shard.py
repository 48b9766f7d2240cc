"""Which part of a whole is whose: by name, so that every machine says the same without asking."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from chaos.errors import ChaosError

T = TypeVar("T")

MOST = 10_000
"""Shards of one whole: more than anybody has machines, and few enough to be named."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One of ``of`` equal parts; numbers begin at 1.

    Example:
        >>> shard = Shard.parse("2/3")
        >>> str(shard), shard.mine(["d", "b", "a", "c", "e"], str)
        ('2/3', ['b', 'e'])
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2/4``, the second of four.

        Raises:
            ChaosError: It is something else.
        """
        found = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text, re.ASCII)
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of <= MOST:
            raise ChaosError(
                f"--shard {text!r} is not a part of a whole; expected I/N with I from 1 to N and "
                f"N up to {MOST}; write for example 2/4 for the second of four"
            )
        return cls(number, of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def mine(self, items: Sequence[T], name: Callable[[T], str]) -> list[T]:
        """The items of this shard, in their order; each item is in exactly one shard.

        Args:
            items: The whole.
            name: Tells them apart. Dealt out in order of name, so that it does not matter in
                which order a machine has found them.
        """
        kept = {each for rank, each in enumerate(sorted(map(name, items))) if self.takes(rank)}
        return [each for each in items if name(each) in kept]

    def takes(self, rank: int) -> bool:
        """Whether the one with this number, from 0, is dealt to this shard."""
        return rank % self.of == self.number - 1


def missing(shards: Iterable[Shard]) -> list[Shard]:
    """Those that are needed to make a whole of what is there.

    Example:
        >>> [str(each) for each in missing([Shard(1, 3)])]
        ['2/3', '3/3']
    """
    there = set(shards)
    return [
        shard
        for of in sorted({each.of for each in there})
        for number in range(1, of + 1)
        if (shard := Shard(number, of)) not in there
    ]
