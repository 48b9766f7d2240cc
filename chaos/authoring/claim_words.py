"""Expectations in plain words: what is looked at, and which values are right."""

from __future__ import annotations

from functools import singledispatch

from chaos.scenario.expectations import Expectation
from chaos.scenario.liveness import Eventually, LeadsTo
from chaos.scenario.observables import Probe
from chaos.scenario.tolerances import (
    AllOf,
    Contains,
    Equals,
    Everyone,
    Items,
    Matches,
    Modes,
    Not,
    OneOf,
    Range,
    Tolerance,
)
from chaos.units import format_duration


def describe_claim(expectation: Expectation, probe: Probe) -> str:
    """One expectation as a line: what it means, then the value, then its key.

    Example:
        >>> from chaos.scenario.kinds import Kind
        >>> probe = Probe(key="calls.openai", kind=Kind.COUNT, doc="requests that left for openai")
        >>> describe_claim(Expectation("calls.openai", Range(kind=Kind.COUNT, at_most=3)), probe)
        'requests that left for openai: at most 3  [calls.openai]'
    """
    return f"{probe.doc}: {describe_tolerance(expectation.tolerance)}  [{probe.key}]"


@singledispatch
def describe_tolerance(tolerance: Tolerance) -> str:
    """The values it accepts, in words.

    Example:
        >>> from chaos.scenario.kinds import Kind
        >>> describe_tolerance(Not(OneOf((Equals("open", Kind.TEXT), Equals("", Kind.TEXT)))))
        "anything but one of open, ''"
    """
    raise NotImplementedError(f"no words for {type(tolerance).__name__}")


@describe_tolerance.register
def _(tolerance: Equals) -> str:
    return "nothing" if tolerance.value is None else tolerance.describe()


@describe_tolerance.register
def _(tolerance: Range) -> str:
    show = tolerance.kind.show
    if tolerance.at_least is None:
        return f"at most {show(tolerance.at_most)}"
    if tolerance.at_most is None:
        return f"at least {show(tolerance.at_least)}"
    return f"{show(tolerance.at_least)} to {show(tolerance.at_most)}"


@describe_tolerance.register
def _(tolerance: OneOf) -> str:
    return f"one of {', '.join(map(describe_tolerance, tolerance.options))}"


@describe_tolerance.register
def _(tolerance: Contains) -> str:
    return f"with {describe_tolerance(tolerance.part)} in it"


@describe_tolerance.register
def _(tolerance: Matches) -> str:
    return f"matching {tolerance.pattern}"


@describe_tolerance.register
def _(tolerance: Not) -> str:
    return f"anything but {describe_tolerance(tolerance.refused)}"


@describe_tolerance.register
def _(tolerance: AllOf) -> str:
    return " and ".join(map(describe_tolerance, tolerance.parts))


@describe_tolerance.register
def _(tolerance: Items) -> str:
    if not tolerance.items:
        return "none"
    return ", then ".join(map(describe_tolerance, tolerance.items))


@describe_tolerance.register
def _(tolerance: Everyone) -> str:
    return tolerance.describe()


@describe_tolerance.register
def _(tolerance: Modes) -> str:
    return ", ".join(f"{mode} {describe_tolerance(each)}" for mode, each in tolerance.counts)


@describe_tolerance.register
def _(tolerance: Eventually) -> str:
    return f"{tolerance.moment.describe()} within {format_duration(tolerance.within_s)}"


@describe_tolerance.register
def _(tolerance: LeadsTo) -> str:
    within = format_duration(tolerance.within_s)
    return f"{tolerance.then.describe()} within {within} of each {tolerance.when.describe()}"
