"""A service under test as the harness sees it: a `Target`, its stand-ins, and what it promises.

A target finds all it may use in its `World`. What else can be added to the harness has its base
class where it acts; `chaos.extensions.ExtensionKind` lists the kinds, and ``docs/extend`` has a
page for each.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from chaos.choices import Choices
from chaos.errors import TargetError
from chaos.extensions import Extension, ExtensionKind, MisfitError, beside
from chaos.http import Request, Response
from chaos.processes.importing import load
from chaos.promises import BreakerPolicy, CachePolicy, Promises, RetryBudget, RetryPolicy
from chaos.scenario.actions import Action
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Isolation
from chaos.scenario.vocabulary import MODES, Observable, Vocabulary, take_any
from chaos.trace.bill import Bill
from chaos.trace.events import Event, Scalar
from chaos.trace.said import Said

__all__ = [
    "CONNECT",
    "MODES",
    "Action",
    "Answer",
    "BreakerPolicy",
    "CachePolicy",
    "Command",
    "Observable",
    "Operation",
    "Promises",
    "Recorder",
    "Reply",
    "RetryBudget",
    "RetryPolicy",
    "StandIn",
    "StreamUpstream",
    "Target",
    "Upstream",
    "Vocabulary",
    "World",
    "circumstances",
    "speaking_of",
    "stand_in",
    "take_any",
]

CONNECT = "connect"
"""The operation of a call that came no further than an attempt to connect."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for: a dotted name and, for stores, the object concerned.

    Example:
        >>> Operation("objects.media", "index/manifest.json").name
        'objects.media'
    """

    name: str
    object: str | None = None


class StandIn(Extension, ABC):
    """A stand-in for one provider: state of its own, no sockets, no clock but ``time``.

    A new one is made for each run. What it speaks is up to the classes below.
    """

    extends = ExtensionKind.UPSTREAM

    name: ClassVar[str]
    """What scenarios call it: ``openai``."""

    hosts: ClassVar[tuple[str, ...]]
    """Host names at which it is found."""

    operations: ClassVar[tuple[str, ...]]
    """Every operation it knows, for ``operation:`` in scenarios."""

    speaking: ClassVar[Collection[str]] = ()
    """The operations in which a model speaks. So laws know that the best answers carry a model's
    words, even in a run in which it never said any."""

    given: ClassVar[Circumstance | None] = None
    """What a scenario may say of it under ``given``, by its name; None for nothing."""

    reached_by: ClassVar[Mapping[str, str]] = {}
    """Environment variables that lead its clients to another address, for `chaos serve`: in the
    values, ``{url}`` is that address and ``{host}`` the same without ``http://``."""

    @classmethod
    def check_extension(cls) -> None:
        """Whether it says what it is; see the base class."""
        for key, example in (
            ("name", 'name = "weather"'),
            ("hosts", 'hosts = ("api.weather.test",)'),
            ("operations", 'operations = ("now.get",)'),
        ):
            said = getattr(cls, key, None)
            if not said or (isinstance(said, str) is not (key == "name")):
                raise MisfitError(
                    f"has {said!r} as its {key!r}", "it to say so", f"write {example}"
                )

    def arrange(self, given: Any) -> None:  # noqa: ANN401 - of the model of `given`
        """Be as the scenario says, before anything happens. Default: nothing can be said."""
        raise NotImplementedError(f"{self.name} cannot be arranged as {given}")

    def describe(self, operation: Operation, response: Any) -> Mapping[str, Scalar]:  # noqa: ANN401
        """What a trace should remember of an answer, for people to read. Default: nothing.

        Args:
            operation: What was asked for.
            response: The answer: a `Response`, or the `Reply` of a `StreamUpstream`.
        """
        del operation, response
        return {}

    def said(self, operation: Operation, request: Any, response: Any) -> Said | None:  # noqa: ANN401
        """The same in words of no provider, which laws read; see `chaos.upstreams.said`.

        Called once for what the provider did, which a fault may keep from the client, and once
        for what the client has read to its end. Default: None, so that no law judges it.

        Args:
            operation: What was asked for.
            request: How: a `Request`, or the content of a `Command`.
            response: The answer, as for `describe`.
        """
        del operation, request, response
        return None

    def billed(self, operation: Operation, request: Any, response: Any) -> Bill | None:  # noqa: ANN401
        """What the provider wants to be paid for what it did. Default: nothing.

        Called once, for the provider's own answer, as for `said`; a fault that keeps it from the
        client makes it no cheaper.
        """
        del operation, request, response
        return None


