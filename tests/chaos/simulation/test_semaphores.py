"""Locks of `multiprocessing` in the threads of a run."""

from __future__ import annotations

import multiprocessing
import queue
import threading

import pytest

from chaos.errors import DeadlockError
from tests.chaos.simulation.toys import World, nap


def test_a_wait_for_a_lock_is_virtual(world: World) -> None:
    """It ends when the lock is free, or at its timeout."""
    lock = multiprocessing.Lock()

    def hold() -> None:
        with lock:
            nap(3)

    def wait() -> tuple[bool, float, bool, float]:
        nap(1)
        first, first_s = lock.acquire(timeout=1), world.now_s
        second, second_s = lock.acquire(), world.now_s
        lock.release()
        return first, first_s, second, second_s

    tasks = world.play(hold, wait)

    assert tasks[1].result == (False, 2.0, True, 3.0)


def test_an_event_and_a_queue_wait_in_virtual_time(world: World) -> None:
    """They are made of such locks, and of pipes."""
    event = multiprocessing.Event()
    given: multiprocessing.Queue[str] = multiprocessing.Queue()

    def set_later() -> None:
        nap(2)
        event.set()
        given.put("done")

    def wait() -> tuple[bool, bool, float, str, float]:
        first, second, at_s = event.wait(1), event.wait(60), world.now_s
        got = given.get(timeout=5)
        try:
            given.get(timeout=5)
        except queue.Empty:
            # It looks more than once whether something has come, and each look takes a moment.
            return first, second, at_s, got, round(world.now_s, 1)
        return first, second, at_s, got, -1

    tasks = world.play(set_later, wait)

    assert tasks[1].result == (False, True, 2.0, "done", 7.0)


def test_a_lock_of_processes_that_nobody_gives_back_is_a_deadlock(world: World) -> None:
    """It is named."""
    lock = multiprocessing.Lock()
    lock.acquire()

    with pytest.raises(DeadlockError, match="a lock or a semaphore of multiprocessing"):
        world.result(lock.acquire)


def test_outside_of_a_run_waits_are_real() -> None:
    """For threads that are no part of one."""
    lock = multiprocessing.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=0.001)
    threading.Timer(0.01, lock.release).start()

    assert lock.acquire(timeout=60)
