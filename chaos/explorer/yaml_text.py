"""Scenarios and their parts as a person would write them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

from chaos.scenario.expectations import Expectation
from chaos.scenario.faults import Fault
from chaos.scenario.model import ActStep, AnyStep, Ask, ExpectStep, Scenario, Step
from chaos.scenario.scalars import write
from chaos.units import format_duration

_SCHEMA = "# yaml-language-server: $schema=../../chaos/scenario/scenario.schema.json"
_WIDTH = 97


def plain(value: Any) -> Any:  # noqa: ANN401 - anything a scenario may hold
    """A value of a scenario as YAML has it; what is left at its default is left out.

    Example:
        >>> plain(Ask(question="How?", every=timedelta(seconds=10)))
        {'question': 'How?', 'every': '10s'}
    """
    if isinstance(value, BaseModel):
        return {
            field.alias or name: plain(_as_written(getattr(value, name), field))
            for name, field in _in_order(type(value))
            if name in value.model_fields_set
            and (getattr(value, name) != field.default or name == "content")
        }
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, (list, tuple)):
        items = [plain(item) for item in value]
        # One call is written without brackets.
        return items[0] if len(items) == 1 and isinstance(items[0], int) else items
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def _in_order(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of a model in the order in which a person writes them."""
    fields = list(model.model_fields.items())
    if not issubclass(model, Fault):
        return fields
    # Which fault, of whom, and how; then what all faults may say: for how long, for which calls.
    shared = Fault.model_fields.keys()
    return sorted(fields, key=lambda each: _RANK.get(each[0], 4 if each[0] in shared else 3))


_RANK = {"id": 0, "upstream": 1, "fault": 2}


def _as_written(value: Any, field: FieldInfo) -> Any:  # noqa: ANN401 - as above
    """What stands in a file for it, where the model has another form of its own."""
    for each in field.metadata:
        if isinstance(each, PlainSerializer):
            return each.func(value)  # type: ignore[call-arg] # ours take the value alone
    return value


def scenario_text(scenario: Scenario, comment: str = "") -> str:
    """The file of a scenario; a comment, if any, stands above it."""
    lines = [_SCHEMA, *(f"# {line}".rstrip() for line in comment.splitlines())]
    lines += ["version: 1", f"name: {scenario.name}", "hypothesis: >-"]
    lines += textwrap.wrap(
        " ".join(scenario.hypothesis.split()),
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    lines.append(f"target: {write(scenario.target)}")
    if scenario.tags:
        lines.append(f"tags: {write(list(scenario.tags))}")
    if scenario.seed is not None:
        lines.append(f"seed: {scenario.seed}")
    if scenario.explore is not None:
        lines.append(f"explore: {write(_explore(scenario))}")
    if scenario.waive:
        lines += [f"waive: {write(list(scenario.waive))}", f"because: {write(scenario.because)}"]
    if given := scenario.given.world() | _settings(scenario):
        lines += ["", "given:", *(f"  {key}: {write(plain(each))}" for key, each in given.items())]
    for section, steps in (
        ("steady_state", scenario.steady_state),
        ("method", scenario.method),
    ):
        if steps:
            lines += ["", f"{section}:", *_steps(steps)]
    if scenario.expect:
        lines += ["", "expect:", *(f"  {line}" for line in _expected(scenario.expect))]
    return "\n".join(lines) + "\n"


def _explore(scenario: Scenario) -> dict[str, Any]:
    assert scenario.explore is not None
    said: dict[str, Any] = plain(scenario.explore)
    if scenario.explore.choices:
        said["choices"] = list(scenario.explore.choices)
    return said


def _settings(scenario: Scenario) -> dict[str, Any]:
    return {"settings": scenario.given.settings} if scenario.given.settings else {}


def _steps(steps: Sequence[AnyStep]) -> Iterator[str]:
    for step in steps:
        first, *rest = _step(step)
        yield f"  - {first}"
        yield from (f"    {line}" for line in rest)


def _step(step: AnyStep) -> Iterator[str]:
    if isinstance(step, ActStep):
        yield from _acted(step)
    elif not isinstance(step, ExpectStep):
        (action,) = set(type(step).model_fields) - set(Step.model_fields)
        value = getattr(step, action)
        if value is True or value == {}:
            yield action if _says_nothing_more(step) and value is True else f"{action}:"
        else:
            said = plain(value)
            if isinstance(value, Ask) and set(said) == {"question"}:
                said = said["question"]
            yield f"{action}: {write(said)}"
    if step.at is not None:
        yield f"at: {plain(step.at)}"
    if step.name is not None:
        yield f"name: {write(step.name)}"
    if step.expect:
        yield "expect:"
        yield from (f"  {line}" for line in _expected(step.expect))


def _acted(step: ActStep) -> Iterator[str]:
    """An action of the target: by its name alone, if nothing more is said of it."""
    if step.parameters:
        yield f"{step.act}: {write(plain(step.parameters))}"
    elif step.means.parameters is None and _says_nothing_more(step):
        yield step.act
    else:
        yield f"{step.act}:"


def _says_nothing_more(step: AnyStep) -> bool:
    return step.at is None and step.name is None and not step.expect


def _expected(expectations: Sequence[Expectation]) -> Iterator[str]:
    return (f"{each.key}: {each.tolerance.describe()}" for each in expectations)
