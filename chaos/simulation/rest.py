"""When the work of a service has ended: later, perhaps, than its last answer."""

from __future__ import annotations

from chaos.simulation.loops.ending import longest_timer_s
from chaos.simulation.run import SimulatedRun
from chaos.simulation.timing.clock import TICKS_PER_S
from chaos.trace.events import Event, FaultEvent, WaitEvent

QUIET_S = 60.0
"""A service that could go on, and of which nothing has been seen for so long, has ended its work.

Whoever looks every second whether there is anything to do finds something within this time, or
has nothing to do.
"""

LONGEST_S = 600.0
"""So long is waited for rest, in virtual time: work without end does not make a run endless."""

_MOST_SWITCHES = 50_000
"""For whoever looks every millisecond; it takes about a second of ours."""

_TICK_S = 1 / TICKS_PER_S


def come_to_rest(run: SimulatedRun) -> None:
    """Let the threads and loops of the service go on until their work has ended.

    It has ended when none of them can go on unless somebody asks. Or when all that they do is to
    wait once more: every timer that was set when something last happened has run out since, a
    minute has passed, and there was no call, no error, no event of any other kind. So a refresh
    that sleeps in its backoff is waited for, and a worker that wakes up every minute and finds
    nothing to do is not. Work that never ends, such as a call every minute, is cut off after
    `LONGEST_S`, or when it has taken very many turns.

    Must be called by the harness, when no user acts any more.

    Args:
        run: It goes on for so long, and not at all if nobody has anything left to do.

    Raises:
        SimulationError: As `SimulatedRun.wait`.
    """
    clock, scheduler = run.clock, run.scheduler
    deadline_s = clock.now_s + LONGEST_S
    turns = scheduler.switches + _MOST_SWITCHES
    seen, until_s = 0, None
    while scheduler.switches < turns:
        due_s = scheduler.latest_due_s()
        if due_s is None:
            return
        if any(_is_work(event) for event in run.trace[seen:]):
            until_s = None
        seen = len(run.trace)
        if until_s is None and not scheduler.is_anybody_ready:
            timers_s = [clock.now_s + longest_timer_s(loop) for loop in run.loops]
            until_s = max(clock.now_s + QUIET_S, due_s, *timers_s) + _TICK_S
        left_s = min(deadline_s if until_s is None else until_s, deadline_s) - clock.now_s
        if left_s <= 0:
            return
        next_s = scheduler.next_due_s() - clock.now_s
        # A tick later than whoever is next, so that there is no question who goes first.
        run.wait(min(max(next_s, 0.0) + _TICK_S, left_s))


def _is_work(event: Event) -> bool:
    """Whether something has happened: that time passes, or that a fault ends, is nothing."""
    return not isinstance(event, WaitEvent | FaultEvent)
