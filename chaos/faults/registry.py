"""Which class gives effect to which fault: the behaviours of this package, and those of others."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import chaos.faults
from chaos import extensions
from chaos.choices import Choices
from chaos.extensions import ExtensionKind
from chaos.faults.behaviour import AnyBehaviour, Behaviour
from chaos.scenario.faults import FAULTS, Fault, kind_of

__all__ = ["BEHAVIOURS", "behaviour_of", "kind_of", "load"]


class _Behaviours(Mapping[type[Fault], type[AnyBehaviour]]):
    """Found when first asked for: modules of this package import this one."""

    def __getitem__(self, model: type[Fault]) -> type[AnyBehaviour]:
        return _by_model()[model]

    def __iter__(self) -> Iterator[type[Fault]]:
        return iter(_by_model())

    def __len__(self) -> int:
        return len(_by_model())


BEHAVIOURS: Mapping[type[Fault], type[AnyBehaviour]] = _Behaviours()
"""Behaviour by model, in the order of `FAULTS`."""


@extensions.remembered
def _by_model() -> Mapping[type[Fault], type[AnyBehaviour]]:
    behaviours = [*_shipped(), *extensions.found(ExtensionKind.FAULT).values()]
    by_model: dict[type[Fault], type[AnyBehaviour]] = {each.model: each for each in behaviours}
    # A model without one is left out, and a test names it.
    return {model: by_model[model] for model in FAULTS.values() if model in by_model}


def import_shipped() -> None:
    """Import all modules of this package, so that their behaviours are known."""
    for module in pkgutil.iter_modules(chaos.faults.__path__):
        importlib.import_module(f"{chaos.faults.__name__}.{module.name}")


def _shipped() -> Iterator[type[AnyBehaviour]]:
    """The behaviours of all modules of this package."""
    import_shipped()
    return (each for each in _concrete(Behaviour) if each.__module__.startswith("chaos.faults."))


def _concrete(kind: type[Any]) -> Iterator[type[Any]]:
    for subclass in kind.__subclasses__():
        if not inspect.isabstract(subclass) and "model" in vars(subclass):
            yield subclass
        yield from _concrete(subclass)


def load() -> None:
    """Import what gives effect to faults, and all that others add: runs must find them there.

    Raises:
        ExtensionError: Something that was added is not as it should be.
    """
    extensions.load()
    _by_model()


def behaviour_of(fault: Fault, *, id: str, choices: Choices) -> AnyBehaviour:  # noqa: A002 - the YAML word
    """What ``fault`` does.

    Example:
        >>> from chaos.choices import Seeded
        >>> from chaos.scenario.faults import TimeoutFault
        >>> fault = TimeoutFault(upstream="openai", fault="timeout", takes_effect=False)
        >>> behaviour_of(fault, id="hang", choices=Seeded(7)).lose().how
        'silence'
    """
    behaviour: Any = BEHAVIOURS[type(fault)]
    with extensions.blaming(behaviour, "made"):
        made: AnyBehaviour = behaviour(fault, id=id, choices=choices)
    return made
