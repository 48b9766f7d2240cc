"""Faults in real time that end by themselves, after as long as their ``for`` says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context

from chaos.scenario.faults import Fault
from chaos.tiers.served.world import ServedWorld
from chaos.units import format_duration


def begin_fault(
    fault: Fault,
    world: ServedWorld,
    over: threading.Event,
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """Begin a fault, and end it when its time has passed; returns its id.

    Args:
        fault: What to begin.
        world: Where.
        over: Once set, nothing ends any more: what is written down is complete.
        tell: Is told, in words, that the fault has ended.

    Raises:
        ChaosError: A fault of that id is in force.
    """
    with world.turn():
        fault_id = world.injector.inject(fault, now_s=world.clock.now_s)
    if fault.for_ is not None:
        lasts_s = fault.for_.total_seconds()

        def expire() -> None:
            if not over.wait(lasts_s) and world.injector.expire(fault_id, fault):
                tell(f"{fault_id} is healed, after {format_duration(lasts_s)}")

        # In the context of whoever began it: the trace says who did, also of the end.
        body = copy_context().run
        name = f"expiry of {fault_id}"
        threading.Thread(target=body, args=[expire], name=name, daemon=True).start()
    return fault_id
