"""Threads that a service starts past `threading` belong to the run as well."""

from __future__ import annotations

import _thread
import re
import threading
from _thread import start_new_thread as captured_start
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.simulation.toys import World, chat, nap


@pytest.mark.parametrize("start", [_thread.start_new_thread, _thread.start_new, captured_start])
def test_a_bare_thread_is_part_of_the_run(world: World, start: Callable[..., int]) -> None:
    """It waits in virtual time, it calls stand-ins, and locks wake it."""
    said: list[object] = []

    def work(word: str, *, lock: Any) -> None:
        nap(5)
        said.extend((word, chat(), world.now_s, threading.current_thread().name))
        lock.release()

    def act() -> int:
        lock = _thread.allocate_lock()
        lock.acquire()
        number = start(work, ("hello",), {"lock": lock})
        lock.acquire()
        return number

    assert world.result(act) > 0
    assert said == ["hello", "Press the button.", 5.0, "Dummy"]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ((1, ()), "must be callable"),
        ((print, []), "must be a tuple"),
        ((print, (), 3), "3rd arg must be a dict|not iterable"),
        ((print,), "expected at least 2 arguments|missing"),
    ],
)
def test_what_starts_no_thread_is_refused_as_ever(
    world: World, arguments: tuple[Any, ...], wrong: str
) -> None:
    """In the words of the real one."""
    error = world.error(lambda: _thread.start_new_thread(*arguments))

    assert isinstance(error, TypeError)
    assert re.search(wrong, str(error))


def test_a_bare_thread_may_leave(world: World) -> None:
    """`_thread.exit` is no error."""

    def act() -> float:
        _thread.start_new_thread(_thread.exit, ())
        nap(1)
        return world.now_s

    assert world.result(act) == 1.0
    assert world.run.violations == []
