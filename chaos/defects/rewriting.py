"""A function's code with some of its lines replaced."""

from __future__ import annotations
import __future__

import ast
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

    Only compiled, never run: decorators and default values stay those of the function.

    Args:
        function: Written in a file that is still as it was when it was imported.
        hunks: What to replace; margins are taken from the source.

    Raises:
        DefectError: A line is missing or not unique, or what comes out is no such function.

    Example:
        >>> code = rewritten(textwrap.fill, read_diff('''
        ...     - return w.fill(text)
        ...     + return text
        ... '''))
        >>> code.co_name
        'fill'
    """
    source, first_line = inspect.getsourcelines(function)
    text = textwrap.dedent("".join(source)).splitlines()
    for hunk in hunks:
        text = _replaced(text, hunk, function)
    try:
        code = _compiled("\n".join(text), first_line, function.__code__)
    except SyntaxError as error:
        raise DefectError(
            f"{function.__qualname__} cannot be compiled with the defect in it: {error}"
        ) from error
    if code.co_freevars != function.__code__.co_freevars:
        raise DefectError(
            f"{function.__qualname__} with the defect in it closes over {code.co_freevars}; "
            f"expected {function.__code__.co_freevars}; write the lines with the same names"
        )
    return code


def _replaced(text: list[str], hunk: Hunk, function: FunctionType) -> list[str]:
    size = len(hunk.was)
    bare = tuple(line.strip() for line in text)
    wanted = tuple(line.strip() for line in hunk.was)
    places = [at for at in range(len(bare) - size + 1) if bare[at : at + size] == wanted]
    if len(places) != 1:
        raise DefectError(
            f"{function.__module__}:{function.__qualname__} has these lines {len(places)} times; "
            "expected once; bring the defect up to date with the service:\n"
            + textwrap.indent("\n".join(hunk.was), "    ")
        )
    at = places[0]
    margin = text[at][: len(text[at]) - len(text[at].lstrip())]
    return [*text[:at], *(margin + line for line in hunk.becomes), *text[at + size :]]


def _compiled(text: str, first_line: int, sound: CodeType) -> CodeType:
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    # Names that the function closes over, `__class__` of a bare super() among them, are found
    # only by code that was compiled within their scope.
    scope = ast.parse(f"def scope({', '.join(sound.co_freevars)}): pass")
    (outer,) = scope.body
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [definition]
    ast.increment_lineno(definition, first_line - 1)
    flags = sound.co_flags & __future__.annotations.compiler_flag
    compiled = compile(scope, sound.co_filename, "exec", flags=flags, dont_inherit=True)
    found = next(code for code in _codes(compiled) if code.co_name == definition.name)
    return found.replace(co_qualname=sound.co_qualname)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)
