"""What `chaos run` says when Ctrl-C ends it, and how it goes on from there."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from chaos.errors import ChaosError
from chaos.scenario.problems import suggest
from chaos.verdict import Outcome

if TYPE_CHECKING:
    # The command is defined with this module, and must answer --help at once.
    from chaos.runner.result import RunResult
    from chaos.scenario.loader import LoadedScenario

FROM = "--from"
"""The option that begins in the middle of a suite."""


_STDERR = 2
_HELD = b"\nchaos: ends after the run that is being played; Ctrl-C again ends at once\n"


class RunInterruptedError(ChaosError):
    """Ctrl-C ended a suite; the message says how far it came, and how to go on."""

    exit_code = 130


class HeldInterrupt:
    """Holds Ctrl-C back until it is asked for; a second Ctrl-C acts at once.

    A run takes milliseconds. One that is torn in the middle may leave its folder behind, or have
    its interruption taken for an error of the service, so the first Ctrl-C waits for its end.
    """

    def __init__(self) -> None:
        self._noted = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def act(self) -> None:
        """Nothing, unless there was a Ctrl-C.

        Raises:
            KeyboardInterrupt: There was.
        """
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._noted = True
        self._restore()
        # Not by way of a stream: the signal may have come in the middle of its writing.
        with suppress(OSError):
            os.write(_STDERR, _HELD)

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None


@contextmanager
def telling_how_far(told: Callable[[], str]) -> Iterator[None]:
    """Turn a Ctrl-C that ends the block into a message.

    Args:
        told: How far it has come, and how to go on.

    Raises:
        RunInterruptedError: Ctrl-C ended the block.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise RunInterruptedError(told()) from None


def stopped_at(done: int, total: int, what: str, *, next_command: str) -> str:
    """How far a command came that says nothing before its end.

    Example:
        >>> print(stopped_at(3, 8, "defects", next_command="again: chaos prove"))
        interrupted: 3 of 8 defects were examined
        nothing was left behind
        again: chaos prove
    """
    first = f"interrupted: {done} of {total} {what} were examined"
    return f"{first}\nnothing was left behind\n{next_command}"


def this_command() -> str:
    """The command that is running, as it was typed."""
    return shlex.join(["chaos", *sys.argv[1:]])


class Progress:
    """Remembers what was played of a suite, and tells it if Ctrl-C ends the block.

    Args:
        loaded: What is to be played, in order.
        on_result: Told of each run as it ends.
        holds: Whether Ctrl-C waits for the end of a run: one that this process plays must not be
            torn, others see to that themselves.
        continues: Whether the command can begin in the middle; one that compares a whole suite
            cannot.
    """

    def __init__(
        self,
        loaded: Sequence[LoadedScenario],
        on_result: Callable[[RunResult], None],
        *,
        holds: bool = True,
        continues: bool = True,
    ) -> None:
        self._loaded = loaded
        self._continues = continues
        self._tell = on_result
        self._results: list[RunResult] = []
        self._interrupt = HeldInterrupt()
        self._holds = holds

    def __enter__(self) -> Self:
        if self._holds:
            self._interrupt.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Turn Ctrl-C into a message.

        Raises:
            RunInterruptedError: Ctrl-C ended the block.
        """
        self._interrupt.__exit__(exc_type, exc, traceback)
        if exc_type is not None and issubclass(exc_type, KeyboardInterrupt):
            said = interruption(
                self._results, self._loaded, sys.argv[1:], continues=self._continues
            )
            raise RunInterruptedError(said) from None

    def on_result(self, result: RunResult) -> None:
        """Note a run, and pass it on."""
        self._results.append(result)
        self._tell(result)
        self._interrupt.act()


def from_name(loaded: Sequence[LoadedScenario], name: str) -> Sequence[LoadedScenario]:
    """The scenarios from the one called ``name`` on; all of them if the name is empty.

    Raises:
        ChaosError: None is called so.
    """
    if not name:
        return loaded
    names = [each.scenario.name for each in loaded]
    if name not in names:
        fix = suggest(name, names, "see them with: chaos list")
        raise ChaosError(
            f"no scenario {name!r} to begin with; expected the name of one in these paths; {fix}"
        )
    return loaded[names.index(name) :]


def interruption(
    results: Sequence[RunResult],
    loaded: Sequence[LoadedScenario],
    arguments: Sequence[str],
    *,
    continues: bool = True,
) -> str:
    """How far a suite came, and the command that does the rest.

    Args:
        results: What was played to its end.
        loaded: What was to be played, in order.
        arguments: Of the command, without its name.
        continues: Whether the command has an option to begin in the middle.
    """
    counts = ", ".join(
        f"{count} {outcome.value}"
        for outcome in Outcome
        if (count := sum(result.outcome is outcome for result in results))
    )
    done = f"interrupted: {len(results)} of {len(loaded)} scenarios were played"
    lines = [f"{done} ({counts})" if counts else done, "nothing was left behind"]
    if not continues:
        lines.append(f"it needs the whole suite; start again with: {this_command()}")
    elif len(results) < len(loaded):
        following = loaded[len(results)].scenario.name
        command = shlex.join(["chaos", *_without_from(arguments), FROM, following])
        lines.append(f"continue with: {command}")
    return "\n".join(lines)


def _without_from(arguments: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for argument in arguments:
        if kept and kept[-1] == FROM:
            kept.pop()
        elif not argument.startswith(f"{FROM}="):
            kept.append(argument)
    return kept
