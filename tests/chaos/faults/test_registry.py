"""Every fault that can be written has an effect, and the other way round."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

from chaos.choices import Seeded
from chaos.faults.behaviour import (
    AlteringFault,
    AnyBehaviour,
    Behaviour,
    MeteringFault,
    ReplacingFault,
)
from chaos.faults.registry import BEHAVIOURS, behaviour_of
from chaos.scenario import faults as models
from chaos.scenario.faults import FAULTS
from tests.chaos.faults.sent import fault


def _concrete(kind: type[Any]) -> Iterator[type[Any]]:
    for subclass in kind.__subclasses__():
        if not inspect.isabstract(subclass) and not subclass.__subclasses__():
            yield subclass
        yield from _concrete(subclass)


def test_every_model_has_its_behaviour() -> None:
    """No fault can be written that does nothing."""
    without = [model.__name__ for model in FAULTS.values() if model not in BEHAVIOURS]

    assert without == []


def test_every_model_is_one_that_scenarios_can_name() -> None:
    """A model in a module of the package that is left out of its list is named here."""
    modules = [
        importlib.import_module(f"{models.__name__}.{each.name}")
        for each in pkgutil.iter_modules(models.__path__)
    ]
    defined = {
        name
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and "fault" in getattr(thing, "model_fields", ())
    }

    assert defined == {model.__name__ for model in FAULTS.values()}


def test_every_behaviour_has_its_model() -> None:
    """No behaviour exists that no scenario can ask for."""
    behaviours = {kind for kind in _concrete(Behaviour) if kind.__module__.startswith("chaos.")}

    assert set(BEHAVIOURS.values()) == behaviours
    assert all(behaviour.model is model for model, behaviour in BEHAVIOURS.items())


def test_behaviour_is_found_by_type() -> None:
    """A fault gets the behaviour of its model, with its id."""
    found: AnyBehaviour = behaviour_of(fault("timeout"), id="hang", choices=Seeded(7))

    assert type(found) is BEHAVIOURS[type(fault("timeout"))]
    assert found.id == "hang"


def test_faults_that_need_http_are_those_that_answer() -> None:
    """What replaces or changes a response needs one; a stream of events is HTTP, too."""
    answering = {
        kind
        for kind, model in FAULTS.items()
        if issubclass(BEHAVIOURS[model], ReplacingFault | AlteringFault | MeteringFault)
    }

    assert {kind for kind, model in FAULTS.items() if model.needs_http} == answering | {
        "cut_stream"
    }
