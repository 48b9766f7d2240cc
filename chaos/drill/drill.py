"""The state of a drill: stand-ins, the service, and what was done to them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from chaos.checks.laws import judge_laws
from chaos.checks.record import RunRecord
from chaos.choices import Seeded
from chaos.drill.live_scenario import Playing
from chaos.drill.saving import Saved, free_name, scenario_of, write_and_play
from chaos.errors import ChaosError
from chaos.faults.registry import kind_of
from chaos.reports.html.scenario import picture
from chaos.runner.felt import never_felt
from chaos.scenario.faults import Fault
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import Scenario
from chaos.serve.lasting import begin_fault
from chaos.serve.serving import SAME_MOMENT_S
from chaos.targets.helpdesk import words
from chaos.targets.helpdesk.running import Questions, RunningHelpdesk
from chaos.tiers.loopback import HOST
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import AnswerEvent, AskEvent, ObservationEvent, RequestEvent
from chaos.trace.trace import Trace
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream
from chaos.verdict import Outcome, Verdict

SETTINGS: Mapping[str, str] = {
    "openai.timeout": "3s",
    "openai.retry.first_backoff": "300ms",
    "openai.retry.max_backoff": "1s",
    "openai.retry.jitter": "200ms",
    "openai.breaker.failure_threshold": "3",
    "openai.breaker.recovery_timeout": "6s",
    "index.retry_failed_after": "5s",
}
"""Shorter waits than the service has by default. Sockets, timeouts and threads are real here, so
that time cannot be made to pass faster; a breaker that stays open for a minute is a long wait."""

LIVE_LAWS = (
    "every-ask-is-answered",
    "bounded-amplification",
    "no-torn-index",
    "permits-are-settled",
    "breaker-counts-what-happened",
    "no-fabricated-success",
)
"""The laws that look at what happened, and not at times to the microsecond: in real time, what
several threads do is written down a little later than it happens."""

_SEED = 7
_SHOWN = 1500
"""So many events are drawn at most; what is older has left the picture."""
_ANSWERS_SHOWN = 12
_MOST_USERS = 50


class Drill:
    """Everything that the page shows and does; runs while entered.

    Args:
        folder: Where scenarios are saved.
        port: Where the helpdesk listens; 0 is any port that is free.
    """

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder = folder
        self.vocabulary = words.VOCABULARY
        self._port = port
        self._undo = ExitStack()
        self._playing: Playing | None = None
        self._saving = threading.Lock()
        self._over = threading.Event()
        # Nobody acts or looks while one drill ends and the next begins.
        self._turn = threading.RLock()

    def __enter__(self) -> Self:
        """Start the stand-ins, then the service.

        Raises:
            ChaosError: Something does not start.
        """
        with ExitStack() as undo:
            questions, gcs = Questions(), GcsUpstream()
            self.world = undo.enter_context(
                ServedWorld([OpenAIUpstream(), gcs], Seeded(_SEED), caller=questions.caller)
            )
            folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="chaos-drill-"))
            self.helpdesk = undo.enter_context(
                RunningHelpdesk(
                    recorder=self.world.recorder,
                    questions=questions,
                    openai_url=self._url("openai"),
                    gcs=gcs,
                    gcs_url=self._url("gcs"),
                    folder=Path(folder),
                    settings=self.vocabulary.typed(_numbers(SETTINGS)),
                    port=self._port,
                )
            )
            self._undo = undo.pop_all()
        with self.world.turn():
            self._first = len(self.world.trace)
            self.began_s = self.world.clock.now_s
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._over.set()
        self._undo.close()

    # -- what is done

    def begin_anew(self) -> None:
        """End all faults, forget what has happened, and start the service as at the beginning.

        It listens where it did before. Questions that are under way get no answer any more.

        Raises:
            ChaosError: It does not start; somebody else may have taken its port.
        """
        with self._saving, self._turn:
            self.__exit__(None, None, None)
            self._playing, self._over = None, threading.Event()
            self._port = urlsplit(self.helpdesk.url).port or 0
            self.__enter__()

    def ask(self, question: str, users: int = 1) -> None:
        """Let users ask at once; nobody waits here for the answers.

        Raises:
            ChaosError: That many are too many, or nothing is asked.
        """
        if not question.strip():
            raise ChaosError("the question is empty; write what somebody needs help with")
        if not 1 <= users <= _MOST_USERS:
            raise ChaosError(f"{users} users; expected from 1 to {_MOST_USERS}")
        with self._turn:
            asked = self.helpdesk
        for _ in range(users):
            threading.Thread(target=self._ask, args=[asked, question], daemon=True).start()

    def inject(self, fault: Fault) -> str:
        """Begin a fault; returns its id.

        Raises:
            ChaosError: A fault of that id is in force.
        """
        with self._turn:
            return begin_fault(fault, self.world, self._over)

    def heal(self, fault_id: str) -> None:
        """End a fault.

        Raises:
            ChaosError: There never was one of that id.
        """
        with self._turn:
            self.world.injector.heal(fault_id, by="the page")

    def play(self, loaded: LoadedScenario) -> None:
        """Play a scenario in real time; one at a time.

        Raises:
            ChaosError: Another one is being played.
        """
        with self._turn:
            if self._playing is not None and self._playing.is_on:
                raise ChaosError(
                    f"{self._playing.name} is being played; expected one at a time; stop it first"
                )
            self._playing = Playing(loaded, self.world, self.helpdesk, self.vocabulary)
            self._playing.start()

    def stop(self) -> None:
        """End what is being played, and heal its faults."""
        if self._playing is not None:
            self._playing.stop()

    def save(self) -> dict[str, Any]:
        """Write what was done as a scenario, and play it in virtual time.

        Raises:
            ChaosError: There is nothing to save yet, or it cannot be written.
        """
        with self._saving:
            with self.world.turn():
                trace = Trace(self.world.trace)
                scenario = scenario_of(
                    trace,
                    self.world.injector,
                    self.vocabulary,
                    _numbers(SETTINGS),
                    name=free_name(self.folder),
                    began_s=self.began_s,
                )
                live = self._verdicts(trace, scenario)
            saved = write_and_play(scenario, self.folder)
        return {**_shown(saved), "live": _outcome(live), "live_problems": _reasons(live)}

    # -- what is shown

    def state(self, since: int) -> dict[str, Any]:
        """Everything that moves on the page.

        Args:
            since: How many events the page has drawn; the picture comes only if there are more.
        """
        with self._turn:
            return self._state(since)

    def _state(self, since: int) -> dict[str, Any]:
        with self.world.turn():
            trace, now_s = self.world.trace, self.world.clock.now_s
            total = len(trace)
            active = dict(self.world.injector.active)
            untouched = set(self.world.injector.untouched())
            answers = trace.of(AnswerEvent)
            asked = {event.ask: event.question for event in trace.of(AskEvent)}
            # While anything lasts, its bar grows, though nothing new happens.
            lasts = active or len(asked) > len(answers)
            is_news = total > self._first and (total != since or lasts)
            drawn = self._picture(Trace(trace), now_s) if is_news else None
            calls = len(trace.of(RequestEvent))
        status = self.helpdesk.status()
        playing = self._playing
        return {
            "events": total,
            "now_s": round(now_s - self.began_s, 1),
            "picture": drawn,
            "faults": [
                {
                    "id": id_,
                    "what": f"{kind_of(type(fault))} on {fault.upstream}",
                    "felt": id_ not in untouched,
                }
                for id_, fault in active.items()
            ],
            "status": _status(status),
            "counts": {
                "questions": len(asked),
                "under_way": len(asked) - len(answers),
                "calls": calls,
                **{
                    mode: sum(each.mode == mode for each in answers)
                    for mode in ("llm", "fallback")
                },
            },
            "answers": [
                {
                    "ask": each.ask,
                    "question": asked.get(each.ask, ""),
                    "mode": each.mode,
                    "reason": each.reason,
                    "elapsed_s": round(each.elapsed_s, 3),
                }
                for each in list(answers)[-_ANSWERS_SHOWN:][::-1]
            ],
            "playing": None if playing is None else playing.status(),
        }

    def _picture(self, trace: Trace, now_s: float) -> dict[str, Any]:
        # The right edge is now, also where nothing happens.
        now = ObservationEvent(seq=len(trace), at_s=now_s, actor="now", key="now", value="")
        whole = Trace([*trace, now])
        first = max(self._first, len(whole) - _SHOWN)
        drawn = picture(whole, range(first, len(whole)), self.vocabulary.best_mode)
        began_us = round(self.began_s * 1_000_000)
        for event in drawn["events"]:
            event[0] -= began_us
        return drawn

    def _verdicts(self, trace: Trace, scenario: Scenario) -> list[Verdict]:
        """What can be judged of the drill itself; what was expected of it is what was seen."""
        record = RunRecord(
            scenario=scenario,
            trace=trace,
            promises=words.promises(self.vocabulary.typed(_numbers(SETTINGS))),
            best_mode=self.vocabulary.best_mode,
            ended_s=self.world.clock.now_s,
            tick_s=SAME_MOMENT_S,
        )
        laws = [law for law in judge_laws(record) if law.check in LIVE_LAWS]
        broken = [law for law in laws if law.outcome is Outcome.FAILED]
        return broken + never_felt(self.world.injector)

    def _ask(self, helpdesk: RunningHelpdesk, question: str) -> None:
        try:
            helpdesk.ask(question)
        except (OSError, HTTPException):
            # Where the drill has begun anew, nobody is left to answer.
            if helpdesk is self.helpdesk:
                raise

    def _url(self, upstream: str) -> str:
        return f"http://{HOST}:{self.world.ports[upstream]}"


def _numbers(settings: Mapping[str, str]) -> dict[str, Any]:
    """Settings as a file has them: what is a number there, is no text."""
    return {key: int(value) if value.isdigit() else value for key, value in settings.items()}


def _status(status: Mapping[str, Any]) -> dict[str, Any]:
    breaker, index = status["assistant"]["circuit_breaker"], status["index"]
    return {
        "breaker": breaker["state"],
        "failures": breaker["failures"],
        "retry_after_s": breaker["retry_after_s"],
        "mode": status["assistant"]["mode"],
        "index": index.get("state"),
    }


def _shown(saved: Saved) -> dict[str, Any]:
    return {
        "path": str(saved.path),
        "text": saved.text,
        "outcome": saved.outcome,
        "problems": list(saved.problems),
    }


def _outcome(verdicts: list[Verdict]) -> str:
    if any(each.outcome is Outcome.FAILED for each in verdicts):
        return "failed"
    return "inconclusive" if verdicts else "passed"


def _reasons(verdicts: list[Verdict]) -> list[str]:
    return [f"{each.check}: {each.reason}" for each in verdicts]
