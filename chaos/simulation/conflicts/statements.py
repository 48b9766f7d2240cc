"""What each line of a source file touches, as far as can be told without running it.

A line stands for the whole statement that it belongs to, and for the head of one that has a body:
whatever is done between two lines that a tracer is told of is part of some line's statement.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from chaos.simulation.conflicts.touched import is_risky

Chain = tuple[str, ...]
"""A variable and the attributes that follow it: ``self.office.seats``."""


@dataclass(slots=True)
class Statement:
    """What the statements of one line do; merged, if there are several.

    Chains are looked up when the line is about to run. None stands in for an expression that is
    no chain, of which nothing is known.

    Attributes:
        loads: Variables that it reads.
        stores: Variables that it binds or deletes.
        reads: Attributes that it reads, by name.
        writes: Attributes that it sets or deletes, by name.
        everything: Whether it may touch whatever there is.
        reads_contents: Whether it looks into a container for certain.
        writes_contents: Whether it may change one, or move an iterator on.
        calls: What it calls.
        values: Whose value it looks at: to compare, to add, to find out whether it is true.
        changed: What it changes in place if it can be, as ``+=`` does.
        holders: Whose attributes it reads.
        changed_holders: Whose attributes it sets, with the name.
        guards: What it enters with ``with``.
        rebinds: Whether it may read a variable after it has bound it: the value that the variable
            has before the line says nothing then.
    """

    loads: set[str] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    everything: bool = False
    reads_contents: bool = False
    writes_contents: bool = False
    calls: list[Chain | None] = field(default_factory=list)
    values: list[Chain | None] = field(default_factory=list)
    changed: list[Chain | None] = field(default_factory=list)
    holders: list[Chain | None] = field(default_factory=list)
    changed_holders: list[tuple[Chain | None, str]] = field(default_factory=list)
    guards: list[Chain | None] = field(default_factory=list)
    rebinds: bool = False
    _has_one: bool = False

    def note_another(self) -> None:
        """One more statement is on this line."""
        self.rebinds |= self._has_one
        self._has_one = True

    @property
    def bound(self) -> set[str]:
        """Variables whose values are not known."""
        return self.stores if self.rebinds else set()


class SourceLines:
    """A source file, line by line.

    Args:
        path: The file. If it cannot be read, or is not what runs, nothing is known of it.
    """

    def __init__(self, path: str) -> None:
        self._statements: dict[int, Statement] = {}
        self._codes: dict[tuple[str, int], CodeType] = {}
        self._known: dict[CodeType, bool] = {}
        try:
            text = Path(path).read_bytes()
            tree = ast.parse(text, path)
            code = compile(text, path, "exec", dont_inherit=True)
        except (OSError, SyntaxError, ValueError):
            return
        _note(tree.body, self._statements)
        self._codes = {(each.co_qualname, each.co_firstlineno): each for each in _codes(code)}

    def at(self, code: CodeType, line: int) -> Statement | None:
        """What is done at a line of ``code``; None if that is not known."""
        if code not in self._known:
            ours = self._codes.get((code.co_qualname, code.co_firstlineno))
            # A planted defect runs under the name of a file that has other lines.
            self._known[code] = ours is not None and _is_same(ours, code)
        return self._statements.get(line) if self._known[code] else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _is_same(one: CodeType, other: CodeType) -> bool:
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and one.co_varnames == other.co_varnames
        and list(one.co_lines()) == list(other.co_lines())
    )


def _note(body: Iterable[ast.stmt], into: dict[int, Statement]) -> None:
    for statement in body:
        inner = list(_bodies(statement))
        parts = list(_head(statement, inner))
        last = max((_end(part) for part in parts), default=statement.lineno)
        first = min([statement.lineno, *(part.lineno for part in parts)])
        if not inner:
            last = max(last, statement.end_lineno or last)
        for line in range(first, last + 1):
            _read(statement, parts, into.setdefault(line, Statement()))
        for each in inner:
            _note(each, into)
        if isinstance(statement, ast.Try | ast.TryStar):
            for handler in statement.handlers:
                _note_handler(handler, into)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                _note_case(case, into)


def _end(node: ast.expr | ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield block
    if isinstance(statement, ast.Try | ast.TryStar):
        yield from (handler.body for handler in statement.handlers)
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)


def _head(statement: ast.stmt, inner: list[list[ast.stmt]]) -> Iterator[ast.expr]:
    """The expressions of a statement that are not in its body."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from statement.decorator_list
        yield from filter(None, [*statement.args.defaults, *statement.args.kw_defaults])
    elif isinstance(statement, ast.With | ast.AsyncWith):
        for item in statement.items:
            yield item.context_expr
            if item.optional_vars is not None:
                yield item.optional_vars
    else:
        del inner
        yield from (each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.expr))


