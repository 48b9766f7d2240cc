"""Users as threads of which exactly one runs at a time.

Whoever runs holds the baton. Whoever sleeps or waits hands it to the task that wakes next, and
moves the clock there. Between two such points nothing else happens, so a run is determined by
what `choices` decides when several tasks could go on at the same instant.

The harness's own thread is a task like the others: a test may sleep, wait for a lock or use a
pool of threads itself.
"""

from __future__ import annotations

import sys
import threading
from _thread import get_ident
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

from chaos.choices import Choices, Steered
from chaos.errors import DeadlockError, LivelockError, SimulationError, StuckError
from chaos.simulation.tasks.agenda import Agenda
from chaos.simulation.tasks.baton import baton, is_left_behind, left_behind
from chaos.simulation.tasks.behalf import Behalf, behalf_here, take_over
from chaos.simulation.tasks.limits import DEFAULT_LIMITS, Limits
from chaos.simulation.tasks.stacks import describe_waits, stack_of
from chaos.simulation.tasks.task import (
    Abandoned,
    Blocker,
    RealStart,
    Task,
    in_words,
    is_of_a_pool,
    start_thread,
    without_number,
)
from chaos.simulation.tasks.watchdog import LOOK_EVERY_S, Watchdog
from chaos.simulation.timing.clock import TICKS_PER_S, Clock, to_ticks

TraceFunction = Callable[[FrameType, str, Any], Any]
"""What ``sys.settrace`` takes."""

_FIRST_SPIN_TICKS = to_ticks(0.001)
_LOOKS_OF_A_SWITCH = 50
"""It takes about so many times as long as a look at the clock."""

HARNESS = "harness"
"""The actor of whatever happens outside all tasks."""

_start = threading.Thread.start


class _Everybody:
    """What the harness waits for while users act."""

    def why(self, task: Task) -> str:
        del task
        return "every user to end"


_EVERYBODY = _Everybody()


