"""Finding lines of a service that a defect is about, whatever their private names are called.

A name that begins with an underscore is a module's own business, and is renamed without asking.
So such a name in a defect stands for any private name, the same for the same: what identifies a
place is everything else that its lines say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chaos.defects.defect import DefectError

_PRIVATE = re.compile(r"\b_(?!_)\w+")

Names = Mapping[str, str]
"""What each private name of a defect is called in the service."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that follow each other, and what they become; all without margin.

    Attributes:
        was: The lines.
        becomes: What stands there instead; None leaves them as they are, and only learns from
            them what private names are called.
    """

    was: tuple[str, ...]
    becomes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class HunkPlace:
    """A hunk that was found: the index of its first line, and the lines that go there.

    Attributes:
        becomes: With the names and the margin of the service; None to leave it as it is.
    """

    at: int
    size: int
    becomes: tuple[str, ...] | None


def find(lines: Sequence[str], scope: range, hunks: Sequence[Hunk], name: str) -> list[HunkPlace]:
    r"""Where all the hunks are.

    Args:
        lines: Of the module, with their line ends.
        scope: Indices of the lines to look at.
        hunks: What to find; private names are the same in all of them.
        name: Of what is looked at, for messages.

    Raises:
        DefectError: There is no such place, or more than one; or a new line has a private name
            that none of the old ones has.

    Example:
        >>> lines = ["def f(self):\n", "    self._count += 1\n"]
        >>> hunk = Hunk(("self._failures += 1",), ("self._failures += 2",))
        >>> find(lines, range(2), [hunk], "f")
        [HunkPlace(at=1, size=1, becomes=('    self._count += 2\n',))]
    """
    bare = [line.strip() for line in lines]
    found: dict[tuple[int, ...], Names] = dict(_everywhere(bare, scope, hunks, {}))
    if len(found) != 1:
        wanted = "\n".join(f"    {line}" for hunk in hunks for line in hunk.was)
        raise DefectError(
            f"{name} has these lines {len(found)} times; expected once, whatever private names "
            f"are called; bring the defect up to date with the service:\n{wanted}"
        )
    ((places, names),) = found.items()
    return [
        _place(lines[at], at, hunk, names, name) for at, hunk in zip(places, hunks, strict=True)
    ]


def scope_of(tree: ast.Module, path: Sequence[str], size: int) -> range | None:
    """The lines of a class or function; of the whole module if the path is empty."""
    body: Sequence[ast.stmt] = tree.body
    scope = range(size)
    for name in path:
        node = next((each for each in _definitions(body) if each.name == name), None)
        if node is None:
            return None
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        body, scope = node.body, range(first - 1, node.end_lineno or first)
    return scope


def function_around(tree: ast.Module, line: int) -> str | None:
    """The qualified name of the outermost function that a line, from 1, is part of."""
    path: list[str] = []
    body: Sequence[ast.stmt] = tree.body
    while True:
        around = next(
            (each for each in _definitions(body) if each.lineno <= line <= (each.end_lineno or 0)),
            None,
        )
        if around is None:
            return None
        path.append(around.name)
        if not isinstance(around, ast.ClassDef):
            return ".".join(path)
        body = around.body


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(body: Sequence[ast.stmt]) -> Iterator[_Definition]:
    return (each for each in body if isinstance(each, _Definition))


def _everywhere(
    bare: Sequence[str], scope: range, hunks: Sequence[Hunk], names: Names
) -> Iterator[tuple[tuple[int, ...], Names]]:
    """Every way to find all the hunks with one set of names."""
    if not hunks:
        yield (), names
        return
    first, *rest = hunks
    for at in scope[: max(0, len(scope) - len(first.was) + 1)]:
        learnt = _fits(bare[at : at + len(first.was)], first.was, names)
        if learnt is not None:
            for places, all_names in _everywhere(bare, scope, rest, learnt):
                yield (at, *places), all_names


def _fits(seen: Sequence[str], wanted: Sequence[str], names: Names) -> Names | None:
    """What the private names are called, if these are the lines."""
    learnt = dict(names)
    for line, pattern in zip(seen, wanted, strict=True):
        pattern = pattern.strip()  # noqa: PLW2901 - margins are taken from the source
        if _PRIVATE.sub("_", line) != _PRIVATE.sub("_", pattern):
            return None
        called = zip(_PRIVATE.findall(pattern), _PRIVATE.findall(line), strict=True)
        if any(learnt.setdefault(ours, theirs) != theirs for ours, theirs in called):
            return None
    # Two names of the defect are two names of the service.
    return learnt if len(set(learnt.values())) == len(learnt) else None


def _place(line: str, at: int, hunk: Hunk, names: Names, name: str) -> HunkPlace:
    if hunk.becomes is None:
        return HunkPlace(at, len(hunk.was), None)
    margin = line[: len(line) - len(line.lstrip())]
    unknown = {
        each for text in hunk.becomes for each in _PRIVATE.findall(text) if each not in names
    } - _bound_by(hunk.becomes)
    if unknown:
        raise DefectError(
            f"the new lines for {name} have private names that no old line has: "
            f"{', '.join(sorted(unknown))}; expected only names that can be found; add a line of "
            "the service that has them, after '= '"
        )
    becomes = (
        _PRIVATE.sub(lambda found: names.get(found[0], found[0]), text) for text in hunk.becomes
    )
    return HunkPlace(at, len(hunk.was), tuple(f"{margin}{text}\n" for text in becomes))


def _bound_by(lines: Sequence[str]) -> set[str]:
    """Private names that the new lines bring with them, as keys of their own."""
    return {each for line in lines for each in re.findall(r"['\"](_(?!_)\w+)['\"]", line)}
