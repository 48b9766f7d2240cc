"""Handlers of signals that a program's main coroutine sets."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

import pytest

from tests.chaos.simulation.toys import World


def ends_itself(send: Callable[[], None]) -> Callable[[], str]:
    """A program that ends when it is told to, and tells itself after two seconds."""

    async def main() -> str:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, told.set)
        loop.call_later(2, send)
        await told.wait()
        return f"{loop.remove_signal_handler(signal.SIGTERM)}, {loop.remove_signal_handler(15)}"

    return lambda: asyncio.run(main())


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda: os.kill(os.getpid(), signal.SIGTERM), id="kill"),
        pytest.param(lambda: signal.raise_signal(signal.SIGTERM), id="raise_signal"),
    ],
)
def test_a_signal_that_the_service_sends_to_itself_is_handled(
    world: World, send: Callable[[], None]
) -> None:
    """As in the main thread of a program."""
    assert world.result(ends_itself(send)) == "True, False"
    assert world.now_s == 2.0
    assert world.run.violations == []


def test_a_signal_without_a_handler_is_refused_as_ever(world: World) -> None:
    """It would end the process."""
    world.error(lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert any("tried to end the process with signal" in each for each in world.run.violations)


def test_what_cannot_be_handled_is_refused_as_ever(world: World) -> None:
    """Nobody handles SIGKILL, and 9999 is no signal."""

    async def main(sig: int) -> None:
        asyncio.get_running_loop().add_signal_handler(sig, print)

    with pytest.raises((RuntimeError, ValueError)):
        world.result(lambda: asyncio.run(main(9999)))


def test_a_thread_of_the_service_sets_no_handler(world: World) -> None:
    """Python allows that to the main thread alone."""
    refused: list[str] = []

    async def main() -> None:
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)
        except (RuntimeError, ValueError) as error:
            refused.append(str(error))

    def act() -> None:
        thread = threading.Thread(target=lambda: asyncio.run(main()))
        thread.start()
        thread.join()

    world.result(act)

    assert len(refused) == 1
    assert "main thread" in refused[0]
