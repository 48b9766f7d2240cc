"""What all faults share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, get_args

from pydantic import Field

from chaos.scenario.fields import Calls, Node, PositiveDuration
from chaos.scenario.schedules import Share


class Fault(Node):
    """What all faults share: an id, an upstream, and when and where they act.

    A subclass with a field ``fault`` that has one value is a fault; that value is its name.
    """

    needs_http: ClassVar[bool] = False
    """Whether it is an answer of an HTTP server, or a change to one."""

    between_calls: ClassVar[bool] = False
    """Whether it acts on connections that nobody uses, so that it has no calls to count."""

    menu: ClassVar[tuple[Mapping[str, object], ...]] = ()
    """What `chaos explore` tries it with, each as a file would write it; nothing if it is not to
    be tried. What comes with the harness is on the menu in an order of its own."""

    id: str | None = Field(
        default=None,
        min_length=1,
        description="Name to heal it by, and to show in reports.",
        examples=["outage"],
    )
    upstream: str = Field(
        description="The provider whose calls it touches.", examples=["openai", "gcs"]
    )
    operation: str | None = Field(
        default=None,
        description="Touch only this operation of the upstream.",
        examples=["objects.media"],
    )
    object: str | None = Field(
        default=None,
        min_length=1,
        description="Touch only objects whose name fits this pattern; * stands for anything.",
        examples=["*.faiss"],
    )
    for_: PositiveDuration | None = Field(
        default=None,
        alias="for",
        description="Heal automatically after this time; if unset, it lasts until healed.",
        examples=["20s"],
    )
    calls: Calls | None = Field(
        default=None,
        description="Touch only these matching calls, counted from the injection.",
        examples=[1, "1-2", [1, 3]],
    )
    toxicity: Share = Field(
        default=1.0,
        description=(
            "Share of matching calls it touches, drawn from the seed; "
            "or shares by offset from the injection."
        ),
        examples=[0.3, {"0s": 0.05, "2h": 0.25}],
    )

    def in_words(self) -> str:
        """What it does, to follow the name of the upstream: "answers late".

        Default: its name, with its parameters; `chaos explain` has better words for many.
        """
        own = sorted(self.model_fields_set - Fault.model_fields.keys() - {"fault"})
        said = ", ".join(f"{key.rstrip('_')}: {getattr(self, key)}" for key in own)
        return f"has the fault {kind_of(type(self))!r}" + (f" ({said})" if said else "")


def kind_of(model: type[Fault]) -> str:
    """What scenarios call a fault of that model.

    Example:
        >>> from chaos.scenario.faults import TimeoutFault
        >>> kind_of(TimeoutFault)
        'timeout'
    """
    (kind,) = get_args(model.model_fields["fault"].annotation)
    return str(kind)