STAND_INS: Mapping[str, str] = {
    "anthropic": "chaos.upstreams.anthropic:AnthropicUpstream",
    "gcs": "chaos.upstreams.gcs:GcsUpstream",
    "google-iam": "chaos.upstreams.google:IamCredentialsUpstream",
    "google-metadata": "chaos.upstreams.google:MetadataUpstream",
    "google-tokens": "chaos.upstreams.google:TokenUpstream",
    "openai": "chaos.upstreams.openai:OpenAIUpstream",
    "proxy": "chaos.upstreams.proxy:ForwardProxy",
    "redis": "chaos.upstreams.redis:RedisUpstream",
}
"""The stand-ins that come with the harness, by name, and where each is; imported when named."""


def stand_in(named: type[StandIn] | str) -> type[StandIn]:
    """A stand-in by its name, whether it comes with the harness or is added by others.

    Raises:
        TargetError: There is none of that name.
        ExtensionError: One that was added is not as it should be.

    Example:
        >>> stand_in("openai").hosts
        ('api.openai.com',)
    """
    if not isinstance(named, str):
        return named
    added = beside(ExtensionKind.UPSTREAM, STAND_INS)
    if named in added:
        found: type[StandIn] = added[named]
    elif named in STAND_INS:
        found = load(STAND_INS[named], told=f"upstream {named!r}", may_ask=True)
    else:
        known = sorted({*STAND_INS, *added})
        near = difflib.get_close_matches(named, known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "name its class, or add it as a plug-in"
        raise TargetError(
            f"unknown upstream {named!r}; expected one of: {', '.join(known)}; {fix}"
        )
    return found


def speaking_of(upstreams: Iterable[StandIn]) -> frozenset[tuple[str, str]]:
    """Upstream and operation wherever a model speaks.

    Example:
        >>> from chaos.upstreams.anthropic import AnthropicUpstream
        >>> speaking_of([AnthropicUpstream()])
        frozenset({('anthropic', 'messages')})
    """
    return frozenset((each.name, operation) for each in upstreams for operation in each.speaking)


class Upstream(StandIn):
    """A stand-in that speaks HTTP, at ports 80 and 443."""

    @abstractmethod
    def classify(self, request: Request) -> Operation | None:
        """Which operation this is; None if the provider has no such thing."""

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Answer as the provider would."""

    def rate_limited(self, code: str) -> Response:
        """The provider's real 429, without Retry-After."""
        return Response(status=429, body=code.encode())

    def failed(self, status: int) -> Response:
        """The provider's usual error for ``status``."""
        return Response(status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request to a `StreamUpstream`.

    Attributes:
        operation: What it asks for; None if the provider has no such thing.
        raw: Its bytes, as they came.
        content: The same as the stand-in understands it; for `StreamUpstream.handle`.
    """

    operation: Operation | None
    raw: bytes
    content: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a `StreamUpstream` says to a command.

    Attributes:
        data: Its bytes; empty if such a command gets no answer.
        error: The word by which the provider says that it did not do what was asked; laws count
            such a call as failed.
        closes: Whether the provider closes the connection then.
    """

    data: bytes = b""
    error: str | None = None
    closes: bool = False


class StreamUpstream(StandIn):
    r"""A stand-in that speaks something else than HTTP: bytes in, bytes out.

    The harness keeps the connections. It asks `next_command` what has come, and `handle` for the
    answer; faults befall both as they do with HTTP. Latencies, limits of pace, timeouts and resets
    act on an answer, the faults of the connection on connecting. Faults that are answers of an
    HTTP server (``rate_limit``, ``http_error``, ``malformed``, …) are refused.

    Example:
        >>> class Echo(StreamUpstream):
        ...     name, hosts, ports, operations = "echo", ("echo.test",), (7,), ("line",)
        ...
        ...     def next_command(self, data):
        ...         line, end, _ = data.partition(b"\n")
        ...         return Command(operation=Operation("line"), raw=line + end) if end else None
        ...
        ...     def handle(self, command, session):
        ...         return Reply(data=command.raw)
        >>> Echo().next_command(b"one\ntwo").raw
        b'one\n'
    """

    ports: ClassVar[tuple[int, ...]]
    """Where it listens."""

    tls_ports: ClassVar[tuple[int, ...]] = ()
    """Where it listens, and every connection begins with TLS."""

    def greet(self, session: dict[str, Any]) -> bytes:
        """What it says first on a new connection. Default: nothing."""
        del session
        return b""

    @abstractmethod
    def next_command(self, data: bytes) -> Command | None:
        """The first command in ``data``; None if it is not whole yet.

        Args:
            data: Everything that has come and belongs to no command yet.

        Raises:
            ValueError: This is not the protocol; the connection is reset, and the run is
                inconclusive.
        """

    @abstractmethod
    def handle(self, command: Command, session: dict[str, Any]) -> Reply:
        """Answer as the provider would.

        Args:
            command: One of `next_command`'s, whose operation is known.
            session: Whatever it wants to remember of this connection; empty at first.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a target gave a user; ``mode`` is ``llm``, ``fallback`` or a word of its own."""

    mode: str
    text: str = ""
    reason: str | None = None
    stale: bool = False
    truncated: bool = False
    sources: tuple[str, ...] = ()
    index_state: str | None = None


class Recorder(Protocol):
    """Writes the trace of a run."""

    def record(self, kind: type[Event], /, **fields: Any) -> None:  # noqa: ANN401
        """Add an event; position, time, actor and question are filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a target may use: everything it touches is in here.

    Attributes:
        upstreams: The stand-ins of this run, by name.
        folder: An empty folder of this run alone; it survives ``restart``.
        given: The scenario's ``given`` without its settings.
        settings: Dotted setting to value, as the scenario gives them.
        recorder: For events that only the target can see.
        choices: The source of everything undecided.
    """

    upstreams: Mapping[str, StandIn]
    folder: Path
    given: Mapping[str, Any]
    settings: Mapping[str, Any]
    recorder: Recorder
    choices: Choices


def circumstances(*upstreams: type[StandIn]) -> dict[str, Circumstance]:
    """What a scenario may say of stand-ins before the first step, for ``Vocabulary.given``.

    Example:
        >>> from chaos.upstreams.openai import OpenAIUpstream
        >>> list(circumstances(OpenAIUpstream))
        ['openai']
    """
    return {each.name: each.given for each in upstreams if each.given is not None}


class Target(Extension, ABC):
    """A service under test. One object serves one run; its class is found by name.

    Subclass it, name the upstreams, and answer in `ask`. Whatever has to be made for that, is made
    in `build`. Those two, `act`, `observe` and `close` may be coroutines: then they run in one
    event loop, as in production, and questions asked together are answered together there.

    Example:
        >>> class Echo(Target):
        ...     modes = ("told",)
        ...
        ...     async def ask(self, question: str) -> Answer:
        ...         return Answer(mode="told", text=question)
        >>> Echo.name
        'echo'
    """

    extends = ExtensionKind.TARGET

    name: ClassVar[str]
    """What people call it; by default the name of the class, in lower case."""

    upstreams: ClassVar[Sequence[type[StandIn] | str]] = ()
    """The stand-ins it needs, each a class or a name; see `make_upstreams` and `stand_in`."""

    modes: ClassVar[tuple[str, ...]] = MODES
    """How it may answer, the best first; see `Vocabulary`."""

    service: ClassVar[tuple[str, ...]] = ()
    """Packages and modules that the service is made of. An error that comes out of them while it
    starts is the service's own, and a failure; mutants are made of them."""

    brings: ClassVar[Sequence[type[Extension]]] = ()
    """Faults, laws and expectations that its scenarios have beside those of all: the classes, as a
    plug-in would add them. Other targets know nothing of them, and are not judged by them."""

    defects: ClassVar[str | None] = None
    """The module with a tuple ``DEFECTS``, for `chaos prove`. By default ``defects``, beside the
    module of the target, if there is one."""

    isolation: ClassVar[Isolation] = "process"
    """Whether each of its scenarios begins in a process of its own, or one process plays them all,
    which is faster. Share one only if nothing outlives a run: no module keeps a cache, a client or
    a counter. ``chaos run --check-order`` finds out."""

    interleaved: ClassVar[tuple[str, ...]] = ()
    """Modules in which threads may get in each other's way. Where a scenario asks for it, every
    line of theirs becomes a place at which another user may be let in."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in vars(cls):
            cls.name = cls.__name__.lower()

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words scenarios may use for it. Default: its upstreams and its modes."""
        upstreams = list(map(stand_in, cls.upstreams))
        return Vocabulary(
            upstreams={each.name: each.operations for each in upstreams},
            observables={},
            settings={},
            modes=cls.modes,
            given=circumstances(*upstreams),
            streams=frozenset(each.name for each in upstreams if issubclass(each, StreamUpstream)),
            brings=cls.brings,
        )

    @classmethod
    def warm_up(cls) -> None:
        """Load what takes long and never changes, before any run. Default: nothing.

        Called outside of the world, in a process whose copies play the runs: they find it loaded.
        """
        return

    @classmethod
    def make_upstreams(cls) -> Sequence[StandIn]:
        """New stand-ins for one run. Default: one of each of `upstreams`."""
        return [stand_in(each)() for each in cls.upstreams]

    def build(self, world: World) -> Awaitable[None] | None:
        """Build the service, and the state that ``given`` describes. Default: nothing."""
        del world
        return None

    @abstractmethod
    def ask(self, question: str) -> Answer | Awaitable[Answer]:
        """Put a question to the service, in the calling thread or in its event loop."""

    def act(
        self, action: str, parameters: Mapping[str, Any]
    ) -> Mapping[str, Scalar] | Awaitable[Mapping[str, Scalar]]:
        """Carry out a step such as ``restart``; what it returns goes into the trace."""
        raise NotImplementedError(f"{self.name} cannot {action!r} with {dict(parameters)}")

    def observe(self, key: str) -> Scalar | Awaitable[Scalar]:
        """The value of an observable now."""
        raise NotImplementedError(f"{self.name} has no observable {key!r}")

    def audit(self) -> Iterable[str] | Awaitable[Iterable[str]]:
        """Whatever the service tells of itself that is not so; each fails the run.

        Asked when all steps and expectations are through. What a service says of itself is no
        evidence: compare its status, its counters and its files with what users got, and with
        what the stand-ins hold. Default: nothing.
        """
        return ()

    def state(self) -> Hashable | None:
        """Everything that decides what the service will do from now on, while nobody asks.

        Of two runs that come to one state before the same step, the explorer follows only one.
        So nothing may be missing; times are given from now, and what only people read is left
        out. None, the default, says that it cannot be told.
        """
        return None

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """What the service promises under these settings. Default: nothing.

        Written from its specification: laws hold the service to it, so it must not be read
        back from the service itself.
        """
        del settings
        return Promises()

    def close(self) -> Awaitable[None] | None:
        """Release what `build` took. The run is over."""
        return None
