"""From a run that failed to a scenario that fails in the same way, by itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chaos.checks.registry import find_law, law_names
from chaos.explorer.asking import ConnectAttempt
from chaos.explorer.shrink import fewer
from chaos.explorer.subject import FailedCheck
from chaos.runner.result import RunResult
from chaos.scenario.expectations import Expectation
from chaos.scenario.faults import Fault
from chaos.scenario.kinds import Kind
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import AnyStep, AskStep, HealStep, InjectStep, LoadStep, Scenario
from chaos.scenario.problems import NOWHERE
from chaos.scenario.tolerances import Equals
from chaos.trace.events import FaultEvent, RequestEvent, StepEvent
from chaos.trace.trace import Trace

Replay = Callable[[LoadedScenario], RunResult]
"""Plays a scenario by itself, with nothing but its seed."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that the explorer injected.

    Attributes:
        fault: What it was, with the id it had.
        step: Number of the step of the method during which it struck; None if it was none.
        nth: Which call of its operation it struck, or which attempt to connect that came so far,
            counted from the beginning of that step.
    """

    fault: Fault
    step: int | None
    nth: int


def struck_in(
    trace: Trace, faults: Iterable[Fault], attempts: Iterable[ConnectAttempt] = ()
) -> list[Struck]:
    """Where the explorer's faults struck, in order.

    Args:
        trace: That of the run in which they did.
        faults: What they were, with the ids they had.
        attempts: The attempts to connect.
    """
    left = list(attempts)
    stages = {attempt.struck_by: attempt.stage for attempt in left if attempt.struck_by}
    by_id = {fault.id: fault for fault in faults}
    step: int | None = None
    calls: Counter[tuple[str, str]] = Counter()
    connects: Counter[tuple[str, str]] = Counter()
    request: RequestEvent | None = None
    found = []
    for event in trace:
        while left and left[0].seq <= event.seq:
            attempt = left.pop(0)
            connects[attempt.upstream, attempt.stage] += 1
        if isinstance(event, StepEvent):
            section, _, number = event.path.partition("[")
            step = int(number[:-1]) if section == "method" and event.phase == "begin" else step
            calls.clear()
            connects.clear()
        elif isinstance(event, RequestEvent):
            request = event
            calls[event.upstream, event.operation] += 1
        elif isinstance(event, FaultEvent) and event.what == "injected" and event.fault in by_id:
            fault = by_id[event.fault]
            if fault.id in stages:
                nth = connects[fault.upstream, stages[fault.id]]
            else:
                assert request is not None, "faults strike calls"
                nth = calls[request.upstream, request.operation]
            found.append(Struck(fault, step, nth))
    return found


def with_faults(scenario: Scenario, struck: Sequence[Struck]) -> Scenario:
    """The scenario with each fault injected before the step in which it struck, and healed after.

    Where steps run beside the script, all faults are there from the beginning to the end.
    """
    beside = any(step.at is not None or isinstance(step, LoadStep) for step in scenario.method)
    by_step: defaultdict[int, list[Struck]] = defaultdict(list)
    for each in struck:
        by_step[0 if beside or each.step is None else each.step].append(each)
    method: list[AnyStep] = []
    for number, step in enumerate(scenario.method):
        method += [_injection(each) for each in by_step[number]]
        method.append(step)
        if not beside:
            method += _healings(by_step[number])
    return scenario.model_copy(update={"method": tuple(method)})


def smaller(loaded: LoadedScenario, check: str, replay: Replay) -> LoadedScenario:
    """The scenario with as few steps, and as few users, as still fail the check."""

    def fails(method: Sequence[AnyStep]) -> bool:
        if not any(isinstance(step, (AskStep, LoadStep)) for step in method):
            return False
        tried = _with_method(loaded, _sound(method))
        return check in {problem.check for problem in replay(tried).problems}

    method = fewer(loaded.scenario.method, fails)
    for place, step in enumerate(method):
        if isinstance(step, AskStep):
            for users in range(1, step.ask.users):
                ask = step.ask.model_copy(update={"users": users})
                tried = [*method]
                tried[place] = step.model_copy(update={"ask": ask})
                if fails(tried):
                    method = tried
                    break
    return _with_method(loaded, _sound(method))


def named(loaded: LoadedScenario, problem: FailedCheck) -> LoadedScenario:
    """The scenario as one of its own: with a name, a claim, and an expectation to meet.

    Args:
        loaded: What fails.
        problem: The check that it fails.
    """
    scenario = loaded.scenario
    faults = [step.inject for step in scenario.method if isinstance(step, InjectStep)]
    expected = scenario.expect or (
        # So that there is something to pass once the law holds.
        Expectation("availability", Equals(1.0, Kind.SHARE), NOWHERE),
    )
    update = {
        "name": f"{scenario.name}-{_word(problem.check)}"[:_LONGEST_NAME].rstrip("-"),
        "hypothesis": _claim(problem, scenario),
        "tags": ("regression", *sorted({fault.upstream for fault in faults})),
        "seed": scenario.seed_or_default,
        "expect": expected,
    }
    return replace(loaded, scenario=scenario.model_copy(update=update))


_LONGEST_NAME = 100


def _word(check: str) -> str:
    return re.sub("[^a-z0-9]+", "-", check.lower()).strip("-")


def _claim(problem: FailedCheck, scenario: Scenario) -> str:
    if problem.check in law_names():
        return find_law(problem.check).doc
    return f"What {scenario.name!r} does ends without a failure of {problem.check!r}."


def _injection(struck: Struck) -> InjectStep:
    fault = struck.fault.model_copy(update={"calls": (struck.nth,)})
    return InjectStep(inject=fault)


def _healings(struck: Sequence[Struck]) -> Iterator[HealStep]:
    for each in struck:
        assert each.fault.id is not None
        yield HealStep(heal=each.fault.id)


def _sound(method: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """The steps without healings of what is not injected any more."""
    injected = {step.inject.id for step in method if isinstance(step, InjectStep)}
    return tuple(
        step for step in method if not isinstance(step, HealStep) or step.heal in injected
    )


def _with_method(loaded: LoadedScenario, method: tuple[AnyStep, ...]) -> LoadedScenario:
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"method": method}))
