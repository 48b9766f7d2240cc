"""What a line is about to touch, given the values that its variables have now.

What is assumed of compiled code, which nobody can look into: it keeps what it keeps in containers,
iterators, files and caches of its own, all of which are taken for one thing; and it reaches an
attribute of a Python object by way of ``setattr`` and its like only, each of which is taken to
touch everything.
"""

from __future__ import annotations

import dis
from _thread import LockType, RLock
from collections.abc import Iterator
from enum import Enum
from functools import cache
from types import CodeType, FrameType
from typing import Any, Literal

from chaos.simulation.conflicts import lookup
from chaos.simulation.conflicts.lookup import UNKNOWN
from chaos.simulation.conflicts.statements import Chain, SourceLines, Statement
from chaos.simulation.conflicts.touched import CONTENTS, EVERYTHING, Touched, is_risky

_LOCKS = (LockType, RLock)
_GO_THROUGH = frozenset({"join", "format", "format_map", "fromhex", "from_bytes", "to_bytes"})
_ONLY_LOOK = (len, isinstance, issubclass, callable, abs, id, bool, int, float)


@cache
def source_of(path: str) -> SourceLines:
    """The lines of a file."""
    return SourceLines(path)


def of_line(frame: FrameType) -> Touched:
    """What the line that ``frame`` is at touches; everything, if that is not known."""
    code = frame.f_code
    statement = source_of(code.co_filename).at(code, frame.f_lineno)
    if statement is None or statement.everything:
        return EVERYTHING
    own = frozenset(code.co_varnames) - frozenset(code.co_cellvars)
    reads = (statement.loads - own) | statement.reads
    writes = (statement.stores - own) | statement.writes
    if _changes_contents(frame, statement):
        writes = writes | {CONTENTS}
    elif _looks_into_contents(frame, statement):
        reads = reads | {CONTENTS}
    return Touched(frozenset(reads), frozenset(writes))


@cache
def of_code(code: CodeType) -> Touched:
    """What a whole function may touch, whichever way it goes.

    Example:
        >>> sorted(of_code((lambda office: office.seats).__code__).reads)
        ['seats']
    """
    reads = {*code.co_names, *code.co_freevars, *code.co_cellvars}
    if _is_frozen_init(code):
        fields = (each for each in code.co_consts if isinstance(each, str))
        return Touched(frozenset(reads), frozenset(fields))
    if any(map(is_risky, reads)):
        return EVERYTHING
    return Touched(frozenset(reads), frozenset({*_written(code), CONTENTS}))


def _is_frozen_init(code: CodeType) -> bool:
    """Whether it fills a new frozen dataclass, whose fields are constants of its code."""
    names = (*code.co_names, *code.co_freevars)
    return code.co_filename == "<string>" and "__dataclass_builtins_object__" in names


def _written(code: CodeType) -> Iterator[str]:
    for each in dis.get_instructions(code):
        if each.opname.startswith(("STORE_", "DELETE_")) and isinstance(each.argval, str):
            yield each.argval


def _changes_contents(frame: FrameType, statement: Statement) -> bool:
    if statement.writes_contents:
        return True
    bound = statement.bound
    return (
        any(_effect_of(frame, called, bound) == "changes" for called in statement.calls)
        or any(not _is_immutable(_found(frame, each, bound)) for each in statement.changed)
        or any(
            not lookup.is_plain(_found(frame, holder, statement.stores), name)
            for holder, name in statement.changed_holders
        )
        or any(type(_found(frame, each, bound)) not in _LOCKS for each in statement.guards)
    )


def _looks_into_contents(frame: FrameType, statement: Statement) -> bool:
    if statement.reads_contents:
        return True
    bound = statement.bound
    return (
        any(_effect_of(frame, called, bound) == "looks" for called in statement.calls)
        or any(not _is_immutable(_found(frame, each, bound)) for each in statement.values)
        or any(not _is_plain(frame, each, bound) for each in statement.holders)
    )


def _effect_of(
    frame: FrameType, called: Chain | None, bound: set[str]
) -> Literal["nothing", "looks", "changes"]:
    """What a call may do to containers without a tracer being told of it."""
    value = _found(frame, called, bound)
    if value is UNKNOWN or called is None:
        return "changes"
    if any(value is each for each in _ONLY_LOOK):
        return "looks"
    if lookup.is_seen_when_called(value):
        return "nothing"
    is_of_immutable = len(called) > 1 and _is_immutable(_found(frame, called[:-1], bound))
    # Text can be joined out of an iterator, which moves on.
    return "nothing" if is_of_immutable and called[-1] not in _GO_THROUGH else "changes"


def _found(frame: FrameType, chain: Chain | None, bound: set[str]) -> Any:  # noqa: ANN401 - whatever it is
    if chain is None:
        return UNKNOWN
    value = lookup.variable(frame, chain[0], bound)
    for name in chain[1:]:
        if value is UNKNOWN:
            return UNKNOWN
        value = lookup.attribute(value, name)
    return value


def _is_plain(frame: FrameType, chain: Chain | None, bound: set[str]) -> bool:
    return chain is not None and lookup.is_plain(_found(frame, chain[:-1], bound), chain[-1])


def _is_immutable(value: object) -> bool:
    return type(value) in lookup.IMMUTABLE or isinstance(value, Enum)
