"""Scenarios that would pass whatever the service does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from chaos.scenario.draft import Draft
from chaos.scenario.expectations import Expectation
from chaos.scenario.liveness import FAULT, Eventually, LeadsTo, Moment
from chaos.scenario.model import (
    ActStep,
    AnyStep,
    AskStep,
    InjectStep,
    LoadStep,
    RestartStep,
)
from chaos.scenario.observables import Probe, probes
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerances import Modes, Tolerance
from chaos.scenario.vocabulary import Vocabulary
from chaos.scenario.worst import is_always_met, worst_counts

_ACTING = (AskStep, LoadStep, RestartStep, ActStep)
"""Steps that make the service do something, or something with it."""

_SAID_ALREADY = {"misplaced", "never-fires"}
"""Mistakes that come of it that nobody asks."""


def check(draft: Draft, vocabulary: Vocabulary, findings: Findings) -> None:
    """Report expectations that always hold, and scenarios in which they are all there is."""
    known = probes(vocabulary)
    whole = 0.0
    for path, step in draft.steps:
        answers = _answers(step)
        whole += answers
        _check_claims(step.expect, known, (*path, "expect"), answers or whole, findings)
    most = whole if draft.is_whole else math.inf
    _check_claims(draft.expect, known, ("expect",), most, findings)
    if draft.is_whole:
        _check_acting(draft, known, findings)
        _check_judged(draft, findings)


def _answers(step: AnyStep) -> float:
    """The most answers that a step can come to; a load keeps to no exact number."""
    if isinstance(step, AskStep):
        return step.ask.answers
    return 2 * step.load.questions if isinstance(step, LoadStep) else 0


def _check_claims(
    claims: Sequence[Expectation],
    known: Mapping[str, Probe],
    path: NodePath,
    answers: float,
    findings: Findings,
) -> None:
    for claim in claims:
        probe, where = known[claim.key], (*path, claim.key)
        if isinstance(claim.tolerance, Modes):
            for mode, count in claim.tolerance.counts:
                if all(map(count.accepts, worst_counts(answers))):
                    _report((*where, mode), f"answers.{mode}", count, findings)
        elif isinstance(claim.tolerance, Eventually | LeadsTo):
            goal = claim.tolerance
            moment = goal.moment if isinstance(goal, Eventually) else goal.then
            if all(_comes_by_itself(key, each, known) for key, each in moment.claims):
                _report_moment(where, moment, findings)
        elif is_always_met(claim.tolerance, probe, answers=answers):
            _report(where, claim.key, claim.tolerance, findings)


def _comes_by_itself(key: str, tolerance: Tolerance, known: Mapping[str, Probe]) -> bool:
    """Whether it is seen in whatever happens next, or is the scenario's own doing."""
    if key == FAULT:
        return tolerance.accepts("injected") or tolerance.accepts("healed")
    return is_always_met(tolerance, known[key], answers=1)


def _report_moment(path: NodePath, moment: Moment, findings: Findings) -> None:
    findings.add(
        path,
        f"{moment.describe()} happens whatever the service does",
        "something that a service may fail to do",
        "narrow it, or remove the expectation",
        "always-true",
    )


def _report(path: NodePath, key: str, tolerance: Tolerance, findings: Findings) -> None:
    findings.add(
        path,
        f"{key!r} is always {tolerance.describe()}",
        "a tolerance that excludes some value",
        "narrow it, or remove the expectation",
        "always-true",
    )


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
            "no step asks the service anything, so a service that does nothing would pass",
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
            "nothing is expected from here on: every expectation comes before the first fault",
            "an expectation after it",
            "add 'expect' to a later step, or at the end",
            "nothing-expected",
            at_key=True,
        )
