"""The operators: what can be changed in a module, one place at a time.

Texts for people are left alone: docstrings, strings with a space in them, f-strings, and calls
of a logger. What they say is no promise, and no scenario should depend on it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Position = tuple[int, int]
"""Line and column of a statement, both as `ast` counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change to one place of a module.

    Attributes:
        module: Its dotted name.
        path: Its file.
        line: Where the change is, from 1.
        column: The same, from 1.
        operator: ``comparison``, ``arithmetic``, ``boolean``, ``constant``, ``return``,
            ``statement`` or ``handler``.
        variant: Which of the changes that the operator makes there.
        was: The code as it is.
        becomes: The code instead.
        statement: The statement that has to be reached for the change to matter.
    """

    module: str
    path: str
    line: int
    column: int
    operator: str
    variant: int
    was: str
    becomes: str
    statement: Position

    @property
    def id(self) -> str:
        """What `chaos prove --mutant` takes; the same for as long as the file is."""
        return f"{self.module}:{self.line}:{self.column}:{self.operator}:{self.variant}"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.was} -> {self.becomes}"


@dataclass(frozen=True, slots=True)
class _Change:
    """A node, and what takes its place."""

    operator: str
    node: ast.AST
    instead: ast.AST
    was: str
    becomes: str
    statement: Position


def mutants_of(source: str, module: str, path: str) -> list[Mutant]:
    r"""Every mutant of a module, in the order of its lines.

    Example:
        >>> for mutant in mutants_of("def f(n):\n    return n < 3\n", "m", "m.py"):
        ...     print(mutant.id, "|", mutant)
        m:2:5:return:0 | m.py:2: return n < 3 -> return None
        m:2:12:comparison:0 | m.py:2: n < 3 -> n <= 3
        m:2:12:comparison:1 | m.py:2: n < 3 -> n >= 3
        m:2:16:constant:0 | m.py:2: 3 -> 4
    """
    return [mutant for mutant, _ in _numbered(ast.parse(source), module, path)]


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The syntax tree of the module with the mutant in it.

    Raises:
        KeyError: The module has no such place.
    """
    tree = ast.parse(source)
    for found, change in _numbered(tree, mutant.module, mutant.path):
        if found.id == mutant.id:
            _Replace(change.node, change.instead).visit(tree)
            return ast.fix_missing_locations(tree)
    raise KeyError(mutant.id)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Put the new node in the place of the old one."""
        if node is self._old:
            return ast.copy_location(self._new, node)
        return super().generic_visit(node)


def _numbered(tree: ast.Module, module: str, path: str) -> Iterator[tuple[Mutant, _Change]]:
    changes = list(_Finder().changes(tree))
    changes.sort(key=lambda change: _position(change.node))
    seen: dict[tuple[int, int, str], int] = {}
    for change in changes:
        line, column = _position(change.node)
        key = (line, column, change.operator)
        variant = seen[key] = seen.get(key, -1) + 1
        mutant = Mutant(
            module=module,
            path=path,
            line=line,
            column=column + 1,
            operator=change.operator,
            variant=variant,
            was=change.was,
            becomes=change.becomes,
            statement=change.statement,
        )
        yield mutant, change


def _position(node: ast.AST) -> Position:
    assert isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler)
    return node.lineno, node.col_offset


_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
_DELETED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Break, ast.Continue, ast.Delete)
_LOGGERS = frozenset({"logger", "log", "logging", "warnings"})


class _Finder:
    """Walks a module, and knows in which statement it is."""

    def changes(self, tree: ast.Module) -> Iterator[_Change]:
        yield from self._body(tree.body)

    def _body(self, body: Sequence[ast.stmt]) -> Iterator[_Change]:
        for statement in body:
            yield from self._statement(statement)

    def _statement(self, node: ast.stmt) -> Iterator[_Change]:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal | ast.Pass):
            return
        if _is_for_people(node):
            return
        at = _position(node)
        if isinstance(node, _DELETED):
            yield _change("statement", node, ast.Pass(), at, becomes="pass")
        if isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
            other = ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
            yield _change("arithmetic", node, other, at)
        if isinstance(node, ast.Return) and _is_something(node.value):
            yield _change("return", node, ast.Return(ast.Constant(None)), at)
        yield from self._parts(node, at)

    def _parts(self, node: ast.AST, at: Position) -> Iterator[_Change]:
        """What is inside of a node: expressions of the same statement, and other statements."""
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "type_comment", "decorator_list", "bases"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    yield from self._statement(child)
                elif isinstance(child, ast.ExceptHandler):
                    yield from self._handler(child, at)
                elif isinstance(child, ast.expr):
                    yield from self._expression(child, at)
                elif isinstance(child, ast.AST):
                    yield from self._parts(child, at)

    def _handler(self, node: ast.ExceptHandler, at: Position) -> Iterator[_Change]:
        first = node.body[0]
        if not (len(node.body) == 1 and isinstance(first, ast.Raise) and first.exc is None):
            gone = copy.copy(node)
            gone.body = [ast.copy_location(ast.Raise(), first)]
            caught = ast.unparse(node.type) if node.type else "everything"
            yield _Change(
                "handler",
                node,
                gone,
                f"except {caught}",
                "no handler",
                _position(first),
            )
        if node.type is not None:
            yield from self._expression(node.type, at)
        yield from self._body(node.body)

    def _expression(self, node: ast.expr, at: Position) -> Iterator[_Change]:
        if isinstance(node, ast.JoinedStr):
            return
        for operator, instead in _instead_of(node):
            yield _change(operator, node, instead, at)
        yield from self._parts(node, at)


def _instead_of(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Compare():
            for compared in _compared(node):
                yield "comparison", compared
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _is_text(node):
            yield "arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(op)](), node.right)
        case ast.BoolOp(op=ast.And()):
            yield "boolean", ast.BoolOp(ast.Or(), node.values)
        case ast.BoolOp():
            yield "boolean", ast.BoolOp(ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "boolean", operand
        case ast.IfExp(test=test) if not isinstance(test, ast.Compare):
            negated = ast.UnaryOp(ast.Not(), test)
            yield "boolean", ast.IfExp(negated, node.body, node.orelse)
        case ast.Constant(value=value):
            yield from _another(value)
        case _:
            pass


def _compared(node: ast.Compare) -> Iterator[ast.expr]:
    for number, old in enumerate(node.ops):
        for new in _COMPARISONS[type(old)]:
            ops = [*node.ops[:number], new(), *node.ops[number + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _another(value: object) -> Iterator[tuple[str, ast.expr]]:
    """Another constant in the place of one."""
    match value:
        case bool():
            yield "boolean", ast.Constant(not value)
        case int() | float():
            yield "constant", ast.Constant(value + 1)
        case str() if value and not any(map(str.isspace, value)):
            yield "constant", ast.Constant("")


def _change(
    operator: str, node: ast.AST, instead: ast.AST, at: Position, becomes: str = ""
) -> _Change:
    # Copies are written out, and never the new node: that gets its place from the old one.
    return _Change(operator, node, instead, _short(node), becomes or _short(instead), at)


_LONGEST = 80


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_something(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and node.value is None)


def _is_text(node: ast.BinOp) -> bool:
    """Whether an operand is a text written out, of which there is no arithmetic."""
    return any(
        isinstance(each, ast.JoinedStr)
        or (isinstance(each, ast.Constant) and isinstance(each.value, str))
        for each in (node.left, node.right)
    )


def _is_for_people(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return name in _LOGGERS
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in {"logger", "__all__"}
        case _:
            return False
