"""Every fault of the language is a form, and a form is read as a file is."""

from __future__ import annotations

import pytest

from chaos.drill.fault_forms import FaultForm, fault_of, forms, told
from chaos.faults.registry import BEHAVIOURS, kind_of
from chaos.scenario.problems import ScenarioError
from chaos.targets import vocabulary_of

ALL = forms(("openai", "gcs"))


def as_it_is(form: FaultForm) -> dict[str, str]:
    """What the form says before anybody has changed it."""
    fields = {field.name: field.value for field in (*form.own, *form.common)}
    return {"fault": form.kind, "upstream": form.upstreams[0], **fields}


def test_each_fault_has_a_form() -> None:
    """A new fault has one without a line of code."""
    assert [form.kind for form in ALL] == [kind_of(model) for model in BEHAVIOURS]


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.kind)
def test_form_asks_for_every_parameter_with_its_meaning(form: FaultForm) -> None:
    """Nothing that a file may say is missing, and nothing is unexplained."""
    model = next(model for model in BEHAVIOURS if kind_of(model) == form.kind)
    names = {field.alias or name for name, field in model.model_fields.items()}

    asked = [*form.own, *form.common]

    assert {field.name for field in asked} == names - {"fault", "upstream"}
    assert all(field.doc for field in asked)
    assert all(field.value in {"", *field.options} for field in asked if field.options)


@pytest.mark.parametrize("form", [form for form in ALL if not form.unmeant], ids=lambda f: f.kind)
def test_form_is_a_fault_as_it_is(form: FaultForm) -> None:
    """One click is enough."""
    fault = fault_of(as_it_is(form), vocabulary_of)

    assert kind_of(type(fault)) == form.kind


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("status", "99", "status"),
        ("for", "5", "duration 5 has no unit; expected a number with ms, s, m, h or d"),
        ("upstream", "opnai", "unknown upstream 'opnai'"),
        ("operation", "chat", "has no operation 'chat'"),
        ("calls", "first", "calls"),
        ("status", "[", "status"),
        ("status", "a: b: c", "status"),
    ],
)
def test_mistake_in_a_form_is_told_in_the_words_of_files(field: str, text: str, said: str) -> None:
    """What is wrong, what was expected; no place in a file that nobody wrote."""
    form = {"fault": "http_error", "upstream": "openai", "status": "503", field: text}

    with pytest.raises(ScenarioError) as refused:
        fault_of(form, vocabulary_of)

    message = told(refused.value)
    assert said in message
    assert "; expected " in message
    assert "form:" not in message