class Scheduler:
    """Runs tasks in virtual time, one at a time.

    The thread that makes it is the harness's own; it holds the baton.

    Args:
        clock: Moved on whenever nobody can run now.
        choices: Decides, under the label "order", who goes first.
        limits: What counts as stuck, or as a run without end.

    Attributes:
        tracer: Trace function of all tasks that start from now on; see `Interleaving`.
        start_thread: How the threads of tasks are started.
        on_resume: Told of each task that goes on after it was parked, by that task.
        on_death: Told of each thread of the service that an error ended, in words.
        failure: What ended the run before its time: a deadlock, a livelock, a stuck task.
        outside_s: Real seconds for which a task has waited, at a stretch, for something that is
            not simulated. No virtual time has passed then.
        thrown_out: Names of threads that the service had started, and that still ran at the end.
        failure_is_told: Whether `run` has raised it. Elsewhere, a service may have swallowed it.

    Example:
        >>> from chaos.choices import Seeded
        >>> clock = Clock()
        >>> scheduler = Scheduler(clock, Seeded(7))
        >>> nap = scheduler.spawn("user-1", lambda: scheduler.sleep(3600.0))
        >>> scheduler.run()
        >>> scheduler.close()
        >>> nap.ended, clock.now_s
        (True, 3600.0)
    """

    def __init__(self, clock: Clock, choices: Choices, limits: Limits = DEFAULT_LIMITS) -> None:
        self.clock = clock
        self.tracer: TraceFunction | None = None
        self._choices = choices
        self._limits = limits
        self._switches_left = limits.max_switches
        self._horizon_ticks = to_ticks(limits.max_virtual_s)
        self._harness = Task(HARNESS, behalf=Behalf(HARNESS))
        self._harness.ident = get_ident()
        self._harness.native_id = threading.get_native_id()
        self._tasks: list[Task] = []
        self._by_thread: dict[threading.Thread, Task] = {}
        self._foreground = 0
        self._running = self._harness
        self._agenda = Agenda(clock)
        self._idle_checks: list[Callable[[], None]] = []
        self._closing = False
        self.failure: Exception | None = None
        self.failure_is_told = False
        self.thrown_out: list[str] = []
        self.outside_s = 0.0
        self.start_thread: Callable[[threading.Thread, RealStart], None] = start_thread
        self.on_resume: Callable[[FrameType], None] | None = None
        self.on_death: Callable[[str], None] = lambda _: None
        self._spin_ticks, self._spun_until = 0, -1
        clock.on_spin = self._pass_time
        self._owner_before = baton.ident
        baton.scheduler, baton.ident = self, self._harness.ident
        # Whatever the harness's own thread did last, it did for another run.
        take_over(None)

    @classmethod
    def outermost(cls) -> CodeType:
        """The code of the function in which the threads of all tasks begin, and end."""
        return cls._carry_out.__code__

    @property
    def acting(self) -> Task | None:
        """The task that the calling thread is; None for a thread that is no part of the run."""
        running = self._running
        return running if running.ident == get_ident() else None

    @property
    def is_harness(self) -> bool:
        """Whether the calling thread is the harness's own."""
        return self._harness.ident == get_ident()

    def task_of(self, thread: threading.Thread) -> Task | None:
        """The task that ``thread`` carries out; None if it is no part of this run."""
        return self._by_thread.get(thread)

    def has_thread(self, ident: int) -> bool:
        """Whether the thread of that number is part of the run."""
        return ident == self._harness.ident or any(each.ident == ident for each in self._tasks)

    def behalf(self) -> Behalf | None:
        """For whom the calling thread acts; None for a thread that is no part of the run."""
        running = self._running
        if running.ident != get_ident():
            return None
        return behalf_here() or running.behalf

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
        task.behalf.is_worker = False
        if task.behalf.actor == HARNESS:
            task.behalf.actor = name
        carry_out = partial(self._carry_out, task, body)
        thread = threading.Thread(target=carry_out, name=name, daemon=True)
        self._add(task, thread, None if at_s is None else to_ticks(at_s))
        return task

    def adopt(self, thread: threading.Thread) -> None:
        """Start a thread of the service as a background task."""
        task = self._make_task(thread.name, background=True)
        task.is_adopted = True
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
        try:
            self.run_users()
        finally:
            self.abandon()
        if self.failure is not None:
            self.failure_is_told = True
            raise self.failure

    def run_users(self) -> None:
        """Run until every task that is not in the background has ended; the rest stay.

        Raises:
            SimulationError: As `run`.
        """
        assert self.acting is self._harness, "a task cannot run the scheduler"
        try:
            while self._foreground:
                self.block(self._harness, _EVERYBODY, None)
        finally:
            self.failure_is_told = self.failure is not None

    @property
    def switches(self) -> int:
        """How many sleeps, waits and calls there have been."""
        return self._limits.max_switches - self._switches_left

    @property
    def is_anybody_ready(self) -> bool:
        """Whether somebody can go on at this instant, whose plans are therefore not known yet."""
        return bool(self._agenda.ready)

    def latest_due_s(self) -> float | None:
        """When the last of the service's threads goes on that nobody has to wake.

        None if all of them wait for somebody, so that nothing happens any more by itself.
        """
        ticks = self._agenda.latest(lambda task: task.is_adopted)
        return None if ticks is None else ticks / TICKS_PER_S

    def next_due_s(self) -> float:
        """The earliest time at which anybody may go on; now, if nobody ever does by himself."""
        next_timer = self._agenda.next_timer
        if self._agenda.ready or next_timer is None:
            return self.clock.now_s
        return next_timer / TICKS_PER_S

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the calling task, or for the harness itself."""
        until = self.clock.ticks + to_ticks(seconds)
        if until == self.clock.ticks:
            self.poll()
            return
        task = self._acting()
        if not self._agenda.is_free_until(until):
            self._agenda.set_timer(task, until)
            self._park(task)
        elif self._may_go_on(until):
            # Nobody else wakes before: the baton need not leave this thread.
            self.clock.advance_to(until)
        else:
            self._hand_over(task, self._harness)

    def poll(self) -> None:
        """The calling task looks whether something has come: others get a turn."""
        task = self._acting()
        if self._agenda.ready:
            self._agenda.set_timer(task, self.clock.ticks)
            self._park(task)
            self.clock.look(_LOOKS_OF_A_SWITCH)
        else:
            self.clock.look()

    def _pass_time(self) -> None:
        """The calling task spins until time has passed, which in reality it does meanwhile.

        Short at first, and longer from time to time: it may be a millisecond that it waits for,
        or an hour.
        """
        if self.acting is None:
            return
        now = self.clock.ticks
        grown = self._spin_ticks * 11 // 10 if now == self._spun_until else _FIRST_SPIN_TICKS
        next_timer = self._agenda.next_timer
        until = now + grown if next_timer is None else min(now + grown, max(next_timer, now + 1))
        self._spin_ticks, self._spun_until = grown, until
        self.sleep((until - now) / TICKS_PER_S)

    def block(self, task: Task, on: Blocker, until: int | None) -> bool:
        """Park the calling ``task`` until `wake`, or until the clock shows ``until`` ticks.

        Returns:
            Whether it was woken, rather than timed out.
        """
        if task.abandoned:
            raise Abandoned
        if (
            until is not None
            and until > self.clock.ticks
            and self._agenda.is_free_until(until)
            and not self._idle_checks
        ):
            # Nobody is there who could wake it before.
            if self._may_go_on(until):
                self.clock.advance_to(until)
                return False
            until = None
        task.waits_for, task.waits_since_ticks, task.is_parked = on, self.clock.ticks, True
        if until is not None:
            self._agenda.set_timer(task, until)
        try:
            self._park(task)
        finally:
            task.waits_for, task.is_parked = None, False
        return task.woken

    def count_call(self, behalf: Behalf) -> None:
        """Note that the calling task calls a provider for ``behalf``, before it does."""
        behalf.calls += 1
        self.clock.moved()
        # A sign of life: whoever calls without ever waiting is no more stuck than whoever waits.
        self._switches_left -= 1
        # Whoever works in the background may do so for ever.
        is_waited_for = not behalf.is_over or not self._running.background
        if behalf.calls > self._limits.max_calls and is_waited_for:
            self._fail_as_livelock(
                f"{behalf.actor} has made {self._limits.max_calls:,} calls"
                + (f" for question #{behalf.ask}, which has no answer yet" if behalf.ask else "")
            )
            self._hand_over(self._running, self._harness)

    def let_in(self) -> None:
        """Ask, under the label "switch", whether a task that is ready goes on before this one."""
        task = self.acting
        ready = self._agenda.ready
        if task is None or not ready or self._closing:
            return
        picked = self._pick(len(ready) + 1, "switch")
        if picked and self._may_go_on(self.clock.ticks):
            following = ready.pop(picked - 1)
            self._agenda.wake(task)
            self._hand_over(task, following)

    @property
    def searches_order(self) -> bool:
        """Whether a search tries out who goes on first."""
        return isinstance(self._choices, Steered) and self._choices.searches("order")

    def pick_step(self, options: int) -> int:
        """Which of the coroutines that are ready in a loop goes on; 0 is the first in line."""
        return 0 if self._closing else self._pick(options, "order/step")

    def wake(self, waiters: list[Task]) -> Task | None:
        """Take one of ``waiters`` out of the list; it may go on from now. Returns who that is."""
        if self._closing:
            return None
        task = waiters.pop(self._pick(len(waiters)))
        self._agenda.wake(task)
        return task

    def wake_task(self, task: Task) -> None:
        """Let a blocked ``task`` go on from now, unless it may already."""
        if task.is_parked and not self._closing:
            self._agenda.wake(task)

    def when_idle(self, check: Callable[[], None]) -> Callable[[], None]:
        """Have ``check`` called whenever nobody can run, before the clock moves on.

        It may wake tasks. Returns what ends that.
        """
        self._idle_checks.append(check)
        return partial(self._idle_checks.remove, check)

    def join(self, task: Task, timeout_s: float | None = None) -> bool:
        """Wait until ``task`` has ended, for at most ``timeout_s``; returns whether it has."""
        me = self._acting()
        if not task.ended and (timeout_s is None or timeout_s > 0):
            until = None if timeout_s is None else self.clock.ticks + to_ticks(timeout_s)
            task.waiters.append(me)
            if not self.block(me, task, until) and me in task.waiters:
                task.waiters.remove(me)
        return task.ended

    def abandon(self) -> None:
        """End every task that is left, one after another; the harness gets the baton."""
        self._closing = True
        for task in self._tasks:
            if task.ended or task.ident in left_behind:
                continue
            task.abandoned = True
            if task.is_adopted and task.thread is not None and not is_of_a_pool(task.thread):
                self.thrown_out.append(without_number(task.name))
            self._give(task)
            if (why := self._watch()) is not None:
                left_behind.add(task.ident)
                self._fail(
                    StuckError(
                        f"{task.name} does not end although the run is over; it is {why}:\n"
                        f"{stack_of(task.ident)}"
                    )
                )
        self._running = self._harness
        baton.ident = self._harness.ident
        self._agenda.clear()
        self._tasks.clear()
        self._by_thread.clear()
        self._foreground = 0
        self._closing = False

    def close(self) -> None:
        """The run is over: nobody is part of it any more."""
        self.abandon()
        self.clock.on_spin = lambda: None
        if baton.scheduler is self:
            baton.scheduler = None
            baton.ident = self._owner_before

    def _acting(self) -> Task:
        """The calling task.

        Raises:
            Abandoned: It belongs to a run that is over.
        """
        task = self.acting
        if task is None:
            if is_left_behind():
                raise Abandoned
            raise SimulationError("a thread outside the simulation cannot wait in virtual time")
        if task.abandoned:
            raise Abandoned
        return task

    def _make_task(self, name: str, *, background: bool) -> Task:
        parent = self._acting()
        behalf = (behalf_here() or parent.behalf).handed_on()
        return Task(name, behalf=behalf, background=background)

    def _add(self, task: Task, thread: threading.Thread, at_ticks: int | None) -> None:
        task.thread = thread
        self.start_thread(thread, _start)
        assert thread.ident is not None, "a thread that has started has a number"
        task.ident, task.native_id = thread.ident, thread.native_id or 0
        self._tasks.append(task)
        self._by_thread[thread] = task
        self._foreground += not task.background
        if at_ticks is not None and at_ticks > self.clock.ticks:
            self._agenda.set_timer(task, at_ticks)
        else:
            self._agenda.wake(task)

    def _carry_out(self, task: Task, body: Callable[[], object]) -> None:
        task.gate.pass_through()
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
                name = without_number(task.name)
                self.on_death(f"an error ended thread {name!r}: {in_words(error)}")
            raise

    def _end(self, task: Task) -> None:
        task.ended = True
        left_behind.discard(task.ident)
        if self._running is not task:
            return  # It was stuck, and woke up when its run was long over.
        while task.waiters and not self._closing:
            self.wake(task.waiters)
        self._foreground -= not task.background
        is_over = not self._foreground and self._harness.waits_for is _EVERYBODY
        self._give(self._harness if self._closing or is_over else self._next())

    def _park(self, task: Task) -> None:
        following = self._next()
        if following is not task:
            self._hand_over(task, following)
            if self.on_resume is not None and task is not self._harness:
                self.on_resume(sys._getframe())  # noqa: SLF001 - there is no other way to the stack
        elif task is self._harness and self.failure is not None:
            raise self.failure

    def _hand_over(self, task: Task, following: Task) -> None:
        self._give(following)
        if task is self._harness:
            if (why := self._watch()) is not None:
                self._take_from_stuck(why)
            if self.failure is not None:
                raise self.failure
        else:
            task.gate.pass_through()
        if task.abandoned:
            raise Abandoned

    def _give(self, following: Task) -> None:
        self._running = following
        baton.ident = following.ident
        following.gate.open()

    def _next(self) -> Task:
        """Who runs now; the harness, if the run has failed."""
        ready = self._agenda.ready
        if not ready:
            for check in tuple(self._idle_checks):
                check()
        if not ready and not self._agenda.advance():
            waiting = [*self._tasks]
            if self._harness.waits_for is not _EVERYBODY:
                waiting.append(self._harness)
            self._fail(
                DeadlockError(
                    f"deadlock at {self._now()}: nobody can go on:\n{describe_waits(waiting)}"
                )
            )
        elif self._may_go_on(self.clock.ticks):
            following = ready.pop(self._pick(len(ready)))
            return following if self.failure is None else self._harness
        return self._harness

    def _may_go_on(self, ticks: int) -> bool:
        self._switches_left -= 1
        if self._switches_left <= 0:
            self._fail_as_livelock("the tasks sleep and wait forever")
        elif ticks > self._horizon_ticks:
            self._fail_as_livelock(f"no end within {self._limits.max_virtual_s:.0f} s")
        return self.failure is None

    def _pick(self, options: int, label: str = "order") -> int:
        if options == 1:
            return 0
        try:
            return self._choices.pick(label, options)
        except ValueError as error:  # A recording that does not fit this run.
            self._fail(error)
            return 0

    def _watch(self) -> str | None:
        """Wait, in real time, until the baton comes back to the harness.

        Returns:
            Why it never will; None when it has come.
        """
        watch = Watchdog(self._limits)
        while not self._harness.gate.pass_through(timeout_s=LOOK_EVERY_S):
            running = self._running
            # Whoever is outside on purpose has patience of its own.
            if running is not self._harness and baton.ident == running.ident:
                why = watch.look(running.native_id, self._switches_left)
                if why == "blocked":
                    return "waiting for something that is not simulated"
                if why == "computing":
                    return (
                        f"computing for more than {self._limits.computing_s:g} s of processor time"
                    )
        self.outside_s = max(self.outside_s, watch.longest_idle_s)
        return None

    def _take_from_stuck(self, why: str) -> None:
        task = self._running
        left_behind.add(task.ident)
        self._running = self._harness
        baton.ident = self._harness.ident
        self._fail(
            StuckError(f"{task.name} is stuck at {self._now()}: {why}:\n{stack_of(task.ident)}")
        )

    def _fail(self, failure: Exception) -> None:
        self.failure = self.failure or failure

    def _fail_as_livelock(self, why: str) -> None:
        waits = describe_waits(self._tasks)
        self._fail(
            LivelockError(
                f"livelock at {self._now()}: {why}; expected every user to finish"
                + (f"; still waiting:\n{waits}" if waits else "")
            )
        )

    def _now(self) -> str:
        return f"{self.clock.now_s:.3f} s"
