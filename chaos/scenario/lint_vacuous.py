"""Scenarios that would pass whatever the service does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from chaos.scenario.draft import Draft
from chaos.scenario.expectations import Expectation
from chaos.scenario.kinds import Kind
from chaos.scenario.model import (
    AskStep,
    InjectStep,
    LoadStep,
    PublishIndexStep,
    RefreshIndexStep,
    RestartStep,
)
from chaos.scenario.observables import Probe, probes
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerances import AllOf, Matches, Modes, OneOf, Range, Tolerance
from chaos.scenario.vocabulary import Vocabulary

_ACTING = (AskStep, LoadStep, RefreshIndexStep, RestartStep, PublishIndexStep)
"""Steps that make the service do something, or something with it."""

_NEVER_NEGATIVE = {Kind.COUNT, Kind.SHARE, Kind.NUMBER}
_ALWAYS_THERE = {"answer.elapsed", "slowest_answer"}
"""Durations that are never null and never below zero. To say of others that they are at least 0
is to say that they are not null."""

_MATCHES_ALL = re.compile(r"\^?(?:\.[*?]\??)*|(?:\.[*?]\??)*\$")
"""Patterns of nothing but what may be missing, with one anchor at most."""

_SAID_ALREADY = {"misplaced", "never-fires"}
"""Mistakes that come of it that nobody asks."""


def check(draft: Draft, vocabulary: Vocabulary, findings: Findings) -> None:
    """Report expectations that always hold, and scenarios in which they are all there is."""
    known = probes(vocabulary)
    for path, step in draft.steps:
        _check_claims(step.expect, known, (*path, "expect"), findings)
    _check_claims(draft.expect, known, ("expect",), findings)
    if draft.is_whole:
        _check_acting(draft, known, findings)
        _check_judged(draft, findings)


def _check_claims(
    claims: Sequence[Expectation], known: Mapping[str, Probe], path: NodePath, findings: Findings
) -> None:
    for claim in claims:
        probe, where = known[claim.key], (*path, claim.key)
        if isinstance(claim.tolerance, Modes):
            for mode, count in claim.tolerance.counts:
                if _holds(count, _from_zero):
                    _report((*where, mode), f"answers.{mode}", count, findings)
        elif _always_holds(claim.tolerance, probe):
            _report(where, claim.key, claim.tolerance, findings)


def _report(path: NodePath, key: str, tolerance: Tolerance, findings: Findings) -> None:
    findings.add(
        path,
        f"{key!r} is always {tolerance.describe()}",
        "a tolerance that some value is outside of",
        "narrow it, or remove the expectation",
        "always-true",
    )


def _always_holds(tolerance: Tolerance, probe: Probe) -> bool:
    """Whether every value that the observable can have is within the tolerance."""
    if probe.values and probe.kind is Kind.TEXT and (probe.is_live or probe.key == "answer.mode"):
        return all(map(tolerance.accepts, probe.values))
    if isinstance(tolerance, Matches):
        # Other texts may be null; to match anything is to be there.
        return probe.key == "answer.text" and bool(_MATCHES_ALL.fullmatch(tolerance.pattern))
    # What a target shows by itself may be null, or whatever else.
    if probe.is_live or not (probe.kind in _NEVER_NEGATIVE or probe.key in _ALWAYS_THERE):
        return False
    return _holds(tolerance, _all_shares if probe.kind is Kind.SHARE else _from_zero)


def _holds(tolerance: Tolerance, is_all: Callable[[Range], bool]) -> bool:
    match tolerance:
        case Range():
            return is_all(tolerance)
        case OneOf(options=options):
            return any(_holds(option, is_all) for option in options)
        case AllOf(parts=parts):
            return all(_holds(part, is_all) for part in parts)
        case _:
            return False


def _from_zero(bounds: Range) -> bool:
    return bounds.at_most is None and (bounds.at_least or 0) <= 0


def _all_shares(bounds: Range) -> bool:
    return (bounds.at_least or 0) <= 0 and (bounds.at_most is None or bounds.at_most >= 1)


def _check_acting(draft: Draft, known: Mapping[str, Probe], findings: Findings) -> None:
    """Report a scenario that a service which does nothing would pass.

    What the service is like once it has started may be looked at, whoever asks or not. One that
    works by itself while time passes may be expected to.
    """
    claims = [claim for _, step in draft.steps for claim in step.expect] + list(draft.expect)
    is_idle = not any(isinstance(step, _ACTING) for _, step in draft.steps)
    is_said = any(problem.code in _SAID_ALREADY for problem in findings.problems)
    if (
        is_idle
        and not is_said
        and all(_holds_of_nothing(claim, known[claim.key]) for claim in claims)
    ):
        findings.add(
            ("method",),
            "nothing is ever asked of the service, so that it would pass without doing anything",
            "a step that asks, or makes the service do something",
            "add for example '- ask: …'",
            "nothing-asked",
            at_key=True,
        )


def _holds_of_nothing(claim: Expectation, probe: Probe) -> bool:
    return not probe.is_live and claim.tolerance.accepts(() if probe.kind.item else 0)


def _check_judged(draft: Draft, findings: Findings) -> None:
    """Report faults after which nothing is expected any more, though something was before."""
    steps = [step for _, step in draft.steps]
    first = next((at for at, step in enumerate(steps) if isinstance(step, InjectStep)), None)
    if first is None or draft.expect or any(step.at is not None for step in steps):
        return
    before, after = steps[:first], steps[first:]
    is_open = any(isinstance(step, LoadStep) and step.expect for step in before)
    if any(step.expect for step in before) and not is_open and not any(s.expect for s in after):
        findings.add(
            (*draft.steps[first].path, "inject"),
            "nothing is expected from here on: all that is expected comes before the first fault",
            "an expectation after it",
            "add 'expect' to a later step, or at the end",
            "nothing-expected",
            at_key=True,
        )
