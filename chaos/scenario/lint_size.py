"""Scenarios that would never end: days of virtual time, or questions by the million."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from chaos.scenario.draft import Draft
from chaos.scenario.model import AdvanceStep, AnyStep, AskStep, LoadStep
from chaos.scenario.source import Findings, NodePath
from chaos.units import format_duration

LONGEST_RUN = timedelta(days=30)
"""No run takes more virtual time: one that does is taken for one without end."""

MOST_QUESTIONS = 1_000_000
"""At some two milliseconds a question, so many take more than half an hour to play."""


def check(draft: Draft, findings: Findings) -> None:
    """Report the step with which a run becomes too long, and the one that asks too much."""
    for path, ends_s in _ends(draft):
        if ends_s > LONGEST_RUN.total_seconds():
            ends, most = format_duration(ends_s), format_duration(LONGEST_RUN)
            findings.add(
                path,
                f"the run takes {ends} by this step",
                f"at most {most} of virtual time",
                "shorten it, or split the scenario",
                "too-long",
            )
            break
    asked = 0.0
    for path, step in draft.steps:
        asked += _questions(step)
        if asked > MOST_QUESTIONS:
            where = (*path, "ask" if isinstance(step, AskStep) else "load")
            findings.add(
                where,
                f"the run asks {asked:,.0f} questions by this step",
                f"at most {MOST_QUESTIONS:,} in all",
                "ask less often, for a shorter time, or with fewer users",
                "too-many-questions",
            )
            break


def _ends(draft: Draft) -> Iterator[tuple[NodePath, float]]:
    """The soonest that each step can be over: answers may take no time at all."""
    now_s = method_s = 0.0
    for path, step in draft.steps:
        if path == ("method", 0):
            method_s = now_s
        begins_s = now_s if step.at is None else method_s + step.at.total_seconds()
        key, lasts = _least(step)
        ends_s = begins_s + lasts.total_seconds()
        yield (*path, *key), ends_s
        if step.at is None and not isinstance(step, LoadStep):
            now_s = ends_s


def _least(step: AnyStep) -> tuple[NodePath, timedelta]:
    """What says how long a step lasts, and how long that is at least."""
    match step:
        case AdvanceStep():
            return ("advance",), step.advance
        case AskStep() if step.ask.every is not None:
            return ("ask", "times"), step.ask.every * (step.ask.times - 1)
        case LoadStep():
            return ("load", "for"), step.load.for_
        case _:
            return ("at",), timedelta(0)


def _questions(step: AnyStep) -> float:
    if isinstance(step, LoadStep):
        return step.load.questions
    return step.ask.answers if isinstance(step, AskStep) else 0
