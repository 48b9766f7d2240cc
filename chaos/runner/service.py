"""The service under test as a run sees it: each of its methods may be a coroutine."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from chaos.errors import TargetError
from chaos.ports import Answer, Target, World
from chaos.runner import returned
from chaos.runner.service_loop import ServiceLoop
from chaos.scenario.problems import listed
from chaos.scenario.vocabulary import RESTART
from chaos.trace.events import Scalar

T = TypeVar("T")

ERROR = "error"
"""The mode of an answer that never came; every target has it."""


class Service:
    """Calls a target, from tasks of a run.

    Args:
        target: A new one.
        on_restart: Called when its process has ended, before it is built again.
    """

    def __init__(self, target: Target, on_restart: Callable[[], None]) -> None:
        self._target = target
        self._on_restart = on_restart
        self._loop: ServiceLoop | None = None

    def build(self, world: World) -> None:
        """See `Target.build`."""
        self._outcome(self._target.build(world))

    def ask(self, question: str) -> Answer:
        """See `Target.ask`.

        Raises:
            TargetError: It gives something else than an `Answer`, one in a mode that the target
                does not have, or one that no trace can keep.
        """
        answer = self._outcome(self._target.ask(question))
        if not isinstance(answer, Answer):
            raise TargetError(
                f"{self._target.name}.ask() returned {type(answer).__name__}; expected a "
                "chaos.ports.Answer"
            )
        modes = self._target.vocabulary().modes
        if answer.mode not in {*modes, ERROR}:
            raise TargetError(
                f"{self._target.name}.ask() answered in mode {answer.mode!r}; expected "
                f"{listed(modes)}; add it to the modes of the target, or correct it"
            )
        return returned.answer(f"{self._target.name}.ask()", answer)

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """See `Target.act`."""
        if action == RESTART:
            self._end_loop()
            self._on_restart()
        detail: object = self._outcome(self._target.act(action, parameters))
        return returned.detail(f"{self._target.name}.act({action!r})", detail)

    def observe(self, key: str) -> Scalar:
        """See `Target.observe`."""
        value = self._outcome(self._target.observe(key))
        returned.check_observation(f"{self._target.name}.observe({key!r})", value)
        return value

    def audit(self) -> tuple[str, ...]:
        """See `Target.audit`."""
        return tuple(self._outcome(self._target.audit()))

    def close(self) -> None:
        """See `Target.close`."""
        try:
            self._outcome(self._target.close())
        finally:
            self._end_loop()

    def _outcome(self, came: T | Awaitable[T]) -> T:
        if not inspect.isawaitable(came):
            return came
        if self._loop is None:
            # First it is there, then it starts: two users who come at once share one loop.
            self._loop = ServiceLoop()
            self._loop.start()
        outcome: T = self._loop.wait_for(came)
        return outcome

    def _end_loop(self) -> None:
        if self._loop is not None:
            self._loop.close()
            self._loop = None
