"""The injector that asks at each call, and each connecting, which fault is to befall it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from chaos.choices import Seeded, Steered
from chaos.explorer.menu import Menu
from chaos.faults.behaviour import AlteringFault, BendingFault, Stage
from chaos.faults.connecting import Connecting
from chaos.faults.decision import Decision
from chaos.faults.delivery import PERFECT, Delivery
from chaos.faults.injector import Injector
from chaos.faults.registry import behaviour_of
from chaos.http import Response
from chaos.ports import CONNECT, Operation, StandIn, Upstream
from chaos.scenario.faults import Fault
from chaos.simulation.tasks.baton import scheduler_here
from chaos.trace.recorder import TraceRecorder

FAULT = "fault"
"""The kind of decision that picks a fault; 0 is for none."""


@dataclass(frozen=True, slots=True)
class ConnectAttempt:
    """An attempt to connect.

    Attributes:
        upstream: To whom.
        stage: How far it had come.
        seq: How many events there were in the trace before.
        struck_by: The fault that was picked for it; None if none was.
    """

    upstream: str
    stage: Stage
    seq: int
    struck_by: str | None = None


class AskingInjector(Injector):
    """Asks ``choices`` about each call; a fault that is picked touches that call and no other.

    An attempt to connect is asked about as well, before there is a call: once as the name is
    looked up, once as somebody is to answer there.

    Its id says where it struck, for example ``ask-2-openai-1``. It does not depend on what other
    faults there are, so that neither does anything that is drawn under it.

    Args:
        choices: Steers decisions of the kind `FAULT`.
        menu: What there is to pick.
        looks_ahead: Whether to find out which faults would change nothing.

    Attributes:
        idle: Number of a steered decision to the picks that would have changed nothing there.
        struck: The faults that were picked so far.
        attempts: All attempts to connect, in order.
    """

    def __init__(self, choices: Steered, menu: Menu, *, looks_ahead: bool = False) -> None:
        super().__init__(choices)
        self.idle: dict[int, frozenset[int]] = {}
        self.struck: list[Fault] = []
        self.attempts: list[ConnectAttempt] = []
        self._steered = choices
        self._menu = menu
        self._looks_ahead = looks_ahead
        self._calls: Counter[str] = Counter()

    def decide(self, upstream: StandIn, operation: Operation, call: int) -> Decision:
        """Pick a fault, have it befall this call, and end it."""
        is_http = isinstance(upstream, Upstream)
        dishes = self._menu.at(upstream.name, operation.name, is_http=is_http)
        number = len(self._steered.steered)
        label = f"{FAULT}/{upstream.name}/{operation.name}"
        picked = self._steered.pick(label, len(dishes) + 1)
        id_, now_s = self._where(upstream.name)
        if picked:
            self._strike(dishes[picked - 1], id_, now_s)
            decision = super().decide(upstream, operation, call)
            self.heal(id_, by="the end of the call")
            return decision
        if self._looks_ahead and not self.active:
            return _LookingAhead(upstream, dishes, lambda idle: self.idle.update({number: idle}))
        return super().decide(upstream, operation, call)

    def connect(self, upstream: str, stage: Stage) -> Connecting:
        """Pick a fault, have this attempt meet it, and end it."""
        assert isinstance(self.recorder, TraceRecorder), "a run has a trace"
        seq = len(self.recorder.trace)
        dishes = self._menu.connecting(upstream, stage)
        label = f"{FAULT}/{upstream}/{CONNECT}/{stage}"
        picked = self._steered.pick(label, len(dishes) + 1) if dishes else 0
        if not picked:
            self.attempts.append(ConnectAttempt(upstream, stage, seq))
            return super().connect(upstream, stage)
        id_, now_s = self._where(f"{upstream}-{CONNECT}")
        self.attempts.append(ConnectAttempt(upstream, stage, seq, struck_by=id_))
        self._strike(dishes[picked - 1], id_, now_s)
        met = super().connect(upstream, stage)
        self.heal(id_, by="the end of the attempt")
        return met

    def _strike(self, dish: Fault, id_: str, now_s: float) -> None:
        fault = dish.model_copy(update={"id": id_})
        self.struck.append(fault)
        self.inject(fault, now_s=now_s)

    def _where(self, upstream: str) -> tuple[str, float]:
        """Where the fault strikes, and when."""
        scheduler = scheduler_here()
        behalf = scheduler.behalf() if scheduler is not None else None
        assert scheduler is not None, "calls are made in runs"
        assert behalf is not None, "calls are made for somebody"
        place = f"{behalf.actor if behalf.ask is None else f'ask-{behalf.ask}'}-{upstream}"
        self._calls[place] += 1
        return f"{place}-{self._calls[place]}", scheduler.clock.now_s


class _LookingAhead(Decision):
    """A call that nothing befalls; it sees which faults of the menu would leave it as it is.

    A fault that alters or bends is idle if it does nothing to the very response that came. All
    others strike for certain.
    """

    def __init__(
        self,
        upstream: StandIn,
        dishes: tuple[Fault, ...],
        on_idle: Callable[[frozenset[int]], None],
    ) -> None:
        super().__init__(upstream, (), lambda _: None)
        self._dishes = dishes
        self._on_idle = on_idle

    def delivery(self, response: Response) -> Delivery:
        """Like that of any decision; looks ahead on the way."""
        self._on_idle(
            frozenset(
                number
                for number, fault in enumerate(self._dishes, start=1)
                if _leaves_alone(fault, response)
            )
        )
        return super().delivery(response)


def _leaves_alone(fault: Fault, response: Response) -> bool:
    # What is drawn here must not be missed by the run, hence a source of its own.
    behaviour = behaviour_of(fault, id="ahead", choices=Seeded(0))
    if isinstance(behaviour, AlteringFault):
        return bool(behaviour.alter(response) == response)
    if isinstance(behaviour, BendingFault):
        return bool(behaviour.bend(PERFECT, response) == PERFECT)
    return False
