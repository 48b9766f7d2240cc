"""Plays the steps of a scenario against a target, in virtual time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, singledispatchmethod

from chaos.checks.expectations import judge
from chaos.checks.measure import Window
from chaos.errors import TargetError
from chaos.faults.injector import Injector
from chaos.ports import Vocabulary
from chaos.runner.service import Service
from chaos.runner.step_text import describe_step
from chaos.scenario.expectations import Expectation
from chaos.scenario.model import (
    ActStep,
    AdvanceStep,
    AnyStep,
    AskStep,
    ClockJumpStep,
    ExpectStep,
    HealStep,
    InjectStep,
    LoadStep,
    RestartStep,
    Step,
)
from chaos.scenario.observables import probes
from chaos.scenario.schedules import peak, value_at
from chaos.scenario.vocabulary import RESTART
from chaos.simulation.run import SimulatedRun
from chaos.simulation.tasks.behalf import Behalf, Question, acting_for
from chaos.simulation.tasks.task import Abandoned, Task, in_words
from chaos.trace.events import (
    ActionEvent,
    AnswerEvent,
    AskEvent,
    ClockEvent,
    ObservationEvent,
    StepEvent,
)
from chaos.verdict import Outcome, Verdict

TARGET = "target"
"""The check that there was a service to test, and that it spoke as its target says."""

SCRIPT = "script"
"""The actor of everything that no user does."""


class Player:
    """Turns steps into what happens; collects the verdicts of their expectations."""

    def __init__(
        self, run: SimulatedRun, service: Service, words: Vocabulary, injector: Injector
    ) -> None:
        self._run = run
        self._service = service
        self._injector = injector
        self._asks = itertools.count(1)
        self._loads = itertools.count(1)
        self._probes = probes(words)
        self._best_mode = words.best_mode
        self._tasks: list[Task] = []
        self.verdicts: list[Verdict] = []
        self._observed = 0
        self.last_look = 0
        """How many events there were when something was last expected."""

    def play(self, steps: Sequence[AnyStep], section: str) -> None:
        """Play steps one after the other; a step with ``at`` runs beside them.

        Must be called in a task of the run's scheduler.
        """
        began_s = self._run.clock.now_s
        for number, step in enumerate(steps):
            path = f"{section}[{number}]"
            if step.at is not None:
                self._beside(step, path, due_s=began_s + step.at.total_seconds())
            elif isinstance(step, LoadStep):
                self._beside(step, path, due_s=self._run.clock.now_s)
            else:
                self._step(step, path)

    def observe(self, expectations: Sequence[Expectation]) -> None:
        """Look at the target, as it is now, where an expectation asks for that."""
        for expectation in expectations:
            if self._probes[expectation.key].is_live:
                value = self._service.observe(expectation.key)
                self._run.recorder.record(ObservationEvent, key=expectation.key, value=value)
        self._observed = len(self._run.trace)

    def judge(self, expectations: Sequence[Expectation], window: Window, where: str) -> None:
        """Judge expectations, with what was observed for them."""
        window = replace(window, best_mode=self._best_mode)
        if any(not self._probes[each.key].is_live for each in expectations):
            self.last_look = len(self._run.trace)
        elif expectations:
            self.last_look = self._observed
        self.verdicts += [
            judge(each, window, kind=self._probes[each.key].kind, where=where)
            for each in expectations
        ]

    def check_tasks(self) -> None:
        """Raise what went wrong in a step that ran beside the script; the run is over."""
        for task in self._tasks:
            task.raise_error()

    def _beside(self, step: AnyStep, path: str, *, due_s: float) -> None:
        def body() -> None:
            self._run.wait(due_s - self._run.clock.now_s)
            self._step(step, path)

        self._tasks.append(self._run.scheduler.spawn(path, body))

    def _step(self, step: AnyStep, path: str) -> None:
        record = self._run.recorder.record
        line = step.location.line or None
        what = step.name or describe_step(step)
        first = len(self._run.trace)
        record(StepEvent, path=path, what=what, phase="begin", line=line)
        asked = self._do(step, path)
        if step.expect:
            self.observe(step.expect)
            self.judge(step.expect, self._window(step, first, asked), path)
        record(StepEvent, path=path, what=what, phase="end", line=line)

    def _window(self, step: AnyStep, first: int, asked: frozenset[int] | None) -> Window:
        if asked is not None:
            return Window(trace=self._run.trace, first=first, asks=asked)
        if isinstance(step, ExpectStep):
            return Window(trace=self._run.trace)
        return Window(trace=self._run.trace, first=first)

    @singledispatchmethod
    def _do(self, step: Step, path: str) -> frozenset[int] | None:
        """Carry out a step; returns the questions asked, None for steps that ask nothing."""
        raise NotImplementedError(f"no player for {type(step).__name__} at {path}")

    @_do.register
    def _(self, step: ExpectStep, path: str) -> frozenset[int] | None:
        del step, path
        return None

    @_do.register
    def _(self, step: AskStep, path: str) -> frozenset[int]:
        ask = step.ask
        every_s = ask.every.total_seconds() if ask.every else None
        asked: list[int] = []

        def user(name: str) -> None:
            began_s = self._run.clock.now_s
            for turn in range(ask.times):
                if every_s is not None:
                    self._wait_until(began_s + turn * every_s)
                asked.append(self.ask(name, ask.question, path))

        if ask.users == 1:
            user("user-1")
        else:
            self._together([(f"user-{n}", user) for n in range(1, ask.users + 1)])
        return frozenset(asked)

    @_do.register
    def _(self, step: LoadStep, path: str) -> frozenset[int]:
        load, number = step.load, next(self._loads)
        began_s = self._run.clock.now_s
        lasts_s, every_s = load.for_.total_seconds(), load.every.total_seconds()
        most = peak(load.users)
        asked: list[int] = []

        def user(place: int, name: str) -> None:
            first_s = load.spread.total_seconds() * place / most
            for turn in itertools.count():
                offset_s = first_s + turn * every_s
                if offset_s >= lasts_s:
                    return
                if place < value_at(load.users, offset_s):
                    self._wait_until(began_s + offset_s)
                    asked.append(self.ask(name, load.ask, path))

        self._together([(f"load-{number}-{n + 1}", partial(user, n)) for n in range(most)])
        return frozenset(asked)

    @_do.register
    def _(self, step: AdvanceStep, path: str) -> frozenset[int] | None:
        del path
        self._run.wait(step.advance.total_seconds())
        return None

    @_do.register
    def _(self, step: InjectStep, path: str) -> frozenset[int] | None:
        del path
        fault = step.inject
        fault_id = self._injector.inject(fault, now_s=self._run.clock.now_s)
        if fault.for_ is not None:
            lasts_s = fault.for_.total_seconds()

            def expire() -> None:
                self._run.wait(lasts_s)
                self._injector.expire(fault_id, fault)

            self._run.scheduler.spawn(f"expiry of {fault_id}", expire, background=True)
        return None

    @_do.register
    def _(self, step: HealStep, path: str) -> frozenset[int] | None:
        self._injector.heal(step.heal, by=path)
        return None

    @_do.register
    def _(self, step: ActStep, path: str) -> frozenset[int] | None:
        del path
        self._act(step.act, step.parameters)
        return None

    @_do.register
    def _(self, step: RestartStep, path: str) -> frozenset[int] | None:
        del step, path
        self._act(RESTART, {})
        return None

    @_do.register
    def _(self, step: ClockJumpStep, path: str) -> frozenset[int] | None:
        del path
        seconds = step.clock.step.total_seconds()
        self._run.clock.step_wall(seconds)
        self._run.recorder.record(ClockEvent, step_s=seconds)
        return None

    def _act(self, action: str, parameters: dict[str, object]) -> None:
        detail = self._service.act(action, parameters)
        self._run.recorder.record(ActionEvent, action=action, detail=tuple(sorted(detail.items())))

    def ask(self, user: str, question: str, path: str) -> int:
        """Ask one question as ``user``, in the calling task; returns its number."""
        number, record = next(self._asks), self._run.recorder.record
        asked = Question(number)
        with acting_for(Behalf(user, asked)):
            record(AskEvent, question=question, step=path)
            began_s = self._run.clock.now_s
            try:
                answer = self._service.ask(question)
            except Abandoned:
                raise
            except TargetError as error:
                # Not the service's doing but its target's, and so no answer that anybody got.
                self._wrong_target(error)
                elapsed_s = round(self._run.clock.now_s - began_s, 6)
                record(AnswerEvent, mode="error", elapsed_s=elapsed_s, error=in_words(error))
            # Also SystemExit and its like: whatever escapes is what the user sees.
            except BaseException as error:  # noqa: BLE001
                elapsed_s = round(self._run.clock.now_s - began_s, 6)
                record(AnswerEvent, mode="error", elapsed_s=elapsed_s, error=in_words(error))
            else:
                record(
                    AnswerEvent,
                    mode=answer.mode,
                    elapsed_s=round(self._run.clock.now_s - began_s, 6),
                    reason=answer.reason,
                    text=answer.text,
                    stale=answer.stale,
                    truncated=answer.truncated,
                    sources=answer.sources,
                    index_state=answer.index_state,
                )
            finally:
                asked.is_over = True
        return number

    def _wrong_target(self, error: TargetError) -> None:
        reason = f"the target contradicts its own vocabulary: {error}"
        if all(verdict.reason != reason for verdict in self.verdicts):
            self.verdicts.append(Verdict(check=TARGET, outcome=Outcome.FAILED, reason=reason))

    def _together(self, users: Sequence[tuple[str, Callable[[str], None]]]) -> None:
        """Run several users at once and wait for all of them."""
        scheduler = self._run.scheduler
        tasks = [scheduler.spawn(name, partial(body, name)) for name, body in users]
        for task in tasks:
            scheduler.join(task)
            task.raise_error()

    def _wait_until(self, due_s: float) -> None:
        if (rest_s := due_s - self._run.clock.now_s) > 0:
            self._run.wait(rest_s)
