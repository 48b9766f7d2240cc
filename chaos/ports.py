"""Every extension point of the harness on one page.

A service under test is a `Target`; what it relies on are `Upstream` stand-ins; what judges a run
is a `Check`; who reads the results is a `Reporter`. A target finds all it may use in its `World`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

from chaos.choices import Choices
from chaos.http import Request, Response
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Isolation
from chaos.trace.events import Event, Scalar
from chaos.units import parse_duration
from chaos.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for: a dotted name and, for stores, the object concerned.

    Example:
        >>> Operation("objects.media", "index/manifest.json").name
        'objects.media'
    """

    name: str
    object: str | None = None


class Upstream(ABC):
    """A stand-in for one provider: state of its own, no sockets, no clock but ``time``.

    A new one is made for each run.
    """

    name: ClassVar[str]
    """What scenarios call it: ``openai``."""

    hosts: ClassVar[tuple[str, ...]]
    """Host names whose requests it answers."""

    operations: ClassVar[tuple[str, ...]]
    """Every operation it knows, for ``operation:`` in scenarios."""

    @abstractmethod
    def classify(self, request: Request) -> Operation | None:
        """Which operation this is; None if the provider has no such thing."""

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Answer as the provider would."""

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """What a trace should remember of an answer, for laws to judge. Default: nothing."""
        del operation, response
        return {}

    def rate_limited(self, code: str) -> Response:
        """The provider's real 429, without Retry-After."""
        return Response(status=429, body=code.encode())

    def failed(self, status: int) -> Response:
        """The provider's usual error for ``status``."""
        return Response(status=status)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What a target promises about attempts; laws hold it to that."""

    attempts: int
    first_backoff_s: float
    max_backoff_s: float
    jitter_s: float
    multiplier: float = 2.0
    never_retried: frozenset[int] = frozenset({400, 401, 403, 404, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """What a target promises about a breaker; the reference model is built from it."""

    failure_threshold: int
    recovery_timeout_s: float
    half_open_max_calls: int = 1
    trial_lease_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """What a target promises about a cached copy.

    Attributes:
        fresh_for_s: A copy younger than this is fresh.
        retry_failed_after_max_s: After a failed refresh, the next one is tried no later than this,
            if anybody asks; None promises nothing.
    """

    fresh_for_s: float
    retry_failed_after_max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Everything a target promises, by upstream; what is absent is not judged."""

    deadline_s: float | None = None
    retries: Mapping[str, RetryPolicy] = field(default_factory=dict)
    breakers: Mapping[str, BreakerPolicy] = field(default_factory=dict)
    caches: Mapping[str, CachePolicy] = field(default_factory=dict)


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

    upstreams: Mapping[str, Upstream]
    folder: Path
    given: Mapping[str, Any]
    settings: Mapping[str, Any]
    recorder: Recorder
    choices: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Observable:
    """Something of a target that a scenario can look at.

    Attributes:
        type: ``str``, ``int``, ``float`` (seconds for durations) or ``bool``.
        values: Every value it can take, if they are few.
        duration: Whether scenarios write it with a unit.
        doc: One line for the reference.
    """

    type: type
    doc: str
    values: tuple[str, ...] = ()
    duration: bool = False


def take_any(key: str, value: object) -> None:
    """Refuse no value of a setting; whether a service takes it, is found out when it starts."""
    del key, value


MODES = ("llm", "fallback", "error")
"""How a service answers that says nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words a target adds to the scenario language; the loader checks files against it.

    Attributes:
        upstreams: Upstream name to its operations.
        observables: Key to what it is.
        settings: Dotted setting to its type: timedelta, int, float, bool or str.
        defaults: What a setting is where a scenario does not say; for people to read.
        modes: Values of ``answer.mode``, and the keys of ``answers``; the first is how it answers
            while all is well.
        actions: Steps it supports beyond ``ask``: ``restart``, ``refresh_index``, …
        given: Keys it understands under ``given``, and what may stand there.
        refuse: Given a setting and a value of its type: what is expected, as words for people, if
            the service would not take it; else None. So a file is refused, and not a run wasted.
    """

    upstreams: Mapping[str, tuple[str, ...]]
    observables: Mapping[str, Observable]
    settings: Mapping[str, type]
    modes: tuple[str, ...] = MODES
    actions: frozenset[str] = frozenset()
    given: Mapping[str, Circumstance] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    refuse: Callable[[str, Any], str | None] = take_any

    @property
    def best_mode(self) -> str:
        """How it answers while all is well: what `time_to_recover` waits for.

        Example:
            >>> words = {"upstreams": {}, "observables": {}, "settings": {}}
            >>> Vocabulary(**words, modes=("told", "guessed", "error")).best_mode
            'told'
        """
        return next(iter(self.modes), "")

    def typed(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as a file writes them, turned into the types they are of.

        Example:
            >>> words = Vocabulary(upstreams={}, observables={}, settings={"ttl": timedelta})
            >>> words.typed({"ttl": "1m"})["ttl"].total_seconds()
            60.0
        """
        return {
            key: parse_duration(value)
            if self.settings.get(key) is timedelta and isinstance(value, str)
            else value
            for key, value in settings.items()
        }


class Target(ABC):
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

    name: ClassVar[str]
    """What people call it; by default the name of the class, in lower case."""

    upstreams: ClassVar[Sequence[type[Upstream]]] = ()
    """The stand-ins it needs; see `make_upstreams`."""

    modes: ClassVar[tuple[str, ...]] = MODES
    """How it may answer, the best first; see `Vocabulary`."""

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
        upstreams = {each.name: each.operations for each in cls.upstreams}
        return Vocabulary(upstreams=upstreams, observables={}, settings={}, modes=cls.modes)

    @classmethod
    def make_upstreams(cls) -> Sequence[Upstream]:
        """New stand-ins for one run. Default: one of each of `upstreams`."""
        return [each() for each in cls.upstreams]

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


class Check(Protocol):
    """A rule over a finished run."""

    name: str

    def judge(self, run: Any, /) -> Verdict:  # noqa: ANN401 - see chaos.checks.run_record
        """Conclude; a check that had nothing to judge is inconclusive, never passed."""
