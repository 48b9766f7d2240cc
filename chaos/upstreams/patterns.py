"""Texts that a regular expression matches, the shortest first."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

# The parser of `re` knows every form there is; it has no public name.
_parser: Any = importlib.import_module("re._parser")

_LENGTHS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""How often what may be repeated is repeated beyond the least, one text after the other."""

_LETTERS = "a0 A-_.@:/"
"""What stands where a class leaves a choice, the most ordinary first."""

_CLASSES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": " ",
}


def matching(pattern: str) -> Iterator[str]:
    r"""Texts that ``pattern`` should match; who uses one has to see whether it does.

    Nothing is made of what looks around, so such a pattern may get no text that fits.

    Example:
        >>> next(matching(r"^[A-Z]{3}-\d{4}$"))
        'AAA-0000'
        >>> list(matching(r"^(red|blue)x*$"))[:2]
        ['red', 'redx']
    """
    try:
        parsed = _parser.parse(pattern)
    except re.error:
        return
    for more in _LENGTHS:
        yield "".join(_parts(parsed, more, []))


def _parts(parsed: Iterable[tuple[Any, Any]], more: int, groups: list[str]) -> Iterator[str]:
    for operation, argument in parsed:
        match str(operation), argument:
            case "BRANCH", (_, branches):
                yield "".join(_parts(branches[0], more, groups))
            case "SUBPATTERN", (*_, inside):
                groups.append("".join(_parts(inside, more, groups)))
                yield groups[-1]
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT", (least, most, inside):
                for _ in range(min(least + more, int(most))):
                    yield from _parts(inside, more, groups)
            case "ATOMIC_GROUP", inside:
                yield from _parts(inside, more, groups)
            case "GROUPREF", number if 0 < number <= len(groups):
                yield groups[number - 1]
            case name, _:
                yield _letter(name, argument)


def _letter(name: str, argument: Any) -> str:  # noqa: ANN401 - what the parser gives
    """What stands for one letter; empty for places (``^``, ``$``) and what looks around."""
    match name:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return next(each for each in _LETTERS if ord(each) != argument)
        case "ANY":
            return "a"
        case "IN":
            return _member(argument)
        case _:
            return ""


def _member(members: list[tuple[Any, Any]]) -> str:
    """A letter of a class."""
    if str(members[0][0]) == "NEGATE":
        excluded = members[1:]
        return next((each for each in _LETTERS if not _is_in(excluded, each)), "a")
    match str(members[0][0]), members[0][1]:
        case "RANGE", (first, _):
            return chr(first)
        case "CATEGORY", category:
            return _CLASSES.get(str(category), "a")
        case _, code:
            return chr(code)


def _is_in(members: list[tuple[Any, Any]], letter: str) -> bool:
    for operation, argument in members:
        match str(operation), argument:
            case "LITERAL", code if code == ord(letter):
                return True
            case "RANGE", (first, last) if first <= ord(letter) <= last:
                return True
            case "CATEGORY", category if re.match(_CATEGORIES.get(str(category), "$"), letter):
                return True
    return False


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
