"""What a fault can be: something the provider answers, or something that befalls its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from chaos.choices import Choices
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.ports import Upstream
from chaos.scenario.faults import Fault

F = TypeVar("F", bound=Fault)


class Behaviour(ABC, Generic[F]):
    """What one injected fault does; found by the type of its model.

    It keeps no count of calls and draws no toxicity: by the time it is asked, the call is one
    that the fault is to touch. It may still find nothing to do, and then changes nothing.

    Attributes:
        fault: What the scenario asks for.
        id: Its name in this run.
        choices: The source of everything undecided.
    """

    model: ClassVar[type[Fault]]
    """The model it gives effect to."""

    simulated: ClassVar[str]
    """What happens in the simulated tier, in a few words."""

    wire: ClassVar[str]
    """Where it acts in the wire tier: a toxic, or the upstream server."""

    def __init__(self, fault: F, *, id: str, choices: Choices) -> None:  # noqa: A002 - the YAML word
        self.fault = fault
        self.id = id
        self.choices = choices


class ProviderFault(Behaviour[F]):
    """The provider itself answers wrongly."""

    wire = "upstream server"


class ReplacingFault(ProviderFault[F]):
    """The provider answers this instead of doing what was asked."""

    @abstractmethod
    def answer(self, upstream: Upstream) -> Response:
        """The whole response. The upstream's state stays as it was."""


class AlteringFault(ProviderFault[F]):
    """The provider does what was asked, and its answer is changed."""

    @abstractmethod
    def alter(self, response: Response) -> Response:
        """The changed response; the same one if there is nothing here to change."""


class DeliveryFault(Behaviour[F]):
    """The provider is well; the way to it is not."""


class OutageFault(DeliveryFault[F]):
    """The provider is never reached, so there is no response."""

    delivery: ClassVar[Delivery]
    """How the call ends: refused or silent."""


class BendingFault(DeliveryFault[F]):
    """A response comes, but late, slowly or in part."""

    @abstractmethod
    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """The changed delivery; the same one if this response would not be affected."""


AnyBehaviour = ProviderFault[Any] | DeliveryFault[Any]
"""What an injector can arm."""
