"""What a fault can be: something the provider answers, or something that befalls its answer."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

from chaos.choices import Choices
from chaos.extensions import Extension, ExtensionKind, MisfitError
from chaos.faults.connecting import Connecting
from chaos.faults.delivery import Answered, Delivery, Lost
from chaos.http import Response
from chaos.ports import Upstream
from chaos.scenario import faults as models
from chaos.scenario.faults import Fault, kind_of

F = TypeVar("F", bound=Fault)
C = TypeVar("C", bound=models.ConnectingFault)


def _is_named(model: object) -> bool:
    """Whether it is a model with a name for scenarios."""
    if not isinstance(model, type) or not issubclass(model, Fault):
        return False
    field = model.model_fields.get("fault")
    return field is not None and len(get_args(field.annotation)) == 1


class Behaviour(Extension, ABC, Generic[F]):
    """What one injected fault does; found by the type of its model.

    Derive from one of the classes below, which say where a fault can strike.

    It keeps no count of calls and draws no toxicity: by the time it is asked, the call is one
    that the fault is to touch. It may still find nothing to do, and then changes nothing.

    Attributes:
        fault: What the scenario asks for.
        id: Its name in this run.
        choices: The source of everything undecided.
    """

    extends = ExtensionKind.FAULT

    name: ClassVar[str]
    """What scenarios call it; its model says."""

    model: ClassVar[type[Fault]]
    """The model it gives effect to."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if _is_named(vars(cls).get("model")):
            cls.name = kind_of(cls.model)

    def __init__(self, fault: F, *, id: str, choices: Choices) -> None:  # noqa: A002 - the YAML word
        self.fault = fault
        self.id = id
        self.choices = choices

    @classmethod
    def check_extension(cls) -> None:
        """Whether scenarios can ask for it, and its model says what it is; see the base class."""
        model: Any = getattr(cls, "model", None)
        _check_place(cls)
        _check_model(model)
        _check_agreement(cls, model)
        _check_menu(cls, model)


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


ANSWERING = (ReplacingFault, AlteringFault, MeteringFault)
"""Those that are answers of an HTTP server, or change one."""

_PLACES = (*ANSWERING, LosingFault, BendingFault, ConnectingFault, IdleFault)


def _check_place(behaviour: type[Behaviour[Any]]) -> None:
    if not issubclass(behaviour, _PLACES):
        places = ", ".join(each.__name__ for each in _PLACES)
        fix = "derive from the one that says where it strikes"
        raise MisfitError("does not say where it acts", f"a subclass of one of: {places}", fix)


def _check_model(model: object) -> None:
    if not isinstance(model, type) or not issubclass(model, Fault) or not _is_named(model):
        raise MisfitError(
            f"has {model!r} as its 'model'",
            "a subclass of chaos.scenario.faults.Fault with a field 'fault'",
            "give that one 'fault: Literal[\"my_fault\"]', and name it: model = MyFault",
        )
    kind = kind_of(model)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", kind):
        fix = f"write {re.sub(r'[^a-z0-9]+', '_', kind.lower()).strip('_')!r}"
        raise MisfitError(f"is called {kind!r}", "lower-case letters, digits and underscores", fix)
    if "__doc__" not in vars(model) or not model.__doc__:
        fix = "write a docstring: what the provider does, in a sentence"
        raise MisfitError(f"has no words in {model.__name__}", "what it does, for people", fix)


def _check_agreement(behaviour: type[Behaviour[Any]], model: type[Fault]) -> None:
    """Whether the two say the same of where it strikes: files are checked by the model alone."""
    if issubclass(behaviour, ANSWERING) and not model.needs_http:
        fix = f"set needs_http = True in {model.__name__}"
        raise MisfitError("answers, and its model does not say so", "'needs_http'", fix)
    is_idle = issubclass(behaviour, IdleFault)
    if is_idle is not model.between_calls:
        fix = f"set between_calls = {is_idle} in {model.__name__}"
        raise MisfitError("and its model differ on whether it strikes calls", "one answer", fix)
    if issubclass(behaviour, ConnectingFault) is not issubclass(model, models.ConnectingFault):
        raise MisfitError(
            "and its model differ on whether it strikes attempts to connect",
            "one answer",
            "derive each from the class ConnectingFault of its module, or neither",
        )


def _check_menu(behaviour: type[Behaviour[Any]], model: type[Fault]) -> None:
    if model.menu and issubclass(behaviour, IdleFault):
        raise MisfitError("is on the menu, but affects no call", "no 'menu'", "remove it")
    for said in model.menu:
        try:
            model.model_validate({"upstream": "x", "fault": kind_of(model), **said})
        except ValueError as error:
            first = str(error).splitlines()[1:3]
            raise MisfitError(
                f"has {said!r} on its menu, where {' '.join(map(str.strip, first))}",
                "parameters as a file would write them",
                "correct them",
            ) from None
