"""Which statements of a service each scenario reaches: a probe in front of every one of them.

The probes are part of the syntax tree, not a trace function: scenarios that try interleavings have
one of their own, and would push it aside.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from chaos.prove.mutants.importing import Change
from chaos.prove.mutants.operators import Position

Statement = tuple[str, Position]
"""A statement of a module."""

_PROBE = "chaos_reached_in_"
"""Without underscores in front: within a class, such a name would be another one."""


class Reached:
    """The statements that were reached since it was last asked.

    Attributes:
        changes: What to import the modules with, so that it is told.
    """

    def __init__(self, modules: Mapping[str, Path]) -> None:
        self._seen: set[Statement] = set()
        self.changes: dict[str, Change] = {name: self._probed(name) for name in modules}

    def take(self) -> frozenset[Statement]:
        """What was reached; from now on, nothing has been."""
        taken = frozenset(self._seen)
        self._seen.clear()
        return taken

    def _probed(self, module: str) -> Change:
        # As a builtin: a module cannot be given names before its first line.
        name = f"{_PROBE}{module.replace('.', '_')}"
        add = self._seen.add
        setattr(builtins, name, lambda line, column: add((module, (line, column))))
        return lambda text: probed(text, name)


def probed(text: str, probe: str) -> ast.Module:
    r"""The module with a call of ``probe`` in front of each statement of its functions.

    Example:
        >>> print(ast.unparse(probed("def f(x):\n    return x\n", "seen")))
        def f(x):
            seen(2, 4)
            return x
    """
    tree = ast.parse(text)
    _Prober(probe).visit(tree)
    return ast.fix_missing_locations(tree)


class _Prober(ast.NodeTransformer):
    def __init__(self, probe: str) -> None:
        self._probe = probe
        self._depth = 0

    def visit(self, node: ast.AST) -> ast.AST:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self._depth += is_function
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if self._depth and isinstance(body, list):
                setattr(node, field, list(self._with_probes(body)))
        self._depth -= is_function
        return node

    def _with_probes(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for number, statement in enumerate(body):
            if number == 0 and _is_docstring(statement):
                yield statement
                continue
            call = ast.Call(
                ast.Name(self._probe, ast.Load()),
                [ast.Constant(statement.lineno), ast.Constant(statement.col_offset)],
                [],
            )
            yield ast.copy_location(ast.Expr(call), statement)
            yield statement


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def functions(text: str) -> Callable[[Position], str | None]:
    """Which function a statement of a module is in; None for those that an import runs."""
    spans = sorted(
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )

    def around(position: Position) -> str | None:
        line, _ = position
        found = [f"{name}:{first}" for first, last, name in spans if first < line <= last] or [
            f"{name}:{first}" for first, last, name in spans if first == last == line
        ]
        return found[-1] if found else None

    return around
