"""A function's code with some of its lines replaced."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

from chaos.defects.defect import DefectError


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that follow each other in a function, and what they become; all without margin."""

    was: tuple[str, ...]
    becomes: tuple[str, ...]


def read_diff(text: str) -> tuple[Hunk, ...]:
    """The replacements of a text in which lines to go start with ``-`` and new ones with ``+``.

    Raises:
        DefectError: A line starts with something else, or new lines replace none.

    Example:
        >>> read_diff('''
        ...     - if status >= 500:
        ...     -     return again()
        ...     + return again()
        ... ''')
        (Hunk(was=('if status >= 500:', '    return again()'), becomes=('return again()',)),)
    """
    hunks: list[tuple[list[str], list[str]]] = []
    before = "+"
    for line in textwrap.dedent(text).strip("\n").splitlines():
        sign, content = line[:1], line[2:]
        if sign not in {"-", "+"} or (sign == "+" and not hunks):
            raise DefectError(
                f"cannot read {line!r} in a defect's lines; expected '- ' before a line of the "
                "service, or '+ ' before one that replaces it"
            )
        if sign == "-" and before == "+":
            hunks.append(([], []))
        hunks[-1][sign == "+"].append(content)
        before = sign
    return tuple(Hunk(tuple(was), tuple(becomes)) for was, becomes in hunks)


def rewritten(function: FunctionType, hunks: tuple[Hunk, ...]) -> CodeType:
    """The code ``function`` would have with these lines in its source.

    Its whole module is compiled anew, so that nothing else differs, and nothing of it is run:
    decorators and default values stay those of the function.

    Args:
        function: Written in a file.
        hunks: What to replace; margins are taken from the source.

    Raises:
        DefectError: A line is missing or not unique, the file was changed since it was imported,
            or what comes out is no such function.

    Example:
        >>> code = rewritten(textwrap.fill, read_diff('''
        ...     - return w.fill(text)
        ...     + return text
        ... '''))
        >>> code.co_name
        'fill'
    """
    module, start = inspect.findsource(function)
    end = start + len(inspect.getsourcelines(function)[0])
    if _compiled(module, function) != function.__code__:
        raise DefectError(
            f"{_name(function)} is not what its file says; expected the source of what is in "
            "memory; start again, since the file was changed meanwhile"
        )
    text = module[start:end]
    for hunk in hunks:
        text = _replaced(text, hunk, function)
    code = _compiled([*module[:start], *text, *module[end:]], function)
    if code is None or code.co_freevars != function.__code__.co_freevars:
        raise DefectError(
            f"{_name(function)} cannot be compiled with the defect in it; expected the same "
            "function, closing over the same names"
        )
    return code


def _replaced(text: list[str], hunk: Hunk, function: FunctionType) -> list[str]:
    size = len(hunk.was)
    bare = tuple(line.strip() for line in text)
    wanted = tuple(line.strip() for line in hunk.was)
    places = [at for at in range(len(bare) - size + 1) if bare[at : at + size] == wanted]
    if len(places) != 1:
        raise DefectError(
            f"{_name(function)} has these lines {len(places)} times; "
            "expected once; bring the defect up to date with the service:\n"
            + textwrap.indent("\n".join(hunk.was), "    ")
        )
    at = places[0]
    margin = text[at][: len(text[at]) - len(text[at].lstrip())]
    return [*text[:at], *(f"{margin}{line}\n" for line in hunk.becomes), *text[at + size :]]


def _compiled(lines: list[str], function: FunctionType) -> CodeType | None:
    """The code of ``function`` in a module of these lines; None if it is not there."""
    sound = function.__code__
    try:
        module = compile("".join(lines), sound.co_filename, "exec", dont_inherit=True)
    except SyntaxError:
        return None
    place = sound.co_qualname, sound.co_firstlineno
    found = (code for code in _codes(module) if (code.co_qualname, code.co_firstlineno) == place)
    return next(found, None)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _name(function: FunctionType) -> str:
    return f"{function.__module__}:{function.__qualname__}"
