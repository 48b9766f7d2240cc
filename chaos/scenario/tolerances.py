"""The values an expectation allows: each tolerance accepts a value or not, and says why.

All are frozen and compare by value. ``describe`` writes a tolerance as a scenario would.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard

from chaos.scenario.kinds import Kind
from chaos.scenario.scalars import Scalar, write


class Tolerance(Protocol):
    """What a value may be."""

    def accepts(self, value: object, /) -> bool:
        """Whether the value is within the tolerance; durations are in seconds."""

    def describe(self) -> str:
        """The tolerance as it would be written in a scenario, in one line."""


@dataclass(frozen=True, slots=True)
class Equals:
    """Exactly this value; durations to the millisecond.

    Example:
        >>> Equals(0.25, Kind.DURATION).describe()
        '250ms'
    """

    value: Scalar
    kind: Kind

    def accepts(self, value: object, /) -> bool:
        """Whether it is the same value, of the same sort."""
        return self.kind.same(self.value, value)

    def describe(self) -> str:
        """The value."""
        return self.kind.show(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """At least one bound, or both; bounds are allowed themselves.

    Example:
        >>> between = Range(kind=Kind.COUNT, at_least=1, at_most=3)
        >>> between.accepts(3), between.accepts(4), between.describe()
        (True, False, '{between: [1, 3]}')
    """

    kind: Kind
    at_least: float | None = None
    at_most: float | None = None

    def accepts(self, value: object, /) -> bool:
        """Whether it is a number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        grain = self.kind.grain
        is_enough = self.at_least is None or value > self.at_least - grain
        return is_enough and (self.at_most is None or value < self.at_most + grain)

    def describe(self) -> str:
        """``between`` if there are both bounds."""
        if self.at_least is None:
            return f"{{at_most: {self.kind.show(self.at_most)}}}"
        if self.at_most is None:
            return f"{{at_least: {self.kind.show(self.at_least)}}}"
        return f"{{between: {self.kind.show([self.at_least, self.at_most])}}}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of these.

    Example:
        >>> OneOf((Equals("open", Kind.TEXT), Equals("half_open", Kind.TEXT))).describe()
        '{one_of: [open, half_open]}'
    """

    options: tuple[Tolerance, ...]

    def accepts(self, value: object, /) -> bool:
        """Whether an option accepts it."""
        return any(option.accepts(value) for option in self.options)

    def describe(self) -> str:
        """The options."""
        return f"{{one_of: [{', '.join(option.describe() for option in self.options)}]}}"


@dataclass(frozen=True, slots=True)
class Contains:
    """A text with this part in it, or a list with an item that ``part`` accepts.

    Example:
        >>> Contains(Equals("VPN", Kind.TEXT)).accepts("Is the VPN down?")
        True
    """

    part: Tolerance

    def accepts(self, value: object, /) -> bool:
        """Whether it has the part in it."""
        if isinstance(value, str):
            return isinstance(self.part, Equals) and str(self.part.value) in value
        return _is_list(value) and any(self.part.accepts(item) for item in value)

    def describe(self) -> str:
        """The part."""
        return f"{{contains: {self.part.describe()}}}"


@dataclass(frozen=True, slots=True)
class Matches:
    """A text in which this regular expression is found.

    Example:
        >>> Matches("[0-9]+ min").accepts("wait 5 min")
        True
    """

    pattern: str

    def accepts(self, value: object, /) -> bool:
        """Whether it is a text and the pattern is found in it."""
        return isinstance(value, str) and re.search(self.pattern, value) is not None

    def describe(self) -> str:
        """The pattern."""
        return f"{{matches: {write(self.pattern)}}}"


@dataclass(frozen=True, slots=True)
class Not:
    """Anything but what ``refused`` accepts.

    Example:
        >>> Not(Equals("llm", Kind.TEXT)).describe()
        '{not: llm}'
    """

    refused: Tolerance

    def accepts(self, value: object, /) -> bool:
        """Whether ``refused`` does not accept it."""
        return not self.refused.accepts(value)

    def describe(self) -> str:
        """What is refused."""
        return f"{{not: {self.refused.describe()}}}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """What every part accepts: several keys in one mapping.

    Example:
        >>> AllOf((Range(kind=Kind.COUNT, at_least=1), Not(Equals(3, Kind.COUNT)))).describe()
        '{at_least: 1, not: 3}'
    """

    parts: tuple[Tolerance, ...]

    def accepts(self, value: object, /) -> bool:
        """Whether every part accepts it."""
        return all(part.accepts(value) for part in self.parts)

    def describe(self) -> str:
        """The parts, in one mapping."""
        return f"{{{', '.join(part.describe()[1:-1] for part in self.parts)}}}"


@dataclass(frozen=True, slots=True)
class Items:
    """A list with as many items, each of which its tolerance accepts, in order.

    Example:
        >>> Items((Range(kind=Kind.DURATION, at_least=2.0, at_most=3.0),)).accepts([2.7])
        True
    """

    items: tuple[Tolerance, ...]

    def accepts(self, value: object, /) -> bool:
        """Whether it is such a list."""
        return (
            _is_list(value)
            and len(value) == len(self.items)
            and all(item.accepts(seen) for item, seen in zip(self.items, value, strict=True))
        )

    def describe(self) -> str:
        """The items."""
        return f"[{', '.join(item.describe() for item in self.items)}]"


@dataclass(frozen=True, slots=True)
class Everyone:
    """``all``: every answer, of at least one; only inside `Modes`."""

    def accepts(self, value: object, /) -> bool:
        """Never: what "all" is takes the other counts to say. `Modes` does."""
        del value
        return False

    def describe(self) -> str:
        """The word."""
        return "all"


@dataclass(frozen=True, slots=True)
class Modes:
    """How many answers there are of each mode; modes not named may be any number.

    Example:
        >>> modes = Modes((("fallback", Everyone()), ("error", Equals(0, Kind.COUNT))))
        >>> modes.accepts({"fallback": 5}), modes.describe()
        (True, '{fallback: all, error: 0}')
    """

    counts: tuple[tuple[str, Tolerance], ...]

    def accepts(self, value: object, /) -> bool:
        """Whether the counts, a mapping of mode to number, are as they should be."""
        return isinstance(value, Mapping) and all(
            0 < value.get(mode, 0) == sum(value.values())
            if isinstance(tolerance, Everyone)
            else tolerance.accepts(value.get(mode, 0))
            for mode, tolerance in self.counts
        )

    def describe(self) -> str:
        """The counts."""
        return f"{{{', '.join(f'{mode}: {each.describe()}' for mode, each in self.counts)}}}"


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
