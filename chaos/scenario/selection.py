"""Expressions that choose scenarios: words with and, or, not and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.errors import ChaosError
from chaos.scenario.problems import quoted

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_OPERATORS = frozenset({"and", "or", "not", "(", ")"})
_DEEPEST = 50

Predicate = Callable[[Callable[[str], bool]], bool]


@dataclass(frozen=True, slots=True)
class Expression:
    """A choice, ready to be asked about many scenarios.

    Example:
        >>> chosen = Expression.parse("breaker and not slow")
        >>> chosen.holds(lambda word: word == "breaker")
        True
    """

    text: str
    _predicate: Predicate = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression; ``not`` binds closest, then ``and``.

        Raises:
            ChaosError: It is not one; the message says where it goes wrong.
        """
        return cls(text, _Parser(text).whole())

    def holds(self, is_true: Callable[[str], bool]) -> bool:
        """Whether the expression is true if ``is_true`` says so of its words."""
        return self._predicate(is_true)


class _Parser:
    """Recursive descent: one method for each level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._depth = 0

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._tokens:
            following = quoted(self._tokens[0])
            if self._tokens[0] == ")":
                raise self._error(f"{following} closes no parenthesis")
            raise self._error(f"'and' or 'or' is missing before {following}")
        return predicate

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return lambda is_true: any(part(is_true) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return lambda is_true: all(part(is_true) for part in parts)

    def _one(self) -> Predicate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("it nests too deep")
        predicate = self._operand()
        self._depth -= 1
        return predicate

    def _operand(self) -> Predicate:
        if self._took("not"):
            refused = self._one()
            return lambda is_true: not refused(is_true)
        if self._took("("):
            inner = self._any()
            if not self._took(")"):
                raise self._error("a parenthesis is not closed")
            return inner
        if not self._tokens:
            raise self._error("it ends where a word is expected")
        word = self._tokens.pop(0)
        if word in _OPERATORS:
            raise self._error(f"{quoted(word)} stands where a word is expected")
        return lambda is_true: is_true(word)

    def _took(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True

    def _error(self, wrong: str) -> ChaosError:
        return ChaosError(
            f"cannot read the expression {quoted(self._text)}: {wrong}; expected words with and, "
            "or, not and parentheses; write for example 'breaker and not slow'"
        )
