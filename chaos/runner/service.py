"""The service under test as a run sees it: each of its methods may be a coroutine."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from chaos.errors import TargetError
from chaos.ports import Answer, Target, World
from chaos.runner.service_loop import ServiceLoop
from chaos.scenario.problems import listed
from chaos.scenario.vocabulary import RESTART
from chaos.targets.sayings import told_answer
from chaos.trace.events import Scalar

T = TypeVar("T")

ERROR = "error"
"""The mode of an answer that never came; every target has it."""

"""The action after which nothing of the process before is left."""


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
        return told_answer(f"{self._target.name}.ask()", answer)

    def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """See `Target.act`."""
        if action == RESTART:
            self._end_loop()
            self._on_restart()
        detail: object = self._outcome(self._target.act(action, parameters))
        if detail is None:
            # Whoever has nothing to say often says nothing.
            return {}
        if not isinstance(detail, Mapping) or not all(map(_can_be_kept, detail.values())):
            raise TargetError(
                f"{self._target.name}.act({action!r}) returned {_a(detail)}; expected a mapping "
                "of words to texts, numbers, true, false or None; return {} for nothing"
            )
        return detail

    def observe(self, key: str) -> Scalar:
        """See `Target.observe`."""
        value = self._outcome(self._target.observe(key))
        if not all(map(_can_be_kept, value if isinstance(value, list | tuple) else [value])):
            raise TargetError(
                f"{self._target.name}.observe({key!r}) returned {_a(value)}; expected text, a "
                "number, true, false, None, or a list of these; convert it"
            )
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

    def _outcome(self, returned: T | Awaitable[T]) -> T:
        if not inspect.isawaitable(returned):
            return returned
        if self._loop is None:
            # First it is there, then it starts: two users who come at once share one loop.
            self._loop = ServiceLoop()
            self._loop.start()
        outcome: T = self._loop.wait_for(returned)
        return outcome

    def _end_loop(self) -> None:
        if self._loop is not None:
            self._loop.close()
            self._loop = None


def _can_be_kept(value: object) -> bool:
    """Whether a trace can hold it."""
    return value is None or isinstance(value, str | int | float)


def _a(value: object) -> str:
    if isinstance(value, list | tuple | Mapping) or not _can_be_kept(value):
        return f"a {type(value).__name__}"
    return repr(value)
