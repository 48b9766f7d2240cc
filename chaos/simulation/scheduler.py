"""Users as threads of which exactly one runs at a time.

Whoever runs holds the baton. Whoever sleeps or waits hands it to the task that wakes next, and
moves the clock there. Between two such points nothing else happens, so a run is determined by
what `choices` decides when several tasks could go on at the same instant.
"""

from __future__ import annotations

import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from chaos.choices import Choices
from chaos.errors import DeadlockError, LivelockError, StuckError
from chaos.simulation.agenda import Agenda
from chaos.simulation.clock import Clock, to_ticks
from chaos.simulation.limits import DEFAULT_LIMITS, Limits
from chaos.simulation.stacks import describe_waits, stack_of
from chaos.simulation.task import Abandoned, Blocker, Task, in_words, start_thread

TraceFunction = Callable[[FrameType, str, Any], Any]
"""What ``sys.settrace`` takes."""

HARNESS = "harness"
"""The actor of whatever happens outside all tasks."""

_start = threading.Thread.start
_left_behind: set[int] = set()
"""Threads of earlier runs that did not end; should they wake up, they are told to leave."""


class Scheduler:
    """Runs tasks in virtual time, one at a time.

    Args:
        clock: Moved on whenever nobody can run now.
        choices: Decides, under the label "order", who goes first.
        limits: What counts as stuck, or as a run without end.

    Attributes:
        tracer: Trace function of all tasks that start from now on; see `Interleaving`.
        deaths: Threads of the service that an error ended: which, when, and what error.

    Example:
        >>> from chaos.choices import Seeded
        >>> with Clock() as clock:
        ...     scheduler = Scheduler(clock, Seeded(7))
        ...     nap = scheduler.spawn("user-1", lambda: scheduler.sleep(3600.0))
        ...     scheduler.run()
        ...     nap.ended, clock.now_s
        (True, 3600.0)
    """

    def __init__(self, clock: Clock, choices: Choices, limits: Limits = DEFAULT_LIMITS) -> None:
        self.clock = clock
        self.tracer: TraceFunction | None = None
        self._choices = choices
        self._limits = limits
        self._switches_left = limits.max_switches
        self._horizon_ticks = to_ticks(limits.max_virtual_s)
        self._harness = Task(HARNESS, actor=HARNESS)
        self._harness.ident = get_ident()
        self._harness_gate = allocate_lock()
        self._harness_gate.acquire()
        self._tasks: list[Task] = []
        self._by_thread: dict[threading.Thread, Task] = {}
        self._foreground = 0
        self._running: Task | None = None
        self._agenda = Agenda(clock)
        self._closing = False
        self._failure: Exception | None = None
        self.deaths: list[str] = []

    @property
    def current(self) -> Task | None:
        """The task the calling thread is; None outside all tasks."""
        running = self._running
        return running if running is not None and running.ident == get_ident() else None

    @property
    def acting(self) -> Task | None:
        """Like `current`, but the harness's own thread counts while no task runs."""
        acting = self._running or self._harness
        return acting if acting.ident == get_ident() else None

    def task_of(self, thread: threading.Thread) -> Task | None:
        """The task that ``thread`` carries out; None if it is no part of this run."""
        return self._by_thread.get(thread)

    def spawn(
        self,
        name: str,
        body: Callable[[], object],
        *,
        at_s: float | None = None,
        background: bool = False,
    ) -> Task:
        """Add a task; it starts when the baton comes round to it.

        Spawned by another task it acts for the same actor and question, otherwise for itself.

        Args:
            name: For reports, and the name of its thread.
            body: What it does. An exception ends up in ``Task.error``.
            at_s: Virtual second of the run at which it starts; None for now.
            background: Whether the run may end without it.
        """
        task = self._make_task(name, background=background)
        if task.actor == HARNESS:
            task.actor = name
        carry_out = partial(self._carry_out, task, body)
        thread = threading.Thread(target=carry_out, name=name, daemon=True)
        self._add(task, thread, None if at_s is None else to_ticks(at_s))
        return task

    def adopt(self, thread: threading.Thread) -> None:
        """Start a thread of the service as a background task."""
        task = self._make_task(thread.name, background=True)
        vars(thread)["run"] = partial(self._carry_out_adopted, task, thread)
        self._add(task, thread, None)

    def run(self) -> None:
        """Run until every task that is not in the background has ended; abandon the rest.

        Raises:
            StuckError: A task waits for something that is not simulated, or would not leave when
                the run was over.
            DeadlockError: Nobody can ever go on.
            LivelockError: Somebody goes on for ever.
        """
        assert self._running is None, "a task cannot run the scheduler"
        try:
            if self._foreground:
                self._give(self._next())
                self._watch()
        finally:
            self.abandon()
        if self._failure is not None:
            raise self._failure

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the calling task, or for the harness itself."""
        until = self.clock.ticks + to_ticks(seconds)
        task = self.current
        if task is None:
            if is_left_behind():
                raise Abandoned
            assert self.acting is not None, "a foreign thread cannot sleep in virtual time"
            self.clock.advance_to(until)
        elif task.abandoned:
            raise Abandoned
        elif not self._agenda.is_free_until(until):
            self._agenda.set_timer(task, until)
            self._park(task)
        elif self._may_go_on(until):
            # Nobody else wakes before: the baton need not leave this thread.
            self.clock.advance_to(until)
        else:
            self._hand_over(task, None)

    def block(self, task: Task, on: Blocker, until: int | None) -> bool:
        """Park the calling ``task`` until `wake`, or until the clock shows ``until`` ticks.

        Returns:
            Whether it was woken, rather than timed out.
        """
        if task.abandoned:
            raise Abandoned
        task.waits_for, task.waits_since_ticks = on, self.clock.ticks
        if until is not None:
            self._agenda.set_timer(task, until)
        try:
            self._park(task)
        finally:
            task.waits_for = None
        return task.woken

    def count_call(self, task: Task) -> None:
        """Note that the calling ``task`` calls a provider, before it does."""
        task.calls += 1
        # A sign of life: whoever calls without ever waiting is no more stuck than whoever waits.
        self._switches_left -= 1
        # Whoever works in the background may do so for ever.
        is_waited_for = task is self._running and not task.background
        if task.calls > self._limits.max_calls and is_waited_for:
            self._fail_as_livelock(
                f"{task.actor} has called {self._limits.max_calls:,} times"
                + (f" for question #{task.ask}, which has no answer yet" if task.ask else "")
            )
            self._hand_over(task, None)

    def let_in(self) -> None:
        """Ask, under the label "switch", whether a task that is ready goes on before this one."""
        task = self.current
        ready = self._agenda.ready
        if task is None or not ready or self._closing:
            return
        picked = self._pick(len(ready) + 1, "switch")
        if picked and self._may_go_on(self.clock.ticks):
            following = ready.pop(picked - 1)
            self._agenda.wake(task)
            self._hand_over(task, following)

    def wake(self, waiters: list[Task]) -> None:
        """Take one of ``waiters`` out of the list; it may go on from now."""
        if self._closing:
            return
        self._agenda.wake(waiters.pop(self._pick(len(waiters))))

    def join(self, task: Task, timeout_s: float | None = None) -> bool:
        """Wait until ``task`` has ended, for at most ``timeout_s``; returns whether it has."""
        me = self.current
        assert me is not None, "only a task can wait for a task"
        if not task.ended and (timeout_s is None or timeout_s > 0):
            until = None if timeout_s is None else self.clock.ticks + to_ticks(timeout_s)
            task.waiters.append(me)
            if not self.block(me, task, until):
                task.waiters.remove(me)
        return task.ended

    def abandon(self) -> None:
        """End every task that is left, one after another."""
        self._closing = True
        for task in self._tasks:
            if task.ended or task.ident in _left_behind:
                continue
            task.abandoned = True
            self._give(task)
            if not self._harness_gate.acquire(timeout=self._limits.stuck_after_s):
                _left_behind.add(task.ident)
                self._failure = self._failure or StuckError(
                    f"{task.name} does not end although the run is over:\n{stack_of(task.ident)}"
                )
        self._running = None
        self._agenda.clear()
        self._tasks.clear()
        self._by_thread.clear()
        self._foreground = 0
        self._closing = False

    def _make_task(self, name: str, *, background: bool) -> Task:
        parent = self.acting
        assert parent is not None, "a foreign thread cannot add tasks"
        if parent.abandoned:
            raise Abandoned
        task = Task(name, actor=parent.actor, ask=parent.ask, background=background)
        task.last_upstream = parent.last_upstream
        return task

    def _add(self, task: Task, thread: threading.Thread, at_ticks: int | None) -> None:
        task.thread = thread
        start_thread(thread, _start)
        self._tasks.append(task)
        self._by_thread[thread] = task
        self._foreground += not task.background
        if at_ticks is not None and at_ticks > self.clock.ticks:
            self._agenda.set_timer(task, at_ticks)
        else:
            self._agenda.wake(task)

    def _carry_out(self, task: Task, body: Callable[[], object]) -> None:
        task.ident = get_ident()
        task.gate.acquire()
        try:
            if not task.abandoned:
                if self.tracer is not None:
                    sys.settrace(self.tracer)
                task.result = body()
        except Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001 - whoever spawned the task looks at it
            # What a task says while it is thrown out is no result of the run.
            task.error = None if task.abandoned else error
        finally:
            if self.tracer is not None:
                sys.settrace(None)
            self._end(task)

    def _carry_out_adopted(self, task: Task, thread: threading.Thread) -> None:
        del vars(thread)["run"]
        self._carry_out(task, partial(self._noting_death, task, thread.run))
        if task.error is not None:
            # As in reality: threading.excepthook has its say, and the thread is gone.
            raise task.error

    def _noting_death(self, task: Task, run: Callable[[], None]) -> None:
        try:
            run()
        except (Abandoned, SystemExit):
            raise
        except BaseException as error:
            if not task.abandoned:
                self.deaths.append(f"{task.name!r} at {self._now()}: {in_words(error)}")
            raise

    def _end(self, task: Task) -> None:
        task.ended = True
        _left_behind.discard(task.ident)
        if self._running is not task:
            return  # It was stuck, and woke up when its run was long over.
        while task.waiters and not self._closing:
            self.wake(task.waiters)
        self._foreground -= not task.background
        self._give(self._next() if self._foreground and not self._closing else None)

    def _park(self, task: Task) -> None:
        following = self._next()
        if following is not task:
            self._hand_over(task, following)

    def _hand_over(self, task: Task, following: Task | None) -> None:
        self._give(following)
        task.gate.acquire()
        if task.abandoned:
            raise Abandoned

    def _give(self, following: Task | None) -> None:
        self._running = following
        (self._harness_gate if following is None else following.gate).release()

    def _next(self) -> Task | None:
        """Who runs now; None when that is the harness, because the run has failed."""
        ready = self._agenda.ready
        if not ready and not self._agenda.advance():
            self._fail(
                DeadlockError(f"nobody can go on at {self._now()}:\n{describe_waits(self._tasks)}")
            )
        elif self._may_go_on(self.clock.ticks):
            following = ready.pop(self._pick(len(ready)))
            return following if self._failure is None else None
        return None

    def _may_go_on(self, ticks: int) -> bool:
        self._switches_left -= 1
        if self._switches_left <= 0:
            self._fail_as_livelock("the tasks sleep and wait without end")
        elif ticks > self._horizon_ticks:
            self._fail_as_livelock(f"no end within {self._limits.max_virtual_s:.0f} s")
        return self._failure is None

    def _pick(self, options: int, label: str = "order") -> int:
        if options == 1:
            return 0
        try:
            return self._choices.pick(label, options)
        except ValueError as error:  # A recording that does not fit this run.
            self._fail(error)
            return 0

    def _watch(self) -> None:
        """Wait, in real time, until the baton comes back."""
        seen = self._switches_left
        while not self._harness_gate.acquire(timeout=self._limits.stuck_after_s):
            task = self._running
            if task is not None and self._switches_left == seen:
                _left_behind.add(task.ident)
                raise StuckError(
                    f"{task.name} is stuck at {self._now()}: it has computed, or waited for "
                    f"something that is not simulated, for {self._limits.stuck_after_s:g} real "
                    "seconds:\n"
                    f"{stack_of(task.ident)}"
                )
            seen = self._switches_left

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _fail_as_livelock(self, why: str) -> None:
        waits = describe_waits(self._tasks)
        self._fail(
            LivelockError(
                f"livelock at {self._now()}: {why}; expected every user to come to an end"
                + (f"; still waiting:\n{waits}" if waits else "")
            )
        )

    def _now(self) -> str:
        return f"{self.clock.now_s:.3f} s"


def is_left_behind() -> bool:
    """Whether the calling thread belongs to a run that is over."""
    return get_ident() in _left_behind
