"""Field types of the scenario language: durations and sizes with units, call windows.

Values that do not fit raise `mistake`, which carries the words for the author of the file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from chaos.scenario.problems import quoted, suggest, typed
from chaos.units import (
    DURATION_HINT,
    DURATION_PATTERN,
    SIZE_HINT,
    SIZE_PATTERN,
    format_duration,
    format_number,
    parse_duration,
    parse_size,
)

MOST_CALLS = 10_000
"""A call window may name calls up to this number."""


class Node(BaseModel):
    """Base of everything a scenario file can contain: frozen, and closed to unknown keys.

    Nothing is converted: a number in quotes is text.
    """

    # Validators are built when a file first has such a node: most files have few kinds of them.
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, strict=True, defer_build=True
    )


def mistake(code: str, wrong: str, expected: str, fix: str) -> PydanticCustomError:
    """A value that does not fit, in the words of a `Problem`.

    Example:
        >>> print(mistake("duration-unit", "5 has no unit", "a duration", "write '5s'"))
        5 has no unit; expected a duration; write '5s'
    """
    words = {"wrong": wrong, "expected": expected, "fix": fix}
    return PydanticCustomError(code, "{wrong}; expected {expected}; {fix}", words)


def only(*, wanted: int) -> BeforeValidator:
    """Refuse what is equal to a number or to true and not the same: ``true`` and ``1.0`` for 1."""

    def check(value: object) -> object:
        if value == wanted and type(value) is not type(wanted):
            raise PydanticKnownError("literal_error", {"expected": repr(wanted)})
        return value

    return BeforeValidator(check)


def read_duration(value: object) -> timedelta:
    """The duration that a value of a scenario stands for.

    Raises:
        PydanticCustomError: It stands for none; see `mistake`.

    Example:
        >>> read_duration("1h30m").total_seconds()
        5400.0
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = format_number(value)
    if not isinstance(value, str):
        wrong = f"{quoted(value)} is not a duration"
        raise mistake("wrong-type", wrong, DURATION_HINT, "write for example '60s'")
    try:
        return parse_duration(value)
    except ValueError as error:
        bare = value.strip()
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", bare):
            unit = "ms" if float(bare) >= 100 else "s"  # noqa: PLR2004 - nobody waits 100 s
            fix = f"write '{bare}{unit}'"
            raise mistake("duration-unit", str(error), DURATION_HINT, fix) from None
        has_number = any(character.isdigit() for character in bare)
        fix = f"write for example '{'1h30m' if has_number else '60s'}'"
        raise mistake("bad-duration", _short(error), DURATION_HINT, fix) from None


