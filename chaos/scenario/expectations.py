"""What a scenario claims: an observable, and the values it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chaos.scenario.liveness import LivenessParser
from chaos.scenario.observables import LIVENESS, Probe, probes
from chaos.scenario.problems import NOWHERE, Location, ScenarioError, listed, quoted, suggest
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerance_parser import ToleranceParser
from chaos.scenario.tolerances import Tolerance
from chaos.scenario.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Expectation:
    """One claim: the observable ``key`` is within ``tolerance``.

    ``location`` is the claim's place in its file, and takes no part in comparisons.

    Example:
        >>> from chaos.scenario.kinds import Kind
        >>> from chaos.scenario.tolerances import Equals
        >>> Expectation("calls.openai", Equals(3, Kind.COUNT)).tolerance.describe()
        '3'
    """

    key: str
    tolerance: Tolerance
    location: Location = field(default=NOWHERE, compare=False)


def expecting(claims: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[Expectation, ...]:
    """Expectations written in code as they would be in a file.

    Raises:
        ScenarioError: A key or a value is not one.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> toy = Vocabulary(upstreams={"openai": ()}, observables={}, settings={})
        >>> [claim.key for claim in expecting({"calls.openai": {"at_most": 3}}, toy)]
        ['calls.openai']
    """
    findings = Findings()
    parsed = parse_expectations(dict(claims), probes(vocabulary), findings, ())
    if findings.problems:
        raise ScenarioError(findings.problems)
    return parsed


def parse_expectations(
    claims: object, known: Mapping[str, Probe], findings: Findings, path: NodePath
) -> tuple[Expectation, ...]:
    """Read an ``expect`` mapping; what is wrong with it becomes findings."""
    if not isinstance(claims, dict) or not claims:
        findings.add(
            path,
            f"expect is {quoted(claims) if claims else 'empty'}",
            "a mapping of observables to values",
            "write for example 'answer.mode: llm'",
            "wrong-type",
        )
        return ()
    parsed = []
    for key, value in claims.items():
        probe = known.get(key)
        if probe is None:
            _report_unknown(key, known, findings, (*path, key))
            continue
        tolerance: Tolerance | None
        if probe in LIVENESS:
            tolerance = LivenessParser(findings, known).read(key, value, (*path, key))
        else:
            tolerance = ToleranceParser(findings, probe.values).tolerance(
                value, probe.kind, (*path, key)
            )
        if tolerance is not None:
            where = findings.source.at_key(*path, key)
            parsed.append(Expectation(key, tolerance, where))
    return tuple(parsed)


def _report_unknown(
    key: str, known: Mapping[str, Probe], findings: Findings, path: NodePath
) -> None:
    # The whole list would be a screenful; those that begin alike are what was meant.
    head = key.partition(".")[0]
    alike = [word for word in known if word.partition(".")[0] == head]
    findings.add(
        path,
        f"unknown observable {quoted(key)}",
        listed(alike or sorted({word.partition(".")[0] + ".…" for word in known if "." in word})),
        suggest(key, known, "see `chaos list --observables`"),
        "unknown-observable",
        at_key=True,
    )
