"""Plays a scenario for the helpdesk of a drill: in real time, and the steps ask it, too."""

from __future__ import annotations

import itertools
import threading
from functools import partial
from typing import Any

from chaos.errors import ChaosError
from chaos.ports import Vocabulary
from chaos.scenario.loader import LoadedScenario
from chaos.scenario.model import (
    ActStep,
    AnyStep,
    Ask,
    AskStep,
    Load,
    LoadStep,
)
from chaos.scenario.schedules import peak, value_at
from chaos.serve.signals import Signals
from chaos.serve.timeline import Script
from chaos.targets.helpdesk.running import RunningHelpdesk
from chaos.tiers.served.world import ServedWorld
from chaos.trace.events import ActionEvent


class Playing:
    """A scenario that is being played.

    Attributes:
        name: That of the scenario.
    """

    def __init__(
        self,
        loaded: LoadedScenario,
        world: ServedWorld,
        helpdesk: RunningHelpdesk,
        words: Vocabulary,
    ) -> None:
        self.name = loaded.scenario.name
        self._loaded = loaded
        self._world = world
        self._signals = Signals()
        self._step = ""
        self._error: str | None = None
        self._script = _Script(world, words, self._signals, self._tell, helpdesk)
        self._thread = threading.Thread(target=self._play, name=self.name, daemon=True)

    @property
    def is_on(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it, with its faults."""
        self._signals.end()
        self._thread.join(5)

    def status(self) -> dict[str, Any]:
        """How far it is."""
        return {
            "name": self.name,
            "on": self.is_on,
            "step": self._step,
            "left": len(self._script.not_begun),
            "error": self._error,
        }

    def _play(self) -> None:
        before = set(self._world.injector.active)
        try:
            self._script.play(self._loaded.scenario.steady_state, "steady_state")
            self._script.play(self._loaded.scenario.method, "method")
            if not self._signals.is_over:
                self._step = "all steps are done"
        except ChaosError as error:
            self._error = str(error)
        finally:
            for fault_id in set(self._world.injector.active) - before:
                self._world.injector.heal(fault_id, by="the end of the scenario")

    def _tell(self, what: str) -> None:
        self._step = what.strip()


class _Script(Script):
    """Steps that ask are carried out, and nothing is judged: settings here are other ones."""

    def __init__(
        self,
        world: ServedWorld,
        words: Vocabulary,
        signals: Signals,
        tell: Any,  # noqa: ANN401 - as in the base
        helpdesk: RunningHelpdesk,
    ) -> None:
        super().__init__(world, words, signals, tell)
        self._helpdesk = helpdesk

    def _do(self, step: AnyStep, path: str, what: str) -> bool:
        match step:
            case AskStep(ask=ask):
                return self._all_ask(ask)
            case LoadStep(load=load):
                return self._load(load)
            case ActStep(act="publish_index"):
                self._helpdesk.publish()
                self._world.recorder.record(ActionEvent, action="publish_index")
            case ActStep(act="refresh_index"):
                self._world.recorder.record(ActionEvent, action="refresh_index")
                self._helpdesk.refresh()
            case _:
                return super()._do(step, path, what)
        return not self._signals.is_over

    def _all_ask(self, ask: Ask) -> bool:
        every_s = ask.every.total_seconds() if ask.every else 0.0

        def user() -> None:
            began_s = self._now_s()
            for turn in range(ask.times):
                if not self._wait(began_s + turn * every_s - self._now_s()):
                    return
                self._helpdesk.ask(ask.question)

        _together([user] * ask.users)
        return not self._signals.is_over

    def _load(self, load: Load) -> bool:
        began_s, lasts_s = self._now_s(), load.for_.total_seconds()
        every_s, most = load.every.total_seconds(), peak(load.users)

        def user(place: int) -> None:
            first_s = load.spread.total_seconds() * place / most
            for turn in itertools.count():
                offset_s = first_s + turn * every_s
                if offset_s >= lasts_s or not self._wait(began_s + offset_s - self._now_s()):
                    return
                if place < value_at(load.users, offset_s):
                    self._helpdesk.ask(load.ask)

        _together([partial(user, place) for place in range(most)])
        return not self._signals.is_over


def _together(users: Any) -> None:  # noqa: ANN401 - callables without arguments
    # Questions are nobody's in particular here: the service numbers them as they come.
    threads = [threading.Thread(target=user, daemon=True) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
