"""Threads that are older than the run: pools get others, and nobody else is given work."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from chaos.errors import SimulationError
from chaos.simulation.threads import strangers
from chaos.testing import SimulatedWorld
from tests.chaos.simulation.toys import ToyOpenAI, chat


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A pool as a service keeps it in a module; one thread of it waits for work."""
    with ThreadPoolExecutor(2) as pool:
        assert pool.submit(abs, -1).result() == 1
        yield pool


def test_a_pool_of_before_has_threads_of_the_run(pool: ThreadPoolExecutor) -> None:
    """In each run, and its own ones afterwards."""
    before = threading.active_count()
    said = []
    for _ in range(2):
        with SimulatedWorld() as world:
            world.serve(ToyOpenAI())
            said += world.users(2, lambda: pool.submit(chat).result(timeout=5))

    assert said == ["Press the button."] * 4
    assert pool.submit(threading.get_ident).result(timeout=60)
    assert threading.active_count() == before


def test_a_pool_of_a_run_is_good_for_the_next() -> None:
    """Its threads are gone with the first one, and it does not count on them."""
    made: list[ThreadPoolExecutor] = []

    def act() -> str | None:
        made.extend([] if made else [ThreadPoolExecutor(2)])
        return made[0].submit(chat).result(timeout=5)

    for _ in range(2):
        with SimulatedWorld() as world:
            world.serve(ToyOpenAI())
            assert world.users(1, act) == ["Press the button."]

    assert made[0].submit(abs, -1).result(timeout=60) == 1
    made[0].shutdown()


@contextmanager
def waiting_for(full: queue.Queue[object]) -> Iterator[list[object]]:
    """A thread of before that waits for an item, until the block is left."""
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(full.get()))
    thread.start()
    while not full.not_empty._waiters:  # type: ignore[attr-defined]
        thread.join(0.001)
    yield got
    full.put(None)
    thread.join()


def test_work_for_a_thread_of_before_is_refused() -> None:
    """It would be done in the real world; and nobody has it."""
    full: queue.Queue[object] = queue.Queue()

    with (
        waiting_for(full) as got,
        pytest.raises(SimulationError, match="a thread outside the simulation was waiting for it"),
        SimulatedWorld() as world,
    ):
        world.users(1, lambda: full.put("work"))

    assert got == [None]


def test_a_log_is_no_work() -> None:
    """Whoever writes logs in a thread of its own goes on."""
    full: queue.Queue[object] = queue.Queue()
    handler = logging.handlers.QueueHandler(full)

    with waiting_for(full) as got, SimulatedWorld() as world:
        world.users(1, lambda: handler.emit(logging.makeLogRecord({"msg": "hello"})))

    assert len(got) == 1


def test_a_thread_of_the_run_may_wait() -> None:
    """It is nobody's stranger."""
    full: queue.Queue[str] = queue.Queue()

    with SimulatedWorld() as world:
        world.serve()
        assert world.together(full.get, lambda: full.put("work")) == ["work", None]


def test_whoever_is_gone_with_the_fork_is_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a copy of the process, only their places in the line are left."""
    monkeypatch.setattr(strangers._Process, "was_forked", True)
    condition = threading.Condition()
    gone = threading.Lock()
    gone.acquire()
    condition._waiters.append(gone)  # type: ignore[attr-defined]

    def wait() -> bool:
        with condition:
            return condition.wait(timeout=60)

    def wake() -> None:
        with condition:
            condition.notify()

    with SimulatedWorld() as world:
        assert world.together(wait, wake) == [True, None]
        assert world.now_s == 0


def test_a_loop_of_before_is_refused() -> None:
    """A coroutine that is handed to it would run in the real world."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def work() -> None:
        await asyncio.sleep(0)

    def act() -> None:
        coroutine = work()
        try:
            asyncio.run_coroutine_threadsafe(coroutine, loop)
        finally:
            coroutine.close()

    with (
        pytest.raises(SimulationError, match="an event loop that runs in a thread"),
        SimulatedWorld() as world,
    ):
        world.users(1, act)

    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_thread_that_an_earlier_test_left_behind_is_told() -> None:
    """Whoever waits for it in vain reads its name beside the error."""
    full: queue.Queue[object] = queue.Queue()

    def work() -> None:
        while full.get():
            """Nothing is made of it."""

    with SimulatedWorld() as world:
        world.users(1, threading.Thread(target=work, name="refresher", daemon=True).start)

    with pytest.raises(queue.Empty) as caught, SimulatedWorld() as world:
        world.users(1, lambda: queue.Queue().get(timeout=5))

    assert any("refresher" in note for note in caught.value.__notes__)


def test_log_records_count_time_from_the_beginning_of_the_run() -> None:
    """Not from when this process loaded the module."""
    with SimulatedWorld() as world:
        world.advance(90)
        (record,) = world.users(1, lambda: logging.makeLogRecord({}))

    assert record.relativeCreated == 90_000
