"""Every fault of the language as a form, made from its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from chaos.faults.registry import BEHAVIOURS, kind_of
from chaos.scenario.faults import Fault
from chaos.scenario.loader import Vocabularies, load_text
from chaos.scenario.model import InjectStep
from chaos.scenario.problems import ScenarioError
from chaos.scenario.scalars import write
from chaos.serve.meaning import UNMEANT_FAULTS

_OF_ALL_FAULTS = frozenset(Fault.model_fields) | {"for"}
_NOT_ASKED = {"fault", "upstream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One parameter of a fault.

    Attributes:
        name: As a file writes it.
        doc: What it means.
        options: What it may be, where that is a choice.
        is_required: Whether the fault is nothing without it.
        hint: What it could be, or what it is by default.
        value: What the form begins with.
    """

    name: str
    doc: str
    options: tuple[str, ...] = ()
    is_required: bool = False
    hint: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultForm:
    """One fault.

    Attributes:
        kind: What a file calls it.
        doc: What it does.
        own: Its own parameters.
        common: Those that all faults have.
        unmeant: Why it cannot strike here; empty if it can.
        upstreams: Whose calls it may touch; first the one of the example.
    """

    kind: str
    doc: str
    own: tuple[Field, ...]
    common: tuple[Field, ...]
    unmeant: str
    upstreams: tuple[str, ...]


def forms(upstreams: tuple[str, ...]) -> tuple[FaultForm, ...]:
    """A form for each fault there is.

    Args:
        upstreams: Whose calls they may touch.

    Example:
        >>> by_kind = {form.kind: form for form in forms(("openai",))}
        >>> [field.name for field in by_kind["latency"].own]
        ['latency', 'jitter']
        >>> by_kind["dns_failure"].unmeant
        'the service reaches the stand-in by an address, without looking up a name'
    """
    return tuple(_form(model, upstreams) for model in BEHAVIOURS)


def _form(model: type[Fault], upstreams: tuple[str, ...]) -> FaultForm:
    example = _example(model)
    fields = tuple(_fields(model, example))
    return FaultForm(
        kind=kind_of(model),
        doc=(model.__doc__ or "").partition("\n")[0].replace("``", ""),
        own=tuple(each for each in fields if each.name not in _OF_ALL_FAULTS),
        common=tuple(each for each in fields if each.name in _OF_ALL_FAULTS),
        unmeant=UNMEANT_FAULTS.get(kind_of(model), ""),
        upstreams=tuple(sorted(upstreams, key=lambda each: each != example.get("upstream"))),
    )


def _example(model: type[Fault]) -> dict[str, Any]:
    """The fault that its documentation shows: a form begins with that, so that one click does."""
    _, _, shown = (model.__doc__ or "").partition("Example:")
    said = re.search(r"``(\{.*\})``", shown, re.DOTALL)
    return dict(YAML(typ="safe", pure=True).load(said[1])) if said else {}


def fault_of(said: Mapping[str, str], words: Vocabularies) -> Fault:
    """The fault that a filled-in form asks for; fields left empty say nothing.

    Args:
        said: Field to what stands in it.
        words: Those of the target.

    Raises:
        ScenarioError: It is none; in the words in which a file is refused.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> toy = Vocabulary(upstreams={"openai": ("chat",)}, observables={}, settings={})
        >>> form = {"fault": "http_error", "upstream": "openai", "status": "503", "for": ""}
        >>> fault_of(form, {"helpdesk": toy}.get).status
        503
    """
    fault = {name: _value(name, text) for name, text in said.items() if text.strip()}
    # Read as a file is, so that whatever is wrong is told as well as there.
    text = (
        "version: 1\nname: form\nhypothesis: It is read.\nmethod:\n"
        f"  - inject: {write(fault)}\n  - ask: Hello?\n    expect: {{answer.mode: llm}}\n"
    )
    (inject, _) = load_text(text, "form", words).scenario.method
    assert isinstance(inject, InjectStep), "it was written so"
    return inject.inject


def told(error: ScenarioError) -> str:
    """What is wrong with a form, without the place in a file that nobody wrote.

    Example:
        >>> from chaos.scenario.problems import NOWHERE, Problem
        >>> problem = Problem(location=NOWHERE, wrong="'5' has no unit", expected="a duration",
        ...     fix="write '5s'", code="duration-unit")
        >>> told(ScenarioError([problem]))
        "'5' has no unit; expected a duration; write '5s'"
    """
    return "\n".join(
        f"{each.wrong}; expected {each.expected}; {each.fix}" for each in error.problems
    )


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - whatever YAML makes of it
    if name in {"id", "object", "body", "content"}:
        return text
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return text


def _fields(model: type[Fault], example: Mapping[str, Any]) -> Iterator[Field]:
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    for name, facts in schema["properties"].items():
        if name in _NOT_ASKED:
            continue
        is_required = name in required
        likely = next(iter(facts.get("examples", ())), None)
        yield Field(
            name=name,
            doc=str(facts.get("description", "")),
            options=_options(facts),
            is_required=is_required,
            hint=_shown(facts.get("default") or likely),
            value=_shown(example.get(name, likely if is_required else None)),
        )


def _options(facts: Mapping[str, Any]) -> tuple[str, ...]:
    if facts.get("type") == "boolean":
        return "true", "false"
    return tuple(str(each) for each in facts.get("enum", ()))


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON is anything
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else write(value)
