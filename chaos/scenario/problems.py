"""A mistake in a scenario file: where it is, what it is, and how to mend it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chaos.errors import ChaosError
from chaos.units import format_number

_WIDEST = 40
_LINE_WIDTH = 100


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a scenario file; line and column count from 1.

    Line 0 stands for the file as a whole.

    Example:
        >>> str(Location("opens-on-5xx.yaml", 19, 7))
        'opens-on-5xx.yaml:19:7'
    """

    path: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


NOWHERE = Location()
"""The location of what was built in code rather than read from a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a scenario file, in the words its author needs.

    Example:
        >>> print(Problem(location=Location("a.yaml", 3, 5), wrong="duration 5 has no unit",
        ...     expected="a number with ms, s or m", fix="write '5s'", code="duration-unit"))
        a.yaml:3:5: duration 5 has no unit; expected a number with ms, s or m; write '5s' \
[duration-unit]
    """

    location: Location
    wrong: str
    expected: str
    fix: str
    code: str

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location != NOWHERE else ""
        return f"{where}{self.wrong}; expected {self.expected}; {self.fix} [{self.code}]"


class ScenarioError(ChaosError):
    """A scenario file cannot be run.

    Attributes:
        problems: Every mistake found, in file order; never empty. All are reported together,
            so that one edit can mend them all.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.location))
        assert self.problems
        super().__init__("\n".join(map(str, self.problems)))


def render(problem: Problem, source_lines: Sequence[str]) -> str:
    """The long form of a problem: its line, then the source with a caret below the place.

    Example:
        >>> print(render(Problem(location=Location("a.yaml", 1, 7), wrong="'ten' is text",
        ...     expected="a whole number", fix="write 10", code="wrong-type"), ["seed: ten"]))
        a.yaml:1:7: 'ten' is text; expected a whole number; write 10 [wrong-type]
          |
        1 | seed: ten
          |       ^~~
    """
    where = problem.location
    if not 1 <= where.line <= len(source_lines):
        return str(problem)
    line = _printable(source_lines[where.line - 1])
    start = min(max(where.column - 1, 0), len(line))
    end = start + _word_length(line[start:])
    # A long line is cut from the left, so that the caret stays on the screen.
    cut = max(0, end - _LINE_WIDTH)
    cut = min(cut, start)
    shown = ("…" if cut else "") + line[cut : cut + _LINE_WIDTH]
    shown += "…" if cut + _LINE_WIDTH < len(line) else ""
    before = ("…" if cut else "") + line[cut:start]
    marked = line[start : min(end, cut + _LINE_WIDTH)]
    gutter = " " * len(str(where.line))
    return "\n".join(
        (
            str(problem),
            f"{gutter} |",
            f"{where.line} | {shown}".rstrip(),
            f"{gutter} | {' ' * _width(before)}^{'~' * (_width(marked) - 1)}",
        )
    )


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of ``words`` that ``word`` was most likely meant to be.

    Example:
        >>> nearest("latncy", ["jitter", "latency"])
        'latency'
    """
    folded = {known.casefold(): known for known in words}
    close = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[close[0]] if close else None


def suggest(
    word: str, words: Iterable[str], otherwise: str, *, meant: Mapping[str, str] | None = None
) -> str:
    """How to mend a word that is not one of ``words``; ``meant`` translates those of others.

    Example:
        >>> suggest("opne", ["closed", "open"], "look it up")
        "did you mean 'open'?"
    """
    close = (meant or {}).get(word) or nearest(word, words)
    return f"did you mean {close!r}?" if close else otherwise


def listed(words: Iterable[str]) -> str:
    """The words in order, for ``expected``; a single one stands alone.

    Example:
        >>> listed(["open", "closed"])
        'one of: closed, open'
    """
    ordered = sorted(set(words))
    return f"one of: {', '.join(ordered)}" if len(ordered) > 1 else "".join(ordered) or "nothing"


def quoted(value: object) -> str:
    r"""A value of the file inside a message: on one line, and not too long.

    Example:
        >>> quoted("half\nopen"), quoted(True), quoted(None)
        ("'half\\nopen'", 'true', 'nothing')
    """
    match value:
        case None | True | False:
            return {None: "nothing", True: "true", False: "false"}[value]
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str() if len(value) > _WIDEST:
            return repr(value[: _WIDEST - 1] + "…")
        case int() | float():
            return format_number(value)
        case _:
            return repr(value)


def typed(value: object) -> str:
    """A value of the file and what sort it is.

    Example:
        >>> typed("3"), typed([1])
        ("'3' is text", 'a list')
    """
    match value:
        case None | bool() | dict() | list() | tuple():
            return quoted(value)
        case str():
            return f"{quoted(value)} is text"
        case _:
            return f"{quoted(value)} is a number"


def _printable(line: str) -> str:
    """One character for each of the line, so that columns stay what they were."""
    return "".join(
        c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line
    )


def _word_length(text: str) -> int:
    """Length of the word at the start of ``text``, quotes included; at least 1."""
    if text[:1] in ("'", '"') and (end := text.find(text[0], 1)) > 0:
        return end + 1
    length = next((i for i, c in enumerate(text) if c in " ,:{}[]"), len(text))
    return max(length, 1)


def _width(text: str) -> int:
    """Columns the text takes in a terminal; at least 1 if there is any text."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
