"""A function's code with some of its lines replaced."""

from __future__ import annotations

import __future__
import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType

from chaos.defects.defect import DefectError


def rewritten(function: FunctionType, lines: Mapping[str, str]) -> CodeType:
    """The code ``function`` would have with these lines in its source.

    Only compiled, never run: decorators and default values stay those of the function. A
    traceback names the true file and line, as far as the replacement has as many lines.

    Args:
        function: Written in a file that is still as it was when it was imported.
        lines: Whole lines to what they become; several lines are one text with line breaks.

    Raises:
        DefectError: A line is missing or not unique, or what comes out is no such function.

    Example:
        >>> import textwrap
        >>> code = rewritten(textwrap.shorten, {"return w.fill(' '.join(text.strip().split()))":
        ...                                     "return text"})
        >>> code.co_name
        'shorten'
    """
    source, first_line = inspect.getsourcelines(function)
    text = textwrap.dedent("".join(source)).splitlines()
    for was, becomes in lines.items():
        text = _replaced(text, was, becomes, function)
    try:
        code = _compiled("\n".join(text), first_line, function.__code__)
    except (SyntaxError, StopIteration) as error:
        raise DefectError(
            f"{function.__qualname__} cannot be compiled with the defect in it: {error}"
        ) from error
    if code.co_freevars != function.__code__.co_freevars:
        raise DefectError(
            f"{function.__qualname__} with the defect in it closes over {code.co_freevars}, "
            f"expected {function.__code__.co_freevars}; write the lines without other names"
        )
    return code


def _replaced(text: list[str], was: str, becomes: str, function: FunctionType) -> list[str]:
    old, new = _lines(was), _lines(becomes)
    bare, wanted = [line.strip() for line in text], [line.strip() for line in old]
    size = len(wanted)
    places = [at for at in range(len(bare) - size + 1) if bare[at : at + size] == wanted]
    if len(places) != 1:
        raise DefectError(
            f"{function.__module__}:{function.__qualname__} has these lines {len(places)} times, "
            f"expected once; bring the defect up to date with the service:\n"
            + textwrap.indent(was, "    ")
        )
    at = places[0]
    margin = text[at][: len(text[at]) - len(text[at].lstrip())]
    return [*text[:at], *(margin + line for line in new), *text[at + size :]]


def _lines(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").splitlines()


def _compiled(text: str, first_line: int, sound: CodeType) -> CodeType:
    module = ast.parse(text)
    (definition,) = module.body
    assert isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef))
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
