"""A scenario file in plain words: the claim, the world before, each step, what must hold."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from chaos.authoring.claim_words import describe_claim
from chaos.authoring.fault_words import describe_fault
from chaos.authoring.timeline import timeline
from chaos.runner.step_text import describe_step
from chaos.scenario.expectations import Expectation
from chaos.scenario.faults import Fault
from chaos.scenario.model import AnyStep, AskStep, Given, HealStep, InjectStep, LoadStep, Scenario
from chaos.scenario.observables import Probe, probes
from chaos.scenario.vocabulary import Vocabulary
from chaos.units import format_duration

_STEADY = (
    "First, while nothing is wrong; if this does not hold, nothing is injected and the run is "
    "inconclusive:"
)
_READ_SO = (
    "Columns are moments in order; times are the script's own, as if questions took none. "
    "[===] a fault, [~~~] traffic, users: how many questions, * something is checked."
)


def explain(scenario: Scenario, vocabulary: Vocabulary, *, width: int = 80) -> str:
    """What a scenario will do, for somebody who has never seen one.

    Nothing is played: this is what the file says, not what the service makes of it.

    Args:
        scenario: What to explain.
        vocabulary: The words of its target; observables are explained in them.
        width: Columns of the terminal.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> from chaos.scenario.model import Ask
        >>> toy = Vocabulary(upstreams={"openai": ()}, observables={}, settings={})
        >>> scenario = Scenario(version=1, name="toy", hypothesis="It answers.",
        ...     method=(AskStep(ask=Ask(question="Is the VPN down?", times=2)),))
        >>> print(explain(scenario, toy).split("Laws")[0])
        toy
        <BLANKLINE>
        The claim: It answers.
        <BLANKLINE>
        What happens to helpdesk:
          1. ask 'Is the VPN down?' 2 times
        <BLANKLINE>
        step   1     end
        time   0s
        users  2
        <BLANKLINE>
        Columns are moments in order; times are the script's own, as if questions took
        none. [===] a fault, [~~~] traffic, users: how many questions, * something is
        checked.
        <BLANKLINE>
        <BLANKLINE>
    """
    known = probes(vocabulary)
    head = scenario.name + (f"  ({scenario.path})" if scenario.path else "")
    claim = " ".join(scenario.hypothesis.split())
    sections = [
        [head],
        _wrapped(f"The claim: {claim}", width),
        _given(scenario.given),
        _steady(scenario, known, width),
        [f"What happens to {scenario.target}:", *_steps(scenario.method, known)],
        _closing(scenario.expect, known),
        timeline(scenario, width=width),
        _wrapped(_READ_SO, width),
        _wrapped(_laws(scenario), width),
        _wrapped(_chance(scenario), width),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _given(given: Given) -> list[str]:
    lines = [f"  {key}: {_plain(value)}" for key, value in given.world().items()]
    lines += [f"  setting {key}: {_plain(value)}" for key, value in given.settings.items()]
    return ["The world before:", *lines] if lines else []


def _plain(value: object) -> str:
    """A value of the file without its brackets."""
    match value:
        case Mapping():
            return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
        case list() | tuple():
            return ", then ".join(map(_plain, value))
        case timedelta():
            return format_duration(value)
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _steady(scenario: Scenario, known: Mapping[str, Probe], width: int) -> list[str]:
    if not scenario.steady_state:
        return []
    return [*_wrapped(_STEADY, width), *_steps(scenario.steady_state, known)]


def _steps(steps: Sequence[AnyStep], known: Mapping[str, Probe]) -> Iterator[str]:
    margin = len(str(len(steps))) + 2
    for number, step in enumerate(steps, start=1):
        yield f"{number:>{margin}}. {_step(step)}"
        yield from (
            f"{' ' * margin}  - {describe_claim(each, known[each.key])}" for each in step.expect
        )


def _step(step: AnyStep) -> str:
    name = f"{step.name}: " if step.name else ""
    beside = ""
    if step.at is not None:
        beside = f"beside the script, at {format_duration(step.at)}: "
    return f"{name}{beside}{_does(step)}"


def _does(step: AnyStep) -> str:
    match step:
        case InjectStep():
            return _injected(step.inject)
        case HealStep():
            return f"{step.heal} is over"
        case AskStep() if step.ask.users > 1:
            return f"at the same instant, {describe_step(step)}"
        case LoadStep():
            return f"in the background, {describe_step(step)}"
        case _:
            return describe_step(step)


def _injected(fault: Fault) -> str:
    id_ = f" ({fault.id})" if fault.id else ""
    if fault.for_ is None:
        return f"from now on{id_}, {describe_fault(fault)}"
    lasts = format_duration(fault.for_)
    return f"for {lasts}{id_}, {describe_fault(fault.model_copy(update={'for_': None}))}"


def _closing(expect: Sequence[Expectation], known: Mapping[str, Probe]) -> list[str]:
    if not expect:
        return []
    claims = (f"  - {describe_claim(each, known[each.key])}" for each in expect)
    return ["Over the whole run:", *claims]


def _laws(scenario: Scenario) -> str:
    if not scenario.waive:
        return "Laws: all of them judge the run as well; see them with: chaos list --laws"
    because = " ".join((scenario.because or "").split())
    return f"Laws: all but {', '.join(scenario.waive)} judge the run as well, because: {because}"


def _chance(scenario: Scenario) -> str:
    explore = scenario.explore
    if explore is None:
        origin = "derived from the name" if scenario.seed is None else "given in the file"
        return f"Chance: drawn from seed {scenario.seed_or_default}, {origin}."
    if explore.choices:
        return "Chance: none. One interleaving is played, the one that the file gives."
    if not explore.preemptions:
        return "Chance: none. Every order is played of users who could go on at the same moment."
    times = "once" if explore.preemptions == 1 else f"up to {explore.preemptions} times"
    return (
        "Chance: none. Every interleaving is played in which a user is interrupted "
        f"{times} between two lines of the service's code."
    )


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
