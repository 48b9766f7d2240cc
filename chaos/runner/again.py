"""Asks once more, when a run is over, whether a service that promises no time is stuck.

A service without a promise may have a breaker that stays open for minutes, and no number would be
fair to it. Time costs nothing here: an hour after the last fault it is asked again.
"""

from __future__ import annotations

from chaos.checks.laws.recovery import UNPROMISED_S, impaired
from chaos.checks.record import RunRecord
from chaos.runner.player import SCRIPT, Player
from chaos.simulation.rest import come_to_rest
from chaos.simulation.run import SimulatedRun
from chaos.trace.events import AnswerEvent, StepEvent

STEP = "afterwards"
"""The path of the step that no file has."""

_SLICE_S = 60.0
_MOST_SWITCHES = 100_000
"""Somebody looks again and again; who goes on for an hour like that takes too much of ours."""


def ask_again(run: SimulatedRun, player: Player, record: RunRecord) -> None:
    """Ask again if the last answer leaves open whether the service is stuck.

    Twice, if need be: a breaker that lets one call through for a trial may answer only the next
    question.

    Must be called by the harness, when no user acts any more.
    """
    waiting = impaired(record)
    if waiting is None:
        return

    def script() -> None:
        turns = run.scheduler.switches + _MOST_SWITCHES
        while (left_s := waiting.since_s + UNPROMISED_S - run.clock.now_s) > 0:
            if run.scheduler.switches > turns:
                return
            run.wait(min(left_s, _SLICE_S))
        what = "ask again, long after the last fault: the service promises no time for recovery"
        run.recorder.record(StepEvent, path=STEP, what=what, phase="begin", line=None)
        for _ in range(2):
            player.ask(waiting.ask.actor, waiting.ask.question, STEP)
            run.wait(1.0)
            # It is back. Asked the same again, it may well have the answer in a cache.
            if run.recorder.trace.of(AnswerEvent)[-1].mode == record.best_mode:
                break
        run.recorder.record(StepEvent, path=STEP, what=what, phase="end", line=None)

    task = run.scheduler.spawn(SCRIPT, script)
    run.scheduler.run_users()
    task.raise_error()
    come_to_rest(run)
