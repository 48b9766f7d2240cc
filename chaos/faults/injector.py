"""Keeps the faults in force, and decides what they make of each call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chaos.choices import Choices
from chaos.errors import ChaosError
from chaos.faults.armed import Armed
from chaos.faults.decision import Decision
from chaos.faults.registry import kind_of
from chaos.ports import Operation, Recorder, Upstream
from chaos.scenario.faults import Fault
from chaos.trace.events import FaultEvent


class Injector:
    """The faults of one run.

    Attributes:
        recorder: Where injections, healings and touches are written; None for nowhere.

    Example:
        >>> from chaos.choices import Seeded
        >>> from chaos.scenario.faults import TimeoutFault
        >>> from chaos.upstreams.openai import OpenAIUpstream
        >>> injector = Injector(Seeded(7))
        >>> injector.inject(TimeoutFault(upstream="openai", fault="timeout"), now_s=0.0)
        'timeout'
        >>> decision = injector.decide(OpenAIUpstream(), Operation("chat.completions"), call=1)
        >>> decision.delivery.silent, decision.touched
        (True, ('timeout',))
    """

    def __init__(self, choices: Choices) -> None:
        self.recorder: Recorder | None = None
        self._choices = choices
        self._injections: list[Armed] = []
        self._active: dict[str, Armed] = {}

    @property
    def active(self) -> Mapping[str, Fault]:
        """The faults in force by id, in order of injection."""
        return {id_: armed.fault for id_, armed in self._active.items()}

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
        if self.recorder is not None:
            self.recorder.record(FaultEvent, fault=id_, what="injected")
        return id_

    def heal(self, id: str, *, by: str) -> None:  # noqa: A002 - the YAML word
        """End a fault; nothing happens if it has ended already. ``by`` says what ends it.

        Raises:
            ChaosError: There never was a fault of that id.
        """
        if all(armed.id != id for armed in self._injections):
            known = ", ".join(dict.fromkeys(armed.id for armed in self._injections)) or "none"
            raise ChaosError(f"no fault {id!r} was injected; expected one of: {known}")
        if self._active.pop(id, None) is not None and self.recorder is not None:
            self.recorder.record(FaultEvent, fault=id, what="healed", by=by)

    def heal_all(self, *, by: str = "the end of the run") -> None:
        """End every fault."""
        for id_ in tuple(self._active):
            self.heal(id_, by=by)

    def ever_touched(self, id: str) -> bool:  # noqa: A002 - the YAML word
        """Whether a fault of that id, in force or healed, affected any call."""
        return any(armed.touched for armed in self._injections if armed.id == id)

    def untouched(self) -> tuple[str, ...]:
        """Ids of injections that never affected a call; those of an id used twice count apart."""
        return tuple(dict.fromkeys(armed.id for armed in self._injections if not armed.touched))

    def decide(self, upstream: Upstream, operation: Operation, call: int) -> Decision:
        """What the faults in force make of a call; to be asked once for each call.

        Args:
            upstream: The provider that is called.
            operation: What it is asked for.
            call: Number of the call, for the trace.
        """
        # All are asked, so that no fault's count of calls depends on the other faults.
        claiming = [
            armed for armed in self._active.values() if armed.claims(upstream.name, operation)
        ]
        return Decision(upstream, claiming, partial(self._note_touch, call))

    def _note_touch(self, call: int, armed: Armed) -> None:
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
