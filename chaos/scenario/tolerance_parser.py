"""Reads the value of an expectation, and says all that is wrong with it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from chaos.scenario.fields import mistake
from chaos.scenario.kinds import Kind
from chaos.scenario.problems import listed, quoted, suggest, typed
from chaos.scenario.scalars import write
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerances import (
    AllOf,
    Contains,
    Equals,
    Everyone,
    Items,
    Matches,
    Modes,
    Not,
    OneOf,
    Range,
    Tolerance,
)

FORMS: Mapping[Kind, tuple[str, ...]] = {
    Kind.DURATION: ("at_least", "at_most", "between", "one_of", "not"),
    Kind.COUNT: ("at_least", "at_most", "between", "one_of", "not"),
    Kind.NUMBER: ("at_least", "at_most", "between", "one_of", "not"),
    Kind.SHARE: ("at_least", "at_most", "between", "one_of", "not"),
    Kind.TEXT: ("one_of", "contains", "matches", "not"),
    Kind.FLAG: ("not",),
    Kind.DURATIONS: ("one_of", "contains", "not"),
    Kind.TEXTS: ("one_of", "contains", "not"),
}
"""The keys of a tolerance mapping, by kind, in the order they are described."""


class ToleranceParser:
    """Reads one value of an ``expect``; its mistakes become findings."""

    def __init__(self, findings: Findings, words: tuple[str, ...]) -> None:
        self._findings = findings
        self._words = words

    def tolerance(self, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        """The tolerance; None, with findings, if it is not one."""
        so_far = len(self._findings.problems)
        try:
            tolerance = self._tolerance(value, kind, path)
        except PydanticCustomError as error:
            report_mistake(error, path, self._findings)
            return None
        return tolerance if len(self._findings.problems) == so_far else None

    def _tolerance(self, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        if path in self._findings.source.empty:
            fix = "write the value; 'null' if you expect nothing"
            raise mistake("empty-value", "the expected value is missing", kind.value, fix)
        if kind is Kind.MODES:
            return self._modes(value, path)
        if isinstance(value, dict):
            return self._mapping(value, kind, path)
        if kind.item is None:
            return Equals(kind.read(value, self._words), kind)
        return Items(self._each(value, kind, kind.item, path))

    def _each(
        self, value: object, kind: Kind, item: Kind, path: NodePath
    ) -> tuple[Tolerance, ...]:
        if not isinstance(value, (list, tuple)):
            fix = f"write it in brackets: [{write(value)}]"
            raise mistake("wrong-type", typed(value), kind.value, fix)
        items = (self.tolerance(each, item, (*path, i)) for i, each in enumerate(value))
        return tuple(each for each in items if each is not None)

    def _mapping(self, value: dict[str, Any], kind: Kind, path: NodePath) -> Tolerance | None:
        forms = FORMS[kind]
        for key in value:
            if key not in forms:
                wrong = f"{quoted(key)} is not a tolerance for {_short(kind)}"
                fix = suggest(key, forms, "use one of them, or write the value itself")
                where = (*path, key)
                self._findings.add(
                    where, wrong, listed(forms), fix, "unknown-tolerance", at_key=True
                )
        if not value:
            fix = "name one, or write the value itself"
            raise mistake("empty-tolerance", "the tolerance is empty", listed(forms), fix)
        read = {
            form: self._form(form, value[form], kind, (*path, form))
            for form in forms
            if form in value
        }
        parts = tuple(part for part in read.values() if part is not None)
        bounds = [part for part in parts if isinstance(part, Range)]
        if len(bounds) > 1:
            parts = (_merged(bounds), *(part for part in parts if part not in bounds))
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _form(self, form: str, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        """The tolerance that one key of a mapping stands for."""
        tolerance: Tolerance | None
        try:
            match form:
                case "at_least":
                    tolerance = Range(kind=kind, at_least=_bound(value, kind))
                case "at_most":
                    tolerance = Range(kind=kind, at_most=_bound(value, kind))
                case "between":
                    tolerance = self._between(value, kind, path)
                case "one_of":
                    tolerance = self._one_of(value, kind, path)
                case "contains":
                    tolerance = self._contains(value, kind, path)
                case "matches":
                    tolerance = _matches(value)
                case _:
                    refused = self.tolerance(value, kind, path)
                    tolerance = refused and Not(refused)
        except PydanticCustomError as error:
            report_mistake(error, path, self._findings)
            return None
        return tolerance

    def _between(self, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004 - low, high
            raise mistake(
                "wrong-type",
                f"between is {quoted(value)}",
                "a list of the lowest and the highest value",
                "write for example 'between: [2s, 3s]'",
            )
        read = []
        for index, bound in enumerate(value):
            try:
                read.append(_bound(bound, kind))
            except PydanticCustomError as error:
                report_mistake(error, (*path, index), self._findings)
        if len(read) < len(value):
            return None
        return _merged([Range(kind=kind, at_least=read[0]), Range(kind=kind, at_most=read[1])])

    def _one_of(self, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        if not isinstance(value, (list, tuple)) or not value:
            is_list = isinstance(value, (list, tuple))
            wrong = "one_of is empty" if is_list else f"one_of is {quoted(value)}"
            fix = "write for example 'one_of: [a, b]'"
            raise mistake("wrong-type", wrong, "a list of values", fix)
        return OneOf(self._each(value, kind, kind, path))

    def _contains(self, value: object, kind: Kind, path: NodePath) -> Tolerance | None:
        if kind.item is not None:
            part = self.tolerance(value, kind.item, path)
            return part and Contains(part)
        if value is None or value == "":
            wrong = "contains is empty, which every text contains"
            raise mistake("wrong-type", wrong, "some text", "name the words that must occur")
        return Contains(Equals(kind.read(value), kind))

    def _modes(self, value: object, path: NodePath) -> Tolerance | None:
        if not isinstance(value, dict) or not value:
            fix = "write for example 'answers: {fallback: 5}'"
            wrong = "answers is empty" if value == {} else f"answers is {quoted(value)}"
            raise mistake("wrong-type", wrong, Kind.MODES.value, fix)
        counts: list[tuple[str, Tolerance]] = []
        for mode, count in value.items():
            where = (*path, mode)
            if mode not in self._words:
                fix = suggest(mode, self._words, "name a mode of the target")
                wrong = f"unknown answer mode {quoted(mode)}"
                self._findings.add(
                    where, wrong, listed(self._words), fix, "unknown-mode", at_key=True
                )
            if count == "all":
                counts.append((mode, Everyone()))
            elif tolerance := self.tolerance(count, Kind.COUNT, where):
                counts.append((mode, tolerance))
        return Modes(tuple(counts))


def report_mistake(error: PydanticCustomError, path: NodePath, findings: Findings) -> None:
    """Turn a `mistake` into a finding."""
    words = error.context or {}
    findings.add(path, words["wrong"], words["expected"], words["fix"], error.type)


def _bound(value: object, kind: Kind) -> float:
    bound = kind.read(value)
    if not isinstance(bound, (int, float)):
        raise mistake("wrong-type", "the bound is missing", kind.value, "write the bound")
    return bound


def _merged(bounds: Sequence[Range]) -> Range:
    """One range within all of ``bounds``."""
    lows = [bound.at_least for bound in bounds if bound.at_least is not None]
    highs = [bound.at_most for bound in bounds if bound.at_most is not None]
    if lows and highs and max(lows) > min(highs):
        show = bounds[0].kind.show
        raise mistake(
            "contradiction",
            f"nothing is at least {show(max(lows))} and at most {show(min(highs))}",
            "the lower bound first",
            "swap the bounds",
        )
    return Range(
        kind=bounds[0].kind,
        at_least=max(lows, default=None),
        at_most=min(highs, default=None),
    )


def _matches(value: object) -> Matches:
    if not isinstance(value, str):
        fix = "put it in quotes"
        raise mistake("wrong-type", typed(value), "a pattern, as text", fix)
    try:
        with warnings.catch_warnings():
            # Python warns of patterns whose meaning will change: no pattern for a test.
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        wrong = f"pattern {quoted(value)}: {str(error).splitlines()[0]}"
        fix = "escape special characters with a backslash"
        raise mistake("bad-pattern", wrong, "a Python regular expression", fix) from None
    return Matches(value)


def _short(kind: Kind) -> str:
    return kind.value.partition(",")[0]
