"""A function's code with some of its lines replaced."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType

from chaos.defects.defect import DefectError
from chaos.defects.places import Hunk, HunkPlace, find, function_around, scope_of

_STALE = "bring the defect up to date with the service"


def read_diff(text: str) -> tuple[Hunk, ...]:
    """The replacements of a text: lines to go after ``-``, new ones after ``+``.

    Lines after ``=`` stay; they are there for the private names in them.

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
    hunks: list[tuple[list[str], list[str] | None]] = []
    before = ""
    for line in textwrap.dedent(text).strip("\n").splitlines():
        sign, content = line[:1], line[2:]
        if sign not in {"-", "+", "="} or (sign == "+" and before not in {"-", "+"}):
            raise DefectError(
                f"cannot read {line!r} in a defect's lines; expected '- ' before a line of the "
                "service, '+ ' before one that replaces it, or '= ' before one that stays"
            )
        if sign not in {"+", before}:
            hunks.append(([], None if sign == "=" else []))
        was, becomes = hunks[-1]
        (becomes if sign == "+" and becomes is not None else was).append(content)
        before = sign
    return tuple(
        Hunk(tuple(was), None if becomes is None else tuple(becomes)) for was, becomes in hunks
    )


def rewritten(where: str, hunks: Sequence[Hunk]) -> dict[FunctionType, CodeType]:
    """The code that functions would have with these lines in their source.

    The whole module is compiled anew for each, so that nothing else differs, and nothing of it
    is run: decorators and default values stay those of the function.

    Args:
        where: ``package.module``, or a public class or function of it after a colon.
        hunks: What to replace there; margins are taken from the source.

    Raises:
        DefectError: A line is missing or not unique, the file was changed since it was imported,
            or what comes out is no such function.

    Example:
        >>> hunks = read_diff('''
        ...     - return w.fill(text)
        ...     + return text
        ... ''')
        >>> [function.__name__ for function in rewritten("textwrap:fill", hunks)]
        ['fill']
    """
    module_name, _, path = where.partition(":")
    lines = _source(module_name, where)
    tree = ast.parse("".join(lines))
    scope = scope_of(tree, path.split(".") if path else (), len(lines))
    if scope is None:
        raise DefectError(f"{where} does not exist; expected a part of the service; {_STALE}")
    by_function: dict[str, list[HunkPlace]] = {}
    for place in find(lines, scope, hunks, where):
        if place.becomes is not None:
            found = function_around(tree, place.at + 1)
            if found is None:
                raise DefectError(f"{where}: these lines are not in a function; {_STALE}")
            by_function.setdefault(found, []).append(place)
    codes = {}
    for name, places in by_function.items():
        function = _function(module_name, name)
        codes[function] = _rewritten(function, lines, places)
    return codes


def _rewritten(function: FunctionType, lines: Sequence[str], places: list[HunkPlace]) -> CodeType:
    if _compiled(lines, function) != function.__code__:
        raise DefectError(
            f"{_name(function)} is not what its file says; expected the source of the code in "
            "memory; start again, because the file has changed"
        )
    text = list(lines)
    for place in sorted(places, key=lambda each: -each.at):
        text[place.at : place.at + place.size] = place.becomes or ()
    code = _compiled(text, function)
    if code is None or code.co_freevars != function.__code__.co_freevars:
        raise DefectError(
            f"{_name(function)} cannot be compiled with the defect in it; expected the same "
            "function, closing over the same names"
        )
    return code


def _source(module_name: str, where: str) -> list[str]:
    try:
        return inspect.findsource(importlib.import_module(module_name))[0]
    except (ImportError, OSError, TypeError) as error:
        raise DefectError(
            f"{where} does not exist ({error}); expected a part of the service; {_STALE}"
        ) from error


def _function(module_name: str, path: str) -> FunctionType:
    *classes, name = path.split(".")
    owner: object = importlib.import_module(module_name)
    for each in classes:
        owner = getattr(owner, each)
    found = inspect.getattr_static(owner, name, None)
    if isinstance(found, (classmethod, staticmethod)):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    if not isinstance(found, FunctionType):
        raise DefectError(f"{module_name}:{path} is not a function in memory; {_STALE}")
    return found


def _compiled(lines: Sequence[str], function: FunctionType) -> CodeType | None:
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