def _note_handler(handler: ast.ExceptHandler, into: dict[int, Statement]) -> None:
    last = handler.lineno if handler.type is None else _end(handler.type)
    for line in range(handler.lineno, last + 1):
        statement = into.setdefault(line, Statement())
        if handler.type is not None:
            _read_expression(handler.type, statement)
        if handler.name:
            statement.stores.add(handler.name)


def _note_case(case: ast.match_case, into: dict[int, Statement]) -> None:
    pattern = case.pattern
    last = max(pattern.end_lineno, _end(case.guard) if case.guard else 0)
    for line in range(pattern.lineno, last + 1):
        statement = into.setdefault(line, Statement())
        for node in ast.walk(pattern):
            _read_pattern(node, statement)
        if case.guard is not None:
            _read_expression(case.guard, statement)


def _read_pattern(node: ast.AST, into: Statement) -> None:
    match node:
        case ast.MatchValue(value=value):
            _read_expression(value, into)
            into.values.append(_chain(value))
        case ast.MatchAs(name=name) | ast.MatchStar(name=name) if name:
            into.stores.add(name)
        case ast.MatchClass() | ast.MatchMapping() | ast.MatchSequence():
            # It looks into whatever it meets, by names that only that class knows.
            into.everything = True
        case _:
            pass


def _read(statement: ast.stmt, parts: list[ast.expr], into: Statement) -> None:
    into.note_another()
    for part in parts:
        _read_expression(part, into)
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.ClassDef():
            into.everything = True
        case ast.Match(subject=subject):
            into.values += _values(subject)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            into.stores.add(name)
        case ast.AugAssign(target=target, value=value):
            into.changed.append(_chain(target))
            into.values += _values(value)
            into.reads |= {target.attr} if isinstance(target, ast.Attribute) else set()
            into.loads |= {target.id} if isinstance(target, ast.Name) else set()
        case ast.Assign(targets=targets, value=value):
            is_unpacked = any(isinstance(each, ast.Tuple | ast.List) for each in targets)
            # To unpack is to go through an iterator.
            into.writes_contents |= is_unpacked and not isinstance(value, ast.Tuple)
        case ast.For() | ast.AsyncFor():
            into.writes_contents = into.rebinds = True
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            into.values += _values(test)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            into.guards += [_chain(item.context_expr) for item in items]
            into.rebinds = True
        case _:
            pass


def _read_expression(expression: ast.expr, into: Statement) -> None:
    for node in ast.walk(expression):
        _read_node(node, into)


def _read_node(node: ast.AST, into: Statement) -> None:  # noqa: C901, PLR0912 - one line a kind
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            into.loads.add(name)
            into.everything |= is_risky(name)
        case ast.Name(id=name):
            into.stores.add(name)
        case ast.Attribute(value=holder, attr=name, ctx=ast.Load()):
            into.reads.add(name)
            into.holders.append(_chain(node))
            into.everything |= is_risky(name)
            del holder
        case ast.Attribute(value=holder, attr=name):
            into.writes.add(name)
            into.changed_holders.append((_chain(holder), name))
            into.everything |= is_risky(name)
        case ast.Subscript(value=holder, ctx=ast.Load()):
            into.reads_contents = True
        case ast.Subscript():
            into.writes_contents = True
        case ast.Call(func=function, keywords=keywords):
            into.calls.append(_chain(function))
            into.reads_contents |= any(each.arg is None for each in keywords)
        case ast.NamedExpr():
            into.rebinds = True
        case ast.comprehension():
            into.writes_contents = into.rebinds = True
        case ast.Starred() | ast.Await() | ast.Yield() | ast.YieldFrom():
            into.writes_contents = True
        case ast.Dict(keys=keys):
            into.reads_contents |= None in keys
        case ast.Compare() | ast.BinOp() | ast.BoolOp() | ast.UnaryOp() | ast.IfExp():
            into.values += _values(node)
        case ast.FormattedValue(value=value):
            into.values += _values(value)
        case _:
            pass


def _values(node: ast.expr) -> list[Chain | None]:  # noqa: PLR0911 - a kind of node each
    """Whose values an expression looks at, not counting those of other expressions in it."""
    match node:
        case ast.Constant():
            return []
        case ast.Compare(ops=ops) if all(isinstance(each, ast.Is | ast.IsNot) for each in ops):
            return []
        case ast.Compare(left=left, comparators=others):
            return [each for one in (left, *others) for each in _values(one)]
        case ast.BinOp(left=left, right=right):
            return [*_values(left), *_values(right)]
        case ast.BoolOp(values=values):
            return [each for one in values for each in _values(one)]
        case ast.UnaryOp(operand=operand):
            return _values(operand)
        case ast.IfExp(test=test):
            return _values(test)
        case _:
            return [_chain(node)]


def _chain(node: ast.AST) -> Chain | None:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=holder, attr=name):
            before = _chain(holder)
            return None if before is None else (*before, name)
        case _:
            return None
