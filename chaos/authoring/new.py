"""Drafts a scenario: plays it without claims first, then claims what was seen.

So a new file runs, and passes if the service keeps the laws. Whether what was seen is what
should be is for its author to say; comments in the file ask.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from chaos.authoring.fault_words import describe_fault
from chaos.authoring.starters import OF_STREAMS, parsed, starter
from chaos.authoring.template import Claims, TemplatePlan, scenario_text
from chaos.checks.measure import Window, measure
from chaos.ports import Target, Vocabulary
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.actions import action_of
from chaos.scenario.loader import load_text
from chaos.scenario.vocabulary import RESTART
from chaos.simulation.world import Simulation
from chaos.trace.events import AskEvent, FaultEvent
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an author wants a scenario about.

    Attributes:
        name: Of the scenario and its file.
        target: As ``target:`` writes it.
        upstream: Whose calls the fault touches.
        fault: Its kind.
        parameters: Of the fault; what it needs and is not given is filled in by example.
        question: What users ask.
        claim: The hypothesis; by default a sentence made of the fault.
    """

    name: str
    target: str
    upstream: str
    fault: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    question: str = "How do I reset my password?"
    claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScenario:
    """A scenario's text, and how playing it went."""

    text: str
    result: RunResult


def draft(
    wish: Wish, target_class: type[Target], simulation: Simulation, *, schema: str = ""
) -> NewScenario:
    """Write a scenario that the service is known to meet, and play it.

    Args:
        wish: What it is about.
        target_class: The service.
        simulation: Entered, and idle.
        schema: Where the JSON Schema lies, as seen from the file; empty for no reference to it.

    Raises:
        ScenarioError: The wish makes no scenario; the mistakes are those of the text.
    """
    vocabulary = target_class.vocabulary()
    fault = starter(wish.fault, wish.upstream, dict(wish.parameters))
    claim = wish.claim or _default_claim(fault)
    best: NewScenario | None = None
    for settings, lead_in in _ways(wish, vocabulary):
        plan = TemplatePlan(
            name=wish.name,
            target=wish.target,
            claim=claim,
            fault=fault,
            question=wish.question,
            settings=settings,
            lead_in=lead_in,
            schema=schema,
        )
        silent = _play(scenario_text(plan, None), wish.name, target_class, simulation)
        claims = _claims(silent.trace, wish.upstream)
        if claims is None:
            # The run broke down; why, is in its verdicts.
            return NewScenario(text=scenario_text(plan, None), result=silent)
        text = scenario_text(plan, claims)
        tried = NewScenario(text=text, result=_play(text, wish.name, target_class, simulation))
        if any(event.what == "touched" for event in tried.result.trace.of(FaultEvent)):
            return tried
        best = best or tried
    assert best is not None
    return best


def _default_claim(fault: dict[str, Any]) -> str:
    try:
        what = describe_fault(parsed(fault))
    except ValidationError:
        # The loader will say what is wrong, in better words.
        what = f"{fault['upstream']} suffers from {fault['fault']}"
    return f"While {what}, every question is answered; afterwards all is as before."


def _ways(
    wish: Wish, vocabulary: Vocabulary
) -> Iterator[tuple[Mapping[str, object], tuple[str, ...]]]:
    """Settings and steps that might be needed for the fault to be felt, simplest first."""
    stream = f"{wish.upstream}.stream"
    is_needed = wish.fault in OF_STREAMS and vocabulary.settings.get(stream) is bool
    settings = {stream: True} if is_needed else {}
    for lead_in in _lead_ins(vocabulary):
        yield settings, tuple(_written(action, vocabulary) for action in lead_in)


def _lead_ins(vocabulary: Vocabulary) -> Iterator[tuple[str, ...]]:
    """What may make a service call an upstream that plain questions do not reach."""
    yield ()
    own = vocabulary.own_actions
    around = tuple(name for name, means in own.items() if not means.by_service)
    for name, means in own.items():
        if means.by_service:
            yield from ((*around, name), (name,)) if around else ((name,),)
    if RESTART in vocabulary.actions:
        yield (RESTART,)


def _written(action: str, vocabulary: Vocabulary) -> str:
    """An action as a step writes it; one that takes parameters is written with none."""
    takes_parameters = action_of(action, vocabulary.actions).parameters is not None
    return f"{action}: {{}}" if takes_parameters else action


def _play(text: str, name: str, target_class: type[Target], simulation: Simulation) -> RunResult:
    vocabulary = target_class.vocabulary()
    return play(load_text(text, f"{name}.yaml", lambda _: vocabulary), target_class, simulation)


def _claims(trace: Trace, upstream: str) -> Claims | None:
    """What was seen, step by step, in the words of an ``expect``; None if not all was asked."""
    asks: dict[str, list[int]] = {}
    for event in trace.of(AskEvent):
        asks.setdefault(event.step, []).append(event.ask or 0)
    steps = [frozenset(numbers) for numbers in asks.values()]
    if len(steps) != 3:  # noqa: PLR2004 - before, during and after the fault
        return None
    before, during, after = (Window(trace=trace, asks=step) for step in steps)
    (slowest_s,) = measure("slowest_answer", Window(trace=trace)).values
    (counts,) = measure("answers", during).values
    (calls,) = measure(f"calls.{upstream}", during).values
    assert isinstance(counts, dict)
    assert isinstance(calls, int)
    assert isinstance(slowest_s, float)
    return Claims(
        before=str(measure("answer.mode", before).values[0]),
        during=dict(counts),
        calls=calls,
        after=str(measure("answer.mode", after).values[0]),
        slowest_s=max(1, math.ceil(slowest_s)),
    )
