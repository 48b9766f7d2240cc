"""Values that change with time: ``0.3``, or ``{0s: 0.05, 2h: 0.25}``, each until the next.

Offsets count from where the schedule begins: the injection of a fault, the start of a load.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import isfinite
from typing import Annotated, Any, Generic, TypeVar

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from chaos.scenario.fields import UNSIGNED_PATTERN, mistake, read_duration
from chaos.scenario.problems import quoted
from chaos.units import format_duration, format_number

V = TypeVar("V", int, float)

MOST_USERS = 1000
"""A load has at most as many."""

_HINT = "offsets and values, for example {0s: %s, 10m: %s}"


@dataclass(frozen=True, slots=True)
class Schedule(Generic[V]):
    """Values over time: each holds from its offset until the next one.

    Attributes:
        points: Offsets in seconds with their values; the first is at 0, each later than the last.

    Example:
        >>> worse = Schedule(((0.0, 0.05), (7200.0, 0.25)))
        >>> worse.at(7199.9), worse.at(7200.0), worse.peak
        (0.05, 0.25, 0.25)
    """

    points: tuple[tuple[float, V], ...]

    def at(self, offset_s: float) -> V:
        """The value so many seconds from the start."""
        later = bisect_right(self.points, offset_s, key=lambda point: point[0])
        return self.points[max(later - 1, 0)][1]

    @property
    def peak(self) -> V:
        """The highest value."""
        return max(value for _, value in self.points)

    def mean(self, lasts_s: float) -> float:
        """The average over the first ``lasts_s`` seconds."""
        limits = [min(offset_s, lasts_s) for offset_s, _ in self.points] + [lasts_s]
        spans = zip(self.points, pairwise(limits), strict=True)
        return sum(value * (end_s - begin_s) for (_, value), (begin_s, end_s) in spans) / lasts_s

    def __str__(self) -> str:
        """The schedule as a file writes it.

        Example:
            >>> str(Schedule(((0.0, 5), (5400.0, 20))))
            '{0s: 5, 1h30m: 20}'
        """
        parts = (
            f"{format_duration(offset_s) if offset_s else '0s'}: {format_number(value)}"
            for offset_s, value in self.points
        )
        return f"{{{', '.join(parts)}}}"


def value_at(value: V | Schedule[V], offset_s: float) -> V:
    """What holds at an offset, whether it changes or not.

    Example:
        >>> value_at(0.3, 60.0), value_at(Schedule(((0.0, 1), (60.0, 2))), 60.0)
        (0.3, 2)
    """
    return value.at(offset_s) if isinstance(value, Schedule) else value


def peak(value: V | Schedule[V]) -> V:
    """The highest that it gets.

    Example:
        >>> peak(0.3), peak(Schedule(((0.0, 1), (60.0, 2))))
        (0.3, 2)
    """
    return value.peak if isinstance(value, Schedule) else value


def mean(value: V | Schedule[V], lasts_s: float) -> float:
    """What it is on average over the first ``lasts_s`` seconds.

    Example:
        >>> mean(5, 60.0), mean(Schedule(((0.0, 1), (45.0, 5))), 60.0)
        (5, 2.0)
    """
    return value.mean(lasts_s) if isinstance(value, Schedule) else value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticKnownError("float_type")
    if not isfinite(value):
        raise PydanticKnownError("finite_number")
    if value <= 0:
        raise PydanticKnownError("greater_than", {"gt": 0.0})
    if value > 1:
        raise PydanticKnownError("less_than_equal", {"le": 1.0})
    return value


def _users(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticKnownError("int_type")
    if not isinstance(value, int):
        raise PydanticKnownError("int_from_float")
    if value < 1:
        raise PydanticKnownError("greater_than_equal", {"ge": 1})
    if value > MOST_USERS:
        raise PydanticKnownError("less_than_equal", {"le": MOST_USERS})
    return value


def _read_share(value: object) -> float | Schedule[float]:
    if isinstance(value, Schedule):
        return value
    if isinstance(value, Mapping):
        return _schedule(
            value,
            lambda point: 0 <= point <= 1,
            "a share from 0 to 1",
            ("0.05", "0.25"),
        )
    return _share(value)


def _read_users(value: object) -> int | Schedule[int]:
    if isinstance(value, Schedule):
        return value
    if isinstance(value, Mapping):
        return _schedule(
            value,
            lambda point: isinstance(point, int) and 0 <= point <= MOST_USERS,
            f"a whole number from 0 to {MOST_USERS}",
            ("5", "20"),
        )
    return _users(value)


def _schedule(
    data: Mapping[str, Any],
    fits: Callable[[Any], bool],
    expected: str,
    examples: tuple[str, str],
) -> Schedule[Any]:
    """A mapping of offsets to values; the first mistake in it names its entry."""
    hint = _HINT % examples
    points: list[tuple[float, Any]] = []
    for key, value in data.items():
        offset_s = _offset_s(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not fits(value):
            wrong = f"the value at {key} is {quoted(value)}"
            raise _in_entry(key, mistake("bad-schedule", wrong, expected, f"write {examples[0]}"))
        if not points and offset_s:
            fix = f"begin it with '0s: {format_number(value)}'"
            wrong = f"the schedule has no value before {key}"
            raise _in_entry(key, mistake("bad-schedule", wrong, "an entry at 0s", fix))
        if points and offset_s <= points[-1][0]:
            wrong = f"offset {key} is not later than the one before it"
            fix = "put the entries in order of time"
            raise _in_entry(key, mistake("bad-schedule", wrong, "increasing offsets", fix))
        points.append((offset_s, value))
    if not points or not any(value for _, value in points):
        wrong = "the schedule is empty" if not points else "the schedule is zero throughout"
        raise mistake("bad-schedule", wrong, hint, "add an entry above zero")
    return Schedule(tuple(points))


def _offset_s(key: str) -> float:
    try:
        offset = read_duration(key)
    except PydanticCustomError as error:
        raise _in_entry(key, error) from None
    if offset < timedelta(0):
        wrong = f"offset {key} is before the start"
        fix = "remove the minus"
        raise _in_entry(key, mistake("bad-schedule", wrong, "an offset of zero or more", fix))
    return offset.total_seconds()


def _in_entry(key: str, error: PydanticCustomError) -> PydanticCustomError:
    """The same mistake, placed at one entry of the mapping."""
    context = {**(error.context or {}), "entry": key}
    return PydanticCustomError(error.type, error.message_template, context)


def _json_schema(value: dict[str, Any], least: dict[str, Any], what: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                value | least,
                {
                    "type": "object",
                    "description": f"{what} over time: each holds from its offset until the next.",
                    "minProperties": 1,
                    "patternProperties": {f"^{UNSIGNED_PATTERN}$": value | {"minimum": 0}},
                    "additionalProperties": False,
                },
            ]
        }
    )


Share = Annotated[
    float | Schedule[float],
    PlainValidator(_read_share),
    _json_schema({"type": "number", "maximum": 1}, {"exclusiveMinimum": 0}, "The share"),
]
"""A share above 0 and up to 1; or a schedule of shares, of which some may be 0."""

Users = Annotated[
    int | Schedule[int],
    PlainValidator(_read_users),
    _json_schema({"type": "integer", "maximum": MOST_USERS}, {"minimum": 1}, "How many users"),
]
"""A number of users; or a schedule of them, by which they come and go."""
