"""Where everything stands in a scenario file, and the mistakes found there so far."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from chaos.scenario.problems import NOWHERE, Location, Problem

NodePath = tuple[str | int, ...]
"""Keys and indices from the top of a file: ``("method", 2, "ask", "question")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text of a scenario file and the position of every node in it.

    Attributes:
        path: As it is shown to people.
        lines: Without their line ends.
        values: Position of each value: line and column, from 1.
        keys: The same for each key of a mapping.
        empty: Paths of the keys that have nothing after their colon.
        numbers: Each number as it is written, which its value does not tell: ``1.10``, ``0x10``.

    Example:
        >>> source = Source(path="a.yaml", lines=("seed: 7",), values={("seed",): (1, 7)})
        >>> str(source.at("seed"))
        'a.yaml:1:7'
    """

    path: str = ""
    lines: tuple[str, ...] = ()
    values: Mapping[NodePath, tuple[int, int]] = field(default_factory=dict)
    keys: Mapping[NodePath, tuple[int, int]] = field(default_factory=dict)
    empty: AbstractSet[NodePath] = frozenset()
    numbers: Mapping[NodePath, str] = field(default_factory=dict)

    def at(self, *path: str | int) -> Location:
        """The location of a value; of the nearest node around it if it is not in the file."""
        return self._locate(self.values, path)

    def at_key(self, *path: str | int) -> Location:
        """The location of a key; where there is none (an item of a list), of its value."""
        return self._locate(self.keys if path in self.keys else self.values, path)

    def _locate(self, known: Mapping[NodePath, tuple[int, int]], path: NodePath) -> Location:
        while path and path not in known:
            path = path[:-1]
        position = known.get(path)
        if position is None:
            return Location(self.path) if self.path else NOWHERE
        return Location(self.path, *position)


class Findings:
    """Collects the problems of one file.

    Example:
        >>> findings = Findings()
        >>> findings.add(("seed",), "'ten' is text", "a whole number", "write 10", "wrong-type")
        >>> [problem.code for problem in findings.problems]
        ['wrong-type']
    """

    def __init__(self, source: Source | None = None) -> None:
        self.source = source or Source()
        self.problems: list[Problem] = []
        self._seen: set[tuple[NodePath, str]] = set()

    def add(  # noqa: PLR0913 - the parts of a message, in the order they are read
        self,
        path: NodePath,
        wrong: str,
        expected: str,
        fix: str,
        code: str,
        *,
        at_key: bool = False,
    ) -> None:
        """Note a mistake; a second one of the same sort at the same node is not reported."""
        if (path, code) in self._seen:
            return
        self._seen.add((path, code))
        where = self.source.at_key(*path) if at_key else self.source.at(*path)
        self.problems.append(
            Problem(location=where, wrong=wrong, expected=expected, fix=fix, code=code)
        )

    def add_at(
        self, position: tuple[int, int], wrong: str, expected: str, fix: str, code: str
    ) -> None:
        """Note a mistake at a line and column, for what is not a node with a path."""
        where = Location(self.source.path, *position)
        self.problems.append(
            Problem(location=where, wrong=wrong, expected=expected, fix=fix, code=code)
        )
