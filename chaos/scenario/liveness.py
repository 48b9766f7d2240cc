"""What has to happen at last: ``eventually`` and ``leads_to``, as a file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from chaos.scenario.fields import read_duration
from chaos.scenario.kinds import Kind
from chaos.scenario.observables import Probe
from chaos.scenario.problems import listed, quoted, suggest
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerance_parser import ToleranceParser, report_mistake
from chaos.scenario.tolerances import Tolerance
from chaos.units import format_duration

FAULT = "fault"
"""The key for the comings and goings of faults; it is no observable."""

FAULT_WORDS = ("injected", "healed", "touched")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens: an answer, a change of a breaker, a search, a fault.

    Attributes:
        claims: Keys and what they have to be, all of them in one event.

    Example:
        >>> from chaos.scenario.tolerances import Equals
        >>> Moment((("answer.mode", Equals("told", Kind.TEXT)),)).describe()
        '{answer.mode: told}'
    """

    claims: tuple[tuple[str, Tolerance], ...]

    def describe(self, more: str = "") -> str:
        """As a scenario would write it."""
        parts = [f"{key}: {tolerance.describe()}" for key, tolerance in self.claims]
        return f"{{{', '.join([*parts, more] if more else parts)}}}"


@dataclass(frozen=True, slots=True)
class Eventually:
    """A moment comes, at the latest ``within_s`` after the last fault was healed.

    Without a healed fault the time runs from the beginning of what the expectation is about.
    """

    moment: Moment
    within_s: float

    def accepts(self, value: object, /) -> bool:
        """No value is one: it is the trace that is judged."""
        del value
        return False

    def describe(self) -> str:
        """As a scenario would write it."""
        return self.moment.describe(f"within: {format_duration(self.within_s)}")


@dataclass(frozen=True, slots=True)
class LeadsTo:
    """Each time that one moment comes, another follows within ``within_s``."""

    when: Moment
    then: Moment
    within_s: float

    def accepts(self, value: object, /) -> bool:
        """No value is one: it is the trace that is judged."""
        del value
        return False

    def describe(self) -> str:
        """As a scenario would write it."""
        within = format_duration(self.within_s)
        return f"{{when: {self.when.describe()}, then: {self.then.describe()}, within: {within}}}"


Liveness = Eventually | LeadsTo


class LivenessParser:
    """Reads the value of ``eventually`` or ``leads_to``; its mistakes become findings."""

    def __init__(self, findings: Findings, known: Mapping[str, Probe]) -> None:
        self._findings = findings
        self._known = {key: probe for key, probe in known.items() if _happens(key)}

    def read(self, key: str, value: object, path: NodePath) -> Liveness | None:
        """The expectation; None, with findings, if it is not one."""
        example = _EXAMPLES[key]
        if not isinstance(value, dict):
            self._report(path, f"{key} is {quoted(value)}", "a mapping", f"write '{example}'")
            return None
        so_far = len(self._findings.problems)
        within_s = self._within(value, example, path)
        found: Liveness | None = None
        if key == "eventually":
            rest = {name: each for name, each in value.items() if name != "within"}
            moment = self._moment(rest, path)
            if moment is not None and within_s is not None:
                found = Eventually(moment, within_s)
        else:
            for name in value.keys() - {"when", "then", "within"}:
                fix = suggest(name, ("when", "then", "within"), f"write '{example}'")
                self._report(
                    (*path, name), f"unknown key {quoted(name)}", "when, then, within", fix
                )
            when = self._moment(value.get("when"), (*path, "when"))
            then = self._moment(value.get("then"), (*path, "then"))
            if when is not None and then is not None and within_s is not None:
                found = LeadsTo(when, then, within_s)
        return found if len(self._findings.problems) == so_far else None

    def _within(self, value: dict[str, Any], example: str, path: NodePath) -> float | None:
        if "within" not in value:
            self._report(path, "'within' is missing", "a duration", f"write '{example}'")
            return None
        try:
            within_s = read_duration(value["within"]).total_seconds()
        except PydanticCustomError as error:
            report_mistake(error, (*path, "within"), self._findings)
            return None
        if within_s <= 0:
            where = (*path, "within")
            self._report(where, "'within' is zero", "more than 0s", "write how long it may take")
            return None
        return within_s

    def _moment(self, value: object, path: NodePath) -> Moment | None:
        if not isinstance(value, dict) or not value:
            self._report(
                path,
                f"{path[-1]} names no event",
                "a mapping of observables to values",
                "write for example 'answer.mode: …'",
            )
            return None
        claims = []
        for key, each in value.items():
            where = (*path, key)
            probe = _FAULT if key == FAULT else self._known.get(key)
            if probe is None:
                words = (*self._known, FAULT)
                fix = suggest(key, words, "use one of them")
                self._report(where, f"{quoted(key)} is not an event", listed(words), fix)
                continue
            tolerance = ToleranceParser(self._findings, probe.values).tolerance(
                each, probe.kind, where
            )
            if tolerance is not None:
                claims.append((key, tolerance))
        kinds = {_kind_of(key) for key, _ in claims}
        if len(kinds) > 1:
            self._report(
                path,
                f"{' and '.join(key for key, _ in claims)} never occur in the same event",
                "keys of one kind",
                "use leads_to, or two scenarios",
            )
            return None
        return Moment(tuple(claims)) if claims else None

    def _report(self, path: NodePath, wrong: str, expected: str, fix: str) -> None:
        self._findings.add(path, wrong, expected, fix, "liveness")


_KEYS = ("when", "then", "within")

_EXAMPLES = {
    "eventually": "{answer.mode: …, within: 5m}",
    "leads_to": "{when: {fault: injected}, then: {answer.mode: …}, within: 5m}",
}

_FAULT = Probe(key=FAULT, kind=Kind.TEXT, doc="what happens to a fault", values=FAULT_WORDS)


def _happens(key: str) -> bool:
    """Whether the trace has an event in which this can be seen."""
    return key.startswith("answer.") or key.endswith(".breaker.state") or key == "index.state"


def _kind_of(key: str) -> str:
    """Keys of one kind are seen in the same events."""
    return "answer" if key.startswith("answer.") else key
