"""What a target can do besides answering: steps of its own, such as clearing a cache."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, create_model

from chaos.scenario.fields import Node, only

N = TypeVar("N", bound=Node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A step that a target carries out in `Target.act <chaos.ports.Target.act>`.

    Attributes:
        doc: What happens, as a sentence, for editors and reference pages.
        said: The same in reports, as an order; empty for its name.
        parameters: What may stand after its colon; None for nothing.
        by_service: Whether the service does it, and may call a provider for it. If not, it
            happens around the service: a file is published that the service has yet to find.

    Example:
        >>> flush = Action(doc="The service forgets its cache.", said="flush the cache")
        >>> flush.parameters, flush.by_service
        (None, True)
    """

    doc: str = ""
    said: str = ""
    parameters: type[Node] | None = None
    by_service: bool = True


def action_of(name: str, actions: Collection[str]) -> Action:
    """What a target says of an action; of one that it only names, nothing.

    Example:
        >>> action_of("flush", {"flush": Action(said="flush the cache")}).said
        'flush the cache'
        >>> action_of("flush", frozenset({"flush"}))
        Action(doc='', said='', parameters=None, by_service=True)
    """
    return actions[name] if isinstance(actions, Mapping) else Action()


@cache
def written_form(base: type[N], name: str, action: Action) -> type[N]:
    """A model of the step as a file writes it: ``base``, and the action as its key.

    Messages about the step and its part of the JSON Schema are derived from it.
    """
    field: Any
    if action.parameters is None:
        about: Any = Field(default=True, description="Always true.")
        field = (Annotated[Literal[True], only(wanted=True)], about)
    else:
        about = Field(default={}, description="Its parameters, if any.", examples=[{}])
        field = (action.parameters, about)
    return create_model(
        f"step.{name}",
        __base__=base,
        __doc__=action.doc or f"The target carries out {name}.",
        **{name: field},
    )
