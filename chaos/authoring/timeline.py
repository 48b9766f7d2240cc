"""A scenario's timeline as text: fault windows, users and expectations, one column a moment.

Times are those that the file gives. How long a question takes is for the service to say, and
here it takes none; so columns are moments in order, not a scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from chaos.scenario.faults import Fault, kind_of
from chaos.scenario.model import (
    ActStep,
    AdvanceStep,
    AnyStep,
    AskStep,
    ClockJumpStep,
    HealStep,
    InjectStep,
    LoadStep,
    RestartStep,
    Scenario,
)
from chaos.units import format_duration

_CELL = 6
_END = "end"
_CHECKED = "*"
_OTHERS: dict[type, str] = {RestartStep: "rest", ClockJumpStep: "jump"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step of the method and the time at which the script comes to it.

    Attributes:
        number: Of the step, from 1.
        at_s: When it begins, in seconds from the start of the method.
        end_s: When what it starts has ended; infinite if nothing ends it.
    """

    number: int
    step: AnyStep
    at_s: float
    end_s: float


def place(method: Sequence[AnyStep]) -> list[Placed]:
    """When each step begins, in the order in which they do.

    Example:
        >>> from chaos.scenario.model import Ask
        >>> steps = (AdvanceStep(advance="1m"), AskStep(ask=Ask(question="Hi")),
        ...     AskStep(at="30s", ask=Ask(question="Hi")))
        >>> [(placed.number, placed.at_s) for placed in place(steps)]
        [(1, 0.0), (3, 30.0), (2, 60.0)]
    """
    placed: list[Placed] = []
    script_s = 0.0
    for number, step in enumerate(method, start=1):
        at_s = script_s if step.at is None else step.at.total_seconds()
        lasts_s = _lasts_s(step)
        placed.append(Placed(number=number, step=step, at_s=at_s, end_s=at_s + lasts_s))
        if step.at is None and isinstance(step, (AdvanceStep, AskStep)):
            script_s += lasts_s
    return sorted(placed, key=lambda each: each.at_s)


def timeline(scenario: Scenario, *, width: int = 80) -> list[str]:
    r"""The lines of the timeline; too many moments for ``width`` continue in a further band.

    Example:
        >>> from chaos.scenario.faults import TimeoutFault
        >>> from chaos.scenario.model import Ask
        >>> silence = TimeoutFault(id="silence", upstream="openai", fault="timeout")
        >>> steps = (InjectStep(inject=silence), AskStep(ask=Ask(question="Hi", users=20)),
        ...     HealStep(heal="silence"), AdvanceStep(advance="60s"),
        ...     AskStep(ask=Ask(question="Hi")))
        >>> scenario = Scenario(version=1, name="toy", hypothesis="It lives.", method=steps)
        >>> print("\n".join(timeline(scenario)))
        step     1     2     3     4     5     end
        time     0s                      1m
        silence  [===========]
        users          20                1
    """
    moments = _moments(place(scenario.method))
    rows = _rows(moments, has_closing=bool(scenario.expect))
    label = max(len(row.label) for row in rows) + 2
    fitting = max(1, (width - label) // _CELL)
    lines: list[str] = []
    for first in range(0, len(moments), fitting):
        lines += [""] if first else []
        lines += [
            f"{row.label:<{label}}{row.text(first, first + fitting)}".rstrip()
            for row in rows
            if row.is_head or row.is_seen(first, first + fitting)
        ]
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """A column: a step, the end of something, or the end of all."""

    at_s: float
    label: str = ""
    placed: Placed | None = None


@dataclass(slots=True)
class _Row:
    label: str
    is_head: bool = False
    cells: dict[int, str] = field(default_factory=dict)

    def text(self, first: int, beyond: int) -> str:
        return "".join(f"{self.cells.get(n, ''):<{_CELL}}" for n in range(first, beyond))

    def is_seen(self, first: int, beyond: int) -> bool:
        return any(first <= column < beyond for column in self.cells)


def _lasts_s(step: AnyStep) -> float:
    """How long a step, or what it starts, lasts by itself."""
    match step:
        case AdvanceStep():
            return step.advance.total_seconds()
        case AskStep() if step.ask.every is not None:
            return step.ask.every.total_seconds() * (step.ask.times - 1)
        case LoadStep():
            return step.load.for_.total_seconds()
        case InjectStep():
            return step.inject.for_.total_seconds() if step.inject.for_ else inf
        case _:
            return 0.0


def _moments(placed: Sequence[Placed]) -> list[_Moment]:
    begins = [_Moment(at_s=each.at_s, label=str(each.number), placed=each) for each in placed]
    ends = {
        each.end_s
        for each in placed
        if isinstance(each.step, (InjectStep, LoadStep)) and each.end_s < inf
    }
    known = {moment.at_s for moment in begins}
    extra = [_Moment(at_s=end_s) for end_s in ends - known]
    last_s = max((each.end_s for each in placed if each.end_s < inf), default=0.0)
    return [*sorted([*begins, *extra], key=lambda m: m.at_s), _Moment(at_s=last_s, label=_END)]


def _other(step: AnyStep) -> str:
    """A step in four letters; empty if a row of its own shows it."""
    return step.act[:4] if isinstance(step, ActStep) else _OTHERS.get(type(step), "")


def _rows(moments: Sequence[_Moment], *, has_closing: bool) -> list[_Row]:
    steps, times = _Row("step", is_head=True), _Row("time", is_head=True)
    users, others, checks = _Row("users"), _Row("also"), _Row("expect")
    windows: list[_Row] = []
    shown_s = None
    for column, moment in enumerate(moments):
        steps.cells[column] = moment.label
        if moment.at_s != shown_s:
            times.cells[column] = format_duration(moment.at_s) if moment.at_s else "0s"
            shown_s = moment.at_s
        if moment.placed is None:
            continue
        step = moment.placed.step
        match step:
            case InjectStep():
                windows.append(_window(_called(step.inject), moments, column, "="))
            case LoadStep():
                windows.append(_window("load", moments, column, "~"))
            case AskStep():
                users.cells[column] = str(step.ask.answers)
            case _ if word := _other(step):
                others.cells[column] = word
            case _:
                pass
        if step.expect:
            checks.cells[column] = _CHECKED
    if has_closing:
        checks.cells[len(moments) - 1] = _CHECKED
    return [steps, times, *windows, *(row for row in (users, others, checks) if row.cells)]


def _window(label: str, moments: Sequence[_Moment], first: int, fill: str) -> _Row:
    """A bar from a step to the moment at which what it starts is over."""
    placed = moments[first].placed
    assert placed is not None
    last = _ended_at(placed, moments, first)
    row = _Row(label)
    for column in range(first, len(moments) if last is None else last):
        row.cells[column] = fill * _CELL
    row.cells[first] = "[" + fill * (_CELL - 1)
    if last is None:
        row.cells[len(moments) - 1] = f"{fill * 3}>"
    elif last == first:
        row.cells[first] = "[]"
    else:
        row.cells[last] = "]"
    return row


def _ended_at(placed: Placed, moments: Sequence[_Moment], first: int) -> int | None:
    """The column at which it ends; None if it outlasts everything."""
    id_ = placed.step.inject.id if isinstance(placed.step, InjectStep) else None
    for column in range(first + 1, len(moments)):
        moment = moments[column]
        healed = moment.placed.step if moment.placed else None
        if moment.at_s >= placed.end_s:
            return column
        if id_ is not None and isinstance(healed, HealStep) and healed.heal == id_:
            return column
    return None


def _called(fault: Fault) -> str:
    return fault.id or kind_of(type(fault))
