"""The kinds of value that can be observed, and how each is written, shown and compared."""

from __future__ import annotations

import math
from enum import Enum

from chaos.scenario.fields import mistake, read_duration
from chaos.scenario.problems import listed, quoted, suggest, typed
from chaos.scenario.scalars import Scalar, resolve, write
from chaos.units import format_duration, format_number

_SAME_S = 0.0005
"""Durations closer than this are the same: reports show milliseconds, and a virtual clock that
adds floats is off by nanoseconds."""


class Kind(Enum):
    """What sort of value an observable has; the value says what a file must hold there."""

    DURATION = "a duration, for example 250ms"
    COUNT = "a whole number from 0"
    NUMBER = "a number"
    SHARE = "a share from 0 to 1"
    TEXT = "text"
    FLAG = "true or false"
    DURATIONS = "a list of durations"
    TEXTS = "a list of texts"
    MODES = "a mapping of answer modes to counts"
    EVENTUALLY = "what happens, and within what time"
    LEADS_TO = "when, what follows, and within what time"

    @property
    def item(self) -> Kind | None:
        """The kind of the items of a list; None for what is not a list."""
        return {Kind.DURATIONS: Kind.DURATION, Kind.TEXTS: Kind.TEXT}.get(self)

    def same(self, one: object, other: object) -> bool:
        """Whether two values are the same; durations are to the millisecond.

        Example:
            >>> Kind.DURATION.same(15.0, 15.000000001), Kind.COUNT.same(1, True)
            (True, False)
        """
        if isinstance(one, bool) or isinstance(other, bool):
            return one is other
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return abs(one - other) < self.grain
        return one == other

    @property
    def grain(self) -> float:
        """Differences below this do not count."""
        return _SAME_S if self is Kind.DURATION else 1e-9

    def show(self, value: object) -> str:
        """The value as it would be written in a scenario.

        Example:
            >>> Kind.DURATIONS.show([2.0, 4.5]), Kind.TEXT.show("half_open")
            ('[2s, 4.5s]', 'half_open')
        """
        if isinstance(value, (list, tuple)):
            return f"[{', '.join((self.item or self).show(item) for item in value)}]"
        if isinstance(value, dict):
            pairs = (f"{key}: {self.show(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        if self is Kind.DURATION and isinstance(value, (int, float)):
            return format_duration(value)
        return write(value)

    def read(self, value: object, words: tuple[str, ...] = ()) -> Scalar:
        """The value that a scalar of a scenario stands for; durations become seconds.

        ``words`` are the only texts possible, if they are known.

        Raises:
            PydanticCustomError: It is not of this kind; see `chaos.scenario.fields.mistake`.

        Example:
            >>> Kind.DURATION.read("50ms")
            0.05
        """
        if value is None and self in {Kind.TEXT, Kind.DURATION}:
            return None
        if self is Kind.DURATION:
            return read_duration(value).total_seconds()
        if self is Kind.TEXT and isinstance(value, str):
            if words and value not in words:
                fix = suggest(value, words, "write one of them")
                raise mistake(
                    "unknown-value", f"unknown value {quoted(value)}", listed(words), fix
                )
            return value
        if isinstance(value, _TYPES.get(self, ())) and isinstance(value, bool) is (
            self is Kind.FLAG
        ):
            assert isinstance(value, (int, float))
            if not self._least <= value <= self._most:
                fix = "write 0.99 for 99 %" if self is Kind.SHARE else "write 0 for none"
                raise mistake(
                    "out-of-range", f"{format_number(value)} is out of range", self.value, fix
                )
            return value
        raise mistake("wrong-type", typed(value), self.value, self._fix(value))

    @property
    def _least(self) -> float:
        return -math.inf if self is Kind.NUMBER else 0

    @property
    def _most(self) -> float:
        return 1 if self is Kind.SHARE else math.inf

    def _fix(self, value: object) -> str:
        if isinstance(value, (dict, tuple)):
            return "write a single value"
        if self is Kind.TEXT:
            return f"put it in quotes: {quoted(str(value))}"
        if self is Kind.FLAG:
            return {"yes": "write true", "on": "write true"}.get(str(value), "write true or false")
        if isinstance(value, str) and isinstance(resolve(value), (int, float)):
            return f"remove the quotes: {value}"
        return "write a number without a unit"


_TYPES: dict[Kind, type | tuple[type, ...]] = {
    Kind.COUNT: int,
    Kind.NUMBER: (int, float),
    Kind.SHARE: (int, float),
    Kind.FLAG: bool,
}
