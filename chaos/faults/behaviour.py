"""What a fault can be: something the provider answers, or something that befalls its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Literal, TypeVar

from chaos.choices import Choices
from chaos.faults.connecting import Connecting
from chaos.faults.delivery import Answered, Delivery, Lost
from chaos.http import Response
from chaos.ports import Upstream
from chaos.scenario import faults as models
from chaos.scenario.faults import Fault

F = TypeVar("F", bound=Fault)
C = TypeVar("C", bound=models.ConnectingFault)


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

    def __init__(self, fault: F, *, id: str, choices: Choices) -> None:  # noqa: A002 - the YAML word
        self.fault = fault
        self.id = id
        self.choices = choices


class ReplacingFault(Behaviour[F]):
    """The provider answers this instead of doing what was asked."""

    @abstractmethod
    def answer(self, upstream: Upstream) -> Response:
        """The whole response. The upstream's state stays as it was."""


class AlteringFault(Behaviour[F]):
    """The provider does what was asked, and its answer is changed."""

    @abstractmethod
    def alter(self, response: Response) -> Response:
        """The changed response; the same one if there is nothing here to change."""


class MeteringFault(Behaviour[F]):
    """The provider keeps count of requests: it refuses some, and marks its answers to the rest."""

    @abstractmethod
    def refuse(self, upstream: Upstream) -> Response | None:
        """The whole response to a request that it does not take; None if it takes it."""

    @abstractmethod
    def mark(self, response: Response) -> Response:
        """The answer to a request that it took, with what it says of its count."""


class LosingFault(Behaviour[F]):
    """The request never gets to the provider, so there is no response."""

    @abstractmethod
    def lose(self) -> Lost | None:
        """How the call ends; None if this one lets the request through."""


class BendingFault(Behaviour[F]):
    """The provider does what was asked, and the way of its answer is bent."""

    @abstractmethod
    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """The changed delivery; the same one if this response would not be affected."""


Stage = Literal["name", "connect"]
"""Where an attempt to connect can fail: when the name is looked up, or after that."""


class ConnectingFault(Behaviour[C]):
    """No connection comes about. There is no request, and so nothing that could take effect."""

    stage: ClassVar[Stage] = "connect"
    """When it strikes."""

    @property
    def closes_open(self) -> bool:
        """Whether connections that are open, and idle, are closed when it begins."""
        return self.fault.open_connections == "closed"

    @abstractmethod
    def meet(self) -> Connecting:
        """What becomes of an attempt to connect."""


class IdleFault(Behaviour[F]):
    """The provider ends connections between two requests."""

    @property
    @abstractmethod
    def idle_s(self) -> float | None:
        """Seconds for which an idle connection lasts; None if it is not a matter of time."""

    @property
    @abstractmethod
    def how(self) -> Literal["fin", "reset", "race"]:
        """How a connection ends: in order, by a reset, or as the next request is on its way."""


AnyBehaviour = (
    ReplacingFault[Any]
    | AlteringFault[Any]
    | MeteringFault[Any]
    | LosingFault[Any]
    | BendingFault[Any]
    | ConnectingFault[Any]
    | IdleFault[Any]
)
"""What an injector can arm."""
