"""Steps in words, without their expectations."""

from __future__ import annotations

from functools import singledispatch

from chaos.scenario.faults import kind_of
from chaos.scenario.model import (
    ActStep,
    AdvanceStep,
    AskStep,
    ClockJumpStep,
    HealStep,
    InjectStep,
    LoadStep,
    RestartStep,
    Step,
)
from chaos.scenario.schedules import Schedule
from chaos.units import format_duration


@singledispatch
def describe_step(step: Step) -> str:
    """What a step does, in one line.

    Example:
        >>> from chaos.scenario.model import Ask, Load
        >>> describe_step(AskStep(ask=Ask(question="Is the VPN down?", users=20)))
        "20 users ask 'Is the VPN down?'"
        >>> describe_step(LoadStep(load=Load(ask="Hi", users=2, every="5s", **{"for": "1m"})))
        "2 users ask 'Hi' every 5s for 1m"
    """
    del step
    return "look"


@describe_step.register
def _(step: AskStep) -> str:
    ask = step.ask
    who = f"{ask.users} users ask" if ask.users > 1 else "ask"
    times = f" {ask.times} times" if ask.times > 1 else ""
    every = f" every {format_duration(ask.every)}" if ask.every else ""
    return f"{who} {ask.question!r}{times}{every}"


@describe_step.register
def _(step: LoadStep) -> str:
    load = step.load
    if isinstance(load.users, Schedule):
        who = f"up to {load.users.peak} users ask"
    else:
        who = f"{load.users} users ask" if load.users > 1 else "one user asks"
    return (
        f"{who} {load.ask!r} every {format_duration(load.every)} for {format_duration(load.for_)}"
    )


@describe_step.register
def _(step: AdvanceStep) -> str:
    return f"{format_duration(step.advance)} pass"


@describe_step.register
def _(step: InjectStep) -> str:
    fault = step.inject
    return f"inject {kind_of(type(fault))} on {fault.upstream}"


@describe_step.register
def _(step: HealStep) -> str:
    return f"heal {step.heal}"


@describe_step.register
def _(step: ClockJumpStep) -> str:
    return f"the wall clock jumps by {format_duration(step.clock.step)}"


@describe_step.register
def _(step: ActStep) -> str:
    return step.means.said or step.act


@describe_step.register
def _(step: RestartStep) -> str:
    del step
    return "restart the service"
