"""Expectations that nothing can meet, or that nothing will be there to judge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from chaos.scenario.draft import Draft
from chaos.scenario.expectations import Expectation
from chaos.scenario.model import AskStep, ExpectStep, LoadStep, RestartStep
from chaos.scenario.observables import Place, Probe, probes
from chaos.scenario.problems import quoted
from chaos.scenario.source import Findings, NodePath
from chaos.scenario.tolerances import (
    AllOf,
    Equals,
    Everyone,
    Items,
    Modes,
    OneOf,
    Range,
    Tolerance,
)
from chaos.scenario.vocabulary import Vocabulary
from chaos.units import format_number

_EVERYWHERE = set(Place)


def check(draft: Draft, vocabulary: Vocabulary, findings: Findings) -> None:
    """Report expectations that make no sense where they stand, or beside each other."""
    known = probes(vocabulary)
    has_restart = any(isinstance(step, RestartStep) for _, step in draft.method)
    for path, step in draft.steps:
        where = (*path, "expect")
        places = {Place.ANYWHERE}
        if isinstance(step, (AskStep, LoadStep)):
            places.add(Place.ASKING)
        elif isinstance(step, ExpectStep):
            places.add(Place.OVER_TIME)
        _check_places(step.expect, places, known, where, findings)
        answers = step.ask.answers if isinstance(step, AskStep) else math.inf
        _check_claims(step.expect, where, answers, findings)
        if not has_restart:
            is_bare = isinstance(step, ExpectStep)
            _check_transitions(step.expect, where, findings, is_from_start=is_bare)
    _check_places(draft.expect, _EVERYWHERE, known, ("expect",), findings)
    _check_claims(draft.expect, ("expect",), _most_answers(draft), findings)
    if not has_restart:
        _check_transitions(draft.expect, ("expect",), findings, is_from_start=True)
    if draft.is_whole and not draft.is_anybody_asking:
        _check_judged(draft, known, findings)


def _check_places(
    claims: Sequence[Expectation],
    places: set[Place],
    known: Mapping[str, Probe],
    path: NodePath,
    findings: Findings,
) -> None:
    for claim in claims:
        place = known[claim.key].place
        if place not in places:
            is_asking = place is Place.ASKING
            fix = "move it to the ask" if is_asking else "move it to the closing expect"
            wrong = (
                f"{claim.key!r} has nothing to judge: the step does not ask"
                if is_asking
                else f"{claim.key!r} is seen over time, not in one step"
            )
            findings.add(
                (*path, claim.key), wrong, f"it {place.value}", fix, "misplaced", at_key=True
            )


def _check_judged(draft: Draft, known: Mapping[str, Probe], findings: Findings) -> None:
    for claim in draft.expect:
        if known[claim.key].place is not Place.ANYWHERE:
            findings.add(
                ("expect", claim.key),
                f"{claim.key!r} has nothing to judge: no step asks",
                "an ask in the method",
                "add one, or remove the expectation",
                "misplaced",
                at_key=True,
            )


def _most_answers(draft: Draft) -> float:
    """How many answers the run can have in all."""
    if any(isinstance(step, LoadStep) for _, step in draft.steps) or not draft.is_whole:
        return math.inf
    return sum(step.ask.answers for _, step in draft.steps if isinstance(step, AskStep))


def _check_claims(
    claims: Sequence[Expectation], path: NodePath, answers: float, findings: Findings
) -> None:
    counts = list(_mode_counts(claims))
    _check_total(counts, path, answers, findings)
    _check_modes(claims, counts, path, findings)
    _check_parts(claims, path, findings)


def _check_total(
    counts: Sequence[tuple[str, str, Tolerance]],
    path: NodePath,
    answers: float,
    findings: Findings,
) -> None:
    least: dict[str, float] = {}
    for _, mode, tolerance in counts:
        least[mode] = max(least.get(mode, 0), _least(tolerance))
    if sum(least.values()) > answers:
        expected, asked = format_number(sum(least.values())), format_number(answers)
        findings.add(
            (*path, counts[-1][0]),
            f"{expected} answers are expected, but only {asked} questions are asked",
            f"at most {asked} in all",
            "lower the counts, or raise 'times' or 'users'",
            "contradiction",
            at_key=True,
        )


def _check_modes(
    claims: Sequence[Expectation],
    counts: Sequence[tuple[str, str, Tolerance]],
    path: NodePath,
    findings: Findings,
) -> None:
    """Report counts of modes that contradict each other, or the mode of every answer."""
    everyone = {mode for _, mode, tolerance in counts if isinstance(tolerance, Everyone)}
    everyone |= {
        str(claim.tolerance.value)
        for claim in claims
        if claim.key == "answer.mode" and isinstance(claim.tolerance, Equals)
    }
    for key, mode, tolerance in counts:
        others = sorted(everyone - {mode})
        if others and _least(tolerance) > 0:
            wrong = (
                f"some answers are expected to be {quoted(mode)}, and every one to be "
                f"{quoted(others[0])}"
            )
        elif mode in everyone and _most(tolerance) == 0:
            wrong = f"no answer is expected to be {quoted(mode)}, and every one is"
        else:
            continue
        findings.add(
            (*path, key),
            wrong,
            "one mode for every answer, or a count for each",
            "remove one of the two",
            "contradiction",
            at_key=True,
        )


def _check_parts(claims: Sequence[Expectation], path: NodePath, findings: Findings) -> None:
    """Report counts whose part is more than the whole."""
    tolerances = {claim.key: claim.tolerance for claim in claims}
    for key, part in tolerances.items():
        whole = ".".join(key.split(".")[:2])
        if key == whole or not key.startswith("calls.") or whole not in tolerances:
            continue
        if _least(part) > _most(tolerances[whole]):
            findings.add(
                (*path, key),
                f"{key!r} is more than {whole!r} allows",
                f"at most {format_number(_most(tolerances[whole]))}",
                "lower it, or raise the other",
                "contradiction",
                at_key=True,
            )


def _check_transitions(
    claims: Sequence[Expectation], path: NodePath, findings: Findings, *, is_from_start: bool
) -> None:
    """Report a list of transitions in which one does not begin where the last one ended."""
    for claim in claims:
        if not claim.key.endswith(".breaker.transitions") or not isinstance(
            claim.tolerance, Items
        ):
            continue
        # From the start of the run, a breaker has been closed; what came before a step is open.
        state = "closed" if is_from_start else None
        for index, item in enumerate(claim.tolerance.items):
            if not isinstance(item, Equals):
                break
            old, _, new = str(item.value).partition(" -> ")
            if state is not None and old != state:
                findings.add(
                    (*path, claim.key, index),
                    f"a transition from {old!r} cannot follow: the breaker is {state!r}",
                    f"one that begins with '{state} -> '",
                    "add the one between, or remove it",
                    "contradiction",
                )
                break
            state = new


def _mode_counts(claims: Sequence[Expectation]) -> Iterator[tuple[str, str, Tolerance]]:
    """Every count of a mode: the key that claims it, the mode, the count."""
    for claim in claims:
        if isinstance(claim.tolerance, Modes):
            for mode, tolerance in claim.tolerance.counts:
                yield claim.key, mode, tolerance
        elif claim.key.startswith("answers."):
            yield claim.key, claim.key.removeprefix("answers."), claim.tolerance


def _least(tolerance: Tolerance) -> float:
    """The lowest number that the tolerance accepts; 0 in doubt."""
    match tolerance:
        case Equals(value=int() | float() as value):
            return value
        case Range(at_least=int() | float() as bound):
            return bound
        case Everyone():
            return 1
        case OneOf(options=options):
            return min(map(_least, options), default=0)
        case AllOf(parts=parts):
            return max(map(_least, parts), default=0)
        case _:
            return 0


def _most(tolerance: Tolerance) -> float:
    """The highest number that the tolerance accepts; infinite in doubt."""
    match tolerance:
        case Equals(value=int() | float() as value):
            return value
        case Range(at_most=int() | float() as bound):
            return bound
        case OneOf(options=options):
            return max(map(_most, options), default=math.inf)
        case AllOf(parts=parts):
            return min(map(_most, parts), default=math.inf)
        case _:
            return math.inf
