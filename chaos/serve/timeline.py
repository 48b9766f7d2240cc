"""Plays the steps of a scenario in real time, while a service outside is asked by others."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from functools import partial

from chaos.checks.expectations import judge
from chaos.checks.measure import Window
from chaos.ports import Vocabulary
from chaos.runner.step_text import describe_step
from chaos.scenario.expectations import Expectation
from chaos.scenario.model import (
    AdvanceStep,
    AnyStep,
    AskStep,
    ExpectStep,
    HealStep,
    InjectStep,
    LoadStep,
)
from chaos.scenario.observables import probes
from chaos.serve import answers
from chaos.serve.answers import Told
from chaos.serve.lasting import begin_fault
from chaos.serve.meaning import NOT_SHOWN, Sight, sight
from chaos.serve.signals import Signals
from chaos.simulation.tasks.behalf import Behalf, Question, acting_for
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import ActionEvent, AnswerEvent, AskEvent, StepEvent
from chaos.units import format_duration
from chaos.verdict import Outcome, Verdict

SCRIPT = "script"
"""The actor of everything that the scenario does."""

USER = "outside"
"""The actor of questions whose answers were told."""


class Script:
    """Turns steps into faults, waits and verdicts.

    Faults begin and end at their place. A step that asks, or that does something to the service,
    is done by whoever runs that: it ends when they signal so. Time passes as it does.

    Args:
        world: What the steps happen in.
        words: Of the target.
        signals: What steps wait for.
        tell: Is told what happens, in words.
    """

    def __init__(
        self,
        world: ServedWorld,
        words: Vocabulary,
        signals: Signals,
        tell: Callable[[str], None],
    ) -> None:
        self._world = world
        self._signals = signals
        self._tell = tell
        self._probes = probes(words)
        self._modes = words.modes
        self._asks = itertools.count(1)
        self._are_timed = True
        self._beside: list[threading.Thread] = []
        self.verdicts: list[Verdict] = []
        self.last_look = 0
        self.not_begun: list[str] = []

    def play(self, steps: Sequence[AnyStep], section: str) -> None:
        """Play steps one after the other; a step with ``at`` runs beside them.

        Ends early if the run is over; ``not_begun`` has what was left.
        """
        began_s = self._now_s()
        for number, step in enumerate(steps):
            path = f"{section}[{number}]"
            self.not_begun.append(path)
            if step.at is not None:
                self._play_beside(step, path, due_s=began_s + step.at.total_seconds())
            elif isinstance(step, LoadStep):
                self._play_beside(step, path, due_s=self._now_s())
            else:
                self._play(step, path)
        for thread in self._beside:
            thread.join()

    def look(
        self, expected: Sequence[Expectation], where: str, *, first: int | None = None
    ) -> None:
        """Judge what requests can show, and say of the rest that it was not judged."""
        with self._world.turn():
            trace = self._world.trace
            window = Window(trace=trace, first=first or 0)
            if expected:
                self.last_look = len(trace)
            for each in expected:
                if self._can_judge(each, window):
                    kind = self._probes[each.key].kind
                    self.verdicts.append(judge(each, window, kind=kind, where=where))
                else:
                    self.verdicts.append(_not_judged(each, where))

    def _can_judge(self, expectation: Expectation, window: Window) -> bool:
        match sight(expectation):
            case Sight.REQUESTS:
                return True
            case Sight.ANSWERS:
                told = any(isinstance(event, AnswerEvent) for event in window.events())
                return told and (self._are_timed or expectation.key != "answer.elapsed")
            case Sight.NONE:
                return False

    def _play_beside(self, step: AnyStep, path: str, *, due_s: float) -> None:
        def body() -> None:
            if self._wait(due_s - self._now_s()):
                self._play(step, path)

        thread = threading.Thread(target=body, name=path, daemon=True)
        self._beside.append(thread)
        thread.start()

    def _play(self, step: AnyStep, path: str) -> None:
        if self._signals.is_over:
            return
        with acting_for(Behalf(SCRIPT)):
            record = self._world.recorder.record
            line = step.location.line or None
            what = step.name or describe_step(step)
            self._tell(f"{path} {what}")
            first = len(self._world.trace)
            record(StepEvent, path=path, what=what, phase="begin", line=line)
            if not self._do(step, path, what):
                return
            self.not_begun.remove(path)
            if step.expect:
                whole = isinstance(step, ExpectStep)
                self.look(step.expect, path, first=0 if whole else first)
            record(StepEvent, path=path, what=what, phase="end", line=line)

    def _do(self, step: AnyStep, path: str, what: str) -> bool:
        """Carry out a step; whether it came to its end."""
        match step:
            case InjectStep(inject=fault):
                begin_fault(fault, self._world, self._signals.over, self._tell)
            case HealStep(heal=fault_id):
                self._world.injector.heal(fault_id, by=path)
            case AdvanceStep(advance=length):
                return self._wait(length.total_seconds())
            case LoadStep(load=load):
                lasts_s = load.for_.total_seconds()
                self._tell(f"  ask your service as it says, for {format_duration(lasts_s)}")
                return self._wait(lasts_s)
            case ExpectStep():
                pass
            case AskStep(ask=ask):
                self._tell("  ask your service, then signal")
                read = partial(answers.read, expected=ask.answers, modes=self._modes)
                told = self._signals.wait_for_one(f"{path} {what}", read)
                for each in told or ():
                    self._record(each, ask.question, path)
                return told is not None
            case _:
                self._tell("  do that to your service, then signal")
                if self._signals.wait_for_one(f"{path} {what}") is None:
                    return False
                self._world.recorder.record(ActionEvent, action=what)
        return True

    def _record(self, told: Told, question: str, path: str) -> None:
        """Write down a question and its answer, as they were told."""
        asked = Question(next(self._asks))
        record = self._world.recorder.record
        with self._world.turn(), acting_for(Behalf(USER, asked)):
            record(AskEvent, question=question, step=path)
            record(
                AnswerEvent,
                mode=told.mode,
                elapsed_s=told.elapsed_s or 0.0,
                reason=told.reason,
                text=told.text,
                stale=told.stale,
                truncated=told.truncated,
                sources=told.sources,
            )
            self._are_timed = self._are_timed and told.elapsed_s is not None

    def _wait(self, seconds: float) -> bool:
        """Let time pass; whether the run still goes on then."""
        return not self._signals.over.wait(max(0.0, seconds))

    def _now_s(self) -> float:
        with self._world.turn():
            return self._world.clock.now_s


def _not_judged(expectation: Expectation, where: str) -> Verdict:
    return Verdict(
        check=f"{where} {expectation.key}",
        outcome=Outcome.INCONCLUSIVE,
        reason=f"{expectation.key} was not judged: {NOT_SHOWN}",
        expected=expectation.tolerance.describe(),
        line=expectation.location.line or None,
    )
