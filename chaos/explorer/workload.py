"""What users and operators do in a scenario, without what was done to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chaos.errors import ChaosError
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import (
    AdvanceStep,
    AnyStep,
    AskStep,
    ExpectStep,
    Explore,
    HealStep,
    InjectStep,
    LoadStep,
)


def workload_of(loaded: LoadedScenario) -> LoadedScenario:
    """The scenario without its faults, and without what it expects of them.

    The explorer brings faults of its own, and what the author expects of theirs would not hold.
    Laws are judged, and that everybody is answered. A user who asks several times in a row makes
    a step for each (with ``every``, a pause after each answer), so that a counterexample can do
    without some of them.

    Raises:
        ChaosError: Nothing is left.
    """
    scenario = loaded.scenario
    method = tuple(_without_faults(scenario.method))
    if not any(isinstance(step, (AskStep, LoadStep)) for step in method):
        raise ChaosError(
            f"no step of {scenario.name!r} asks a question; expected an 'ask' or a 'load' in its "
            "method; add one"
        )
    bare = scenario.model_copy(
        update={"method": method, "steady_state": (), "expect": (), "explore": None}
    )
    return replace(loaded, scenario=bare)


def interleavings_of(loaded: LoadedScenario, explore: Explore) -> LoadedScenario:
    """The scenario as it is to be interleaved: as written, but with fewer users if so asked.

    What was expected of more users than there are now is not expected any more; laws remain.
    """
    scenario = loaded.scenario
    method = tuple(_with_fewer_users(step, explore.users) for step in scenario.method)
    update: dict[str, object] = {"explore": None, "method": method}
    if method != scenario.method:
        update |= {"method": tuple(map(_expecting_nothing, method)), "expect": ()}
    return replace(loaded, scenario=scenario.model_copy(update=update))


def _without_faults(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    for step in steps:
        match step:
            case InjectStep() | HealStep() | ExpectStep():
                continue
            case AskStep(at=None) if step.ask.users == 1:
                yield from _one_by_one(step)
            case _:
                yield _expecting_nothing(step)


def _one_by_one(step: AskStep) -> Iterator[AnyStep]:
    once = AskStep.model_validate({"ask": {"question": step.ask.question}})
    for turn in range(step.ask.times):
        if turn and step.ask.every is not None:
            yield AdvanceStep(advance=step.ask.every)
        yield once


def _expecting_nothing(step: AnyStep) -> AnyStep:
    return step.model_copy(update={"expect": ()}) if step.expect else step


def _with_fewer_users(step: AnyStep, most: int | None) -> AnyStep:
    if most is None or not isinstance(step, AskStep) or step.ask.users <= most:
        return step
    return step.model_copy(update={"ask": step.ask.model_copy(update={"users": most})})