def read_size(value: object) -> int:
    """The number of bytes that a value of a scenario stands for.

    Raises:
        PydanticCustomError: It stands for none; see `mistake`.

    Example:
        >>> read_size("64KB")
        64000
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    try:
        return parse_size(value if isinstance(value, str) else "")
    except ValueError:
        wrong = f"{quoted(value)} is not a size"
        raise mistake("bad-size", wrong, SIZE_HINT, "write for example '64KB'") from None


def _short(error: Exception) -> str:
    text = str(error)
    return text if len(text) <= 80 else f"{text[:60]}…' is not a duration"  # noqa: PLR2004


def _positive(value: timedelta) -> timedelta:
    if value > timedelta(0):
        return value
    wrong = f"duration {format_duration(value)} is not above zero"
    raise mistake("out-of-range", wrong, "a duration above zero", "write for example '60s'")


def _not_zero(value: timedelta) -> timedelta:
    if value:
        return value
    wrong = "a step of zero changes nothing"
    raise mistake(
        "out-of-range", wrong, "a duration above or below zero", "write for example '-1h'"
    )


def _not_negative(value: timedelta) -> timedelta:
    if value >= timedelta(0):
        return value
    wrong = f"duration {format_duration(value)} is below zero"
    raise mistake("out-of-range", wrong, "a duration of zero or more", "remove the minus")


def _above_zero_bytes(value: int) -> int:
    if value > 0:
        return value
    raise mistake("out-of-range", "size is 0", "a size above zero", "write '1KB'")


def _duration_schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{pattern}$",
            "description": DURATION_HINT,
            "examples": list(examples),
        }
    )


UNSIGNED_PATTERN = DURATION_PATTERN.removeprefix("-?")
"""A regular expression of durations without a sign."""

Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    _duration_schema(DURATION_PATTERN, "60s", "-1h"),
]
"""A signed duration with a unit."""

Jump = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    AfterValidator(_not_zero),
    _duration_schema(DURATION_PATTERN, "30m", "-1h"),
]
"""A signed duration that is not zero."""

UnsignedDuration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    AfterValidator(_not_negative),
    _duration_schema(UNSIGNED_PATTERN, "0s", "250ms"),
]
"""A duration of zero or more."""

PositiveDuration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    AfterValidator(_positive),
    _duration_schema(UNSIGNED_PATTERN, "250ms", "1.5h"),
]
"""A duration above zero."""


def read_zone(value: object) -> str:
    """The name of a time zone, as the IANA has it.

    Raises:
        PydanticCustomError: There is none of that name; see `mistake`.

    Example:
        >>> read_zone("Europe/Berlin")
        'Europe/Berlin'
    """
    zones = available_timezones()
    if isinstance(value, str) and value in zones:
        return value
    shown = quoted(value) if isinstance(value, str) else str(value)
    near = suggest(str(value), zones, "write for example Europe/Berlin")
    raise mistake("unknown-zone", f"unknown time zone {shown}", "an IANA time zone", near)


TimeZone = Annotated[
    str, BeforeValidator(read_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Tokyo"]})
]
"""A time zone by its name."""


def _size_schema(least: int) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": least},
                {"type": "string", "pattern": f"^{SIZE_PATTERN}$"},
            ],
            "description": SIZE_HINT,
            "examples": ["64KB", 512],
        }
    )


Size = Annotated[int, BeforeValidator(read_size), _size_schema(0)]
"""A number of bytes."""

PositiveSize = Annotated[
    int, BeforeValidator(read_size), AfterValidator(_above_zero_bytes), _size_schema(1)
]
"""A number of bytes above zero."""

_CALLS_HINT = "matching calls, counted from 1: 1, 1-2 or [1, 3]"


def _calls(value: object) -> object:
    match value:
        case bool():
            pass
        case int():
            value = (value,)
        case str() if match := re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", value.strip()):
            first, last = int(match[1]), int(match[2])
            if first > last:
                wrong = f"call range {value} ends before it begins"
                raise mistake("empty-window", wrong, _CALLS_HINT, f"write {last}-{first}")
            # Expanded only as far as needed to see that it goes too far.
            value = tuple(range(first, min(last, MOST_CALLS + 1) + 1)) or (last,)
        case _:
            pass
    if not isinstance(value, tuple) or not all(type(call) is int for call in value):
        wrong = f"{quoted(value)} is not a range of calls"
        raise mistake("bad-calls", wrong, _CALLS_HINT, "write for example '1-2'")
    if not value:
        wrong = "an empty list of calls touches nothing"
        raise mistake("empty-window", wrong, _CALLS_HINT, "name a call, or remove the key")
    if beyond := [call for call in value if not 1 <= call <= MOST_CALLS]:
        wrong = f"there is no call {beyond[0]}"
        expected = f"call numbers from 1 to {MOST_CALLS}"
        raise mistake("out-of-range", wrong, expected, "count from the injection, from 1")
    return value


Calls = Annotated[
    tuple[int, ...],
    BeforeValidator(_calls),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_CALLS},
                {"type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,9}$"},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": MOST_CALLS},
                    "minItems": 1,
                },
            ],
            "description": _CALLS_HINT,
            "examples": [1, "1-2", [1, 3]],
        }
    ),
]
"""Matching calls by number, counted from the injection."""

_HEADER_HINT = "a mapping of header names to texts, or to lists of texts"
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
"""What says where a message ends; the tier that sends it knows."""


def _headers(value: object) -> object:
    """Header lines in order: of a mapping, an item for each text."""
    if not isinstance(value, dict):
        raise mistake("wrong-type", typed(value), _HEADER_HINT, "write {Retry-After: '20'}")
    lines: list[tuple[str, str]] = []
    for name, said in value.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            wrong = f"{quoted(name)} is not a header name"
            raise mistake("bad-header", wrong, "letters, digits and hyphens", "correct it")
        if name.lower() in _FRAMING:
            wrong = f"{name} cannot be set in a scenario, because it frames the message"
            fix = "remove it; a body that ends early is fault 'limit_data'"
            raise mistake("bad-header", wrong, "any other header", fix)
        for text in said if isinstance(said, tuple) else (said,):
            if not isinstance(text, str):
                fix = f"put it in quotes: {quoted(str(text))}"
                raise mistake("bad-header", typed(text), "text", fix)
            if not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", text):
                wrong = f"{quoted(text)} cannot be sent in a header"
                raise mistake("bad-header", wrong, "one line of Latin letters", "correct it")
            lines.append((name, text))
    return tuple(lines)


def _as_mapping(lines: tuple[tuple[str, str], ...]) -> dict[str, object]:
    found: dict[str, list[str]] = {}
    for name, text in lines:
        found.setdefault(name, []).append(text)
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Headers = Annotated[
    tuple[tuple[str, str], ...],
    PlainValidator(_headers),
    PlainSerializer(_as_mapping),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": _TEXTS,
            "description": _HEADER_HINT,
            "examples": [{"Retry-After": "20"}],
        }
    ),
]
"""Lines of a header, in order; a name may come more than once."""

Isolation = Literal["process", "shared"]
"""What scenarios have of the process that plays them: one each, or one for all."""
