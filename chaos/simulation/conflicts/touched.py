"""What some code reads and writes that others may read and write as well."""

from __future__ import annotations

from dataclasses import dataclass

CONTENTS = "[]"
"""Stands for whatever compiled code keeps: all containers, iterators, files and caches are one."""

RISKY = frozenset({
    *("compile", "delattr", "eval", "exec", "getattr", "globals", "hasattr", "locals", "setattr"),
    *("vars", "__import__"),
})  # fmt: skip
"""Functions by which an attribute is reached without its name being written."""

_HARMLESS_DUNDERS = frozenset({
    *("__annotations__", "__class_getitem__", "__doc__", "__enter__", "__exit__", "__file__"),
    *("__init__", "__len__", "__module__", "__name__", "__post_init__", "__qualname__"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touched:
    """What a stretch of code reads and writes.

    Attributes are known by their names alone: ``a.seats`` and ``b.seats`` are taken for the same.
    So are globals, and variables that functions share with those inside of them.

    Attributes:
        reads: Names.
        writes: Names.
        everything: Whether it may touch whatever there is.

    Example:
        >>> look = Touched(reads=frozenset({"seats"}))
        >>> sell = Touched(reads=frozenset({"seats"}), writes=frozenset({"seats"}))
        >>> look.clashes(sell), look.clashes(look), look.clashes(Touched(everything=True))
        (True, False, True)
    """

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    everything: bool = False

    def clashes(self, other: Touched) -> bool:
        """Whether it makes a difference which of the two comes first."""
        if self.everything or other.everything:
            return not (self.is_nothing or other.is_nothing)
        return not (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.reads)
            and self.reads.isdisjoint(other.writes)
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nobody else could ever notice."""
        return not (self.everything or self.reads or self.writes)

    def __or__(self, other: Touched) -> Touched:
        if other.is_nothing:
            return self
        return Touched(
            self.reads | other.reads,
            self.writes | other.writes,
            self.everything or other.everything,
        )


NOTHING = Touched()
EVERYTHING = Touched(everything=True)


def is_risky(name: str) -> bool:
    """Whether who uses this name may touch attributes that are not written there.

    Example:
        >>> is_risky("setattr"), is_risky("__dict__"), is_risky("__init__"), is_risky("seats")
        (True, True, False, False)
    """
    is_dunder = name.startswith("__") and name.endswith("__")
    return name in RISKY or (is_dunder and name not in _HARMLESS_DUNDERS)
