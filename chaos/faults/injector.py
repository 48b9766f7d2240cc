"""Keeps the faults in force, and decides what they make of each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from chaos.choices import Choices
from chaos.errors import ChaosError
from chaos.faults.armed import Armed
from chaos.faults.behaviour import ConnectingFault, IdleFault, Stage
from chaos.faults.connecting import CONNECTED, Connecting
from chaos.faults.decision import Decision
from chaos.faults.registry import kind_of
from chaos.ports import Operation, Recorder, StandIn
from chaos.scenario.faults import Fault
from chaos.trace.events import FaultEvent
from chaos.units import format_duration


class Connections(Protocol):
    """The connections that clients keep open to providers."""

    def idle(self) -> tuple[tuple[str, int], ...]:
        """Of each that is open and not in use, the provider, and for how many ticks it is so."""

    def end_idle(self, upstream: str, how: Literal["fin", "reset", "race"]) -> int:
        """End those on which nothing is under way; returns how many there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleLimit:
    """How long a connection lasts that nobody uses, and how it ends then."""

    seconds: float
    how: Literal["fin", "reset", "race"]
    by: str


class Injector:
    """The faults of one run.

    Attributes:
        recorder: Where injections, healings and touches are written; None for nowhere.
        connections: Those of the run; None if it has no network.

    Example:
        >>> from chaos.choices import Seeded
        >>> from chaos.scenario.faults import TimeoutFault
        >>> from chaos.upstreams.openai import OpenAIUpstream
        >>> injector = Injector(Seeded(7))
        >>> lost = TimeoutFault(upstream="openai", fault="timeout", takes_effect=False)
        >>> injector.inject(lost, now_s=0.0)
        'timeout'
        >>> decision = injector.decide(OpenAIUpstream(), Operation("chat.completions"), call=1)
        >>> decision.lost.how, decision.touched
        ('silence', ())
    """

    def __init__(self, choices: Choices) -> None:
        self.recorder: Recorder | None = None
        self.connections: Connections | None = None
        self._choices = choices
        self._injections: list[Armed] = []
        self._active: dict[str, Armed] = {}
        # The same, by what they strike: each call asks all that could strike it, and no others.
        self._of_calls: list[Armed] = []
        self._of_connections: list[Armed] = []
        self._of_idleness: list[Armed] = []

    @property
    def active(self) -> Mapping[str, Fault]:
        """The faults in force by id, in order of injection."""
        return {id_: armed.fault for id_, armed in self._active.items()}

    @property
    def injected(self) -> tuple[tuple[str, Fault], ...]:
        """Every fault there ever was, with its id, in order of injection."""
        return tuple((armed.id, armed.fault) for armed in self._injections)

    def inject(self, fault: Fault, *, now_s: float) -> str:
        """Begin a fault; its calls are counted from here.

        An id may be used again once its fault is healed.

        Args:
            fault: What to begin.
            now_s: Virtual time, kept with the injection.

        Returns:
            Its id: its own, or its kind, numbered from the second on (``latency-2``).

        Raises:
            ChaosError: A fault of that id is in force.
        """
        id_ = fault.id or self._free_id(kind_of(type(fault)))
        if id_ in self._active:
            raise ChaosError(
                f"fault {id_!r} is already in force; heal it first, or give this one another id"
            )
        armed = Armed(fault, id=id_, since_s=now_s, choices=self._choices)
        self._injections.append(armed)
        self._active[id_] = armed
        self._alike(armed).append(armed)
        if self.recorder is not None:
            self.recorder.record(FaultEvent, fault=id_, what="injected")
        self._begin(armed)
        return id_

    def heal(self, id: str, *, by: str) -> None:  # noqa: A002 - the YAML word
        """End a fault; nothing happens if it has ended already. ``by`` says what ends it.

        Raises:
            ChaosError: There never was a fault of that id.
        """
        if all(armed.id != id for armed in self._injections):
            known = ", ".join(dict.fromkeys(armed.id for armed in self._injections)) or "none"
            raise ChaosError(f"no fault {id!r} was injected; expected one of: {known}")
        ended = self._active.pop(id, None)
        if ended is None:
            return
        self._alike(ended).remove(ended)
        if self.recorder is not None:
            self.recorder.record(FaultEvent, fault=id, what="healed", by=by)

    def expire(self, id: str, fault: Fault) -> bool:  # noqa: A002 - the YAML word
        """End a fault because its time has passed; whether it was still in force.

        Args:
            id: The id that it was given.
            fault: What was injected: the id may have been healed, and used again, in the meantime.
        """
        assert fault.for_ is not None, "it has a length"
        if self.active.get(id) is not fault:
            return False
        self.heal(id, by=f"for {format_duration(fault.for_)}")
        return True

    def untouched(self) -> tuple[str, ...]:
        """Ids of injections that never affected a call; those of an id used twice count apart."""
        return tuple(dict.fromkeys(armed.id for armed in self._injections if not armed.touched))

    def decide(self, upstream: StandIn, operation: Operation, call: int) -> Decision:
        """What the faults in force make of a call; to be asked once for each call.

        Args:
            upstream: The provider that is called.
            operation: What it is asked for.
            call: Number of the call, for the trace.
        """
        # All are asked, so that no fault's count of calls depends on the other faults.
        claiming = [armed for armed in self._of_calls if armed.claims(upstream.name, operation)]
        return Decision(upstream, claiming, partial(self._note_touch, call))

    def connect(self, upstream: str, stage: Stage) -> Connecting:
        """What the faults in force make of an attempt to connect; to be asked once for each.

        Args:
            upstream: The provider.
            stage: Whether its name is looked up, or its address is connected to.
        """
        found: Connecting = CONNECTED
        for armed in self._of_connections:
            if (
                isinstance(armed.behaviour, ConnectingFault)
                and armed.behaviour.stage == stage
                and armed.claims_connection(upstream)
                and found is CONNECTED
            ):
                found = armed.behaviour.meet()
        return found

    def decided(self, upstream: StandIn, by: str, call: int) -> Decision:
        """The decision on a call that a fault of the connection has brought to nothing."""
        decision = Decision(
            upstream,
            [armed for armed in self._injections if armed.id == by][-1:],
            partial(self._note_touch, call),
        )
        decision.acted(by)
        return decision

    def idle_limit(self, upstream: str) -> IdleLimit | None:
        """How long an idle connection lasts now; None if it lasts for ever."""
        limits = [
            IdleLimit(seconds=behaviour.idle_s, how=behaviour.how, by=armed.id)
            for armed in self._of_idleness
            if isinstance(behaviour := armed.behaviour, IdleFault)
            and armed.fault.upstream == upstream
            and behaviour.idle_s is not None
        ]
        return min(limits, key=lambda limit: limit.seconds, default=None)

    def acted(self, by: str, *, call: int | None = None) -> None:
        """A fault of the connection has done what it asks for; on a call, if there was one."""
        armed = self._active.get(by) or next(
            (each for each in reversed(self._injections) if each.id == by), None
        )
        if armed is not None:
            self._note_touch(call, armed)

    def _alike(self, armed: Armed) -> list[Armed]:
        """Those in force that strike at the same kind of place."""
        if isinstance(armed.behaviour, ConnectingFault):
            return self._of_connections
        return self._of_idleness if isinstance(armed.behaviour, IdleFault) else self._of_calls

    def _begin(self, armed: Armed) -> None:
        """What a fault does when it begins, and not at a call."""
        behaviour = armed.behaviour
        if self.connections is None:
            return
        if isinstance(behaviour, IdleFault) and behaviour.idle_s is None:
            if self.connections.end_idle(armed.fault.upstream, behaviour.how):
                self._note_touch(None, armed)
        elif isinstance(behaviour, ConnectingFault) and behaviour.closes_open:
            self.connections.end_idle(armed.fault.upstream, "fin")

    def _note_touch(self, call: int | None, armed: Armed) -> None:
        armed.touched = True
        if self.recorder is not None:
            self.recorder.record(FaultEvent, fault=armed.id, what="touched", call=call)

    def _free_id(self, kind: str) -> str:
        used = {armed.id for armed in self._injections}
        id_, number = kind, 1
        while id_ in used:
            number += 1
            id_ = f"{kind}-{number}"
        return id_
