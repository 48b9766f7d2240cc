"""Threads, pools, queues and timers of services: they wait as long as in production."""

from __future__ import annotations

import concurrent.futures
import contextvars
import os
import queue
import sched
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.chaos.promises.town import URL, Opens, inconclusive, lived

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


def test_workers_empty_a_queue_two_at_a_time(town: Opens) -> None:
    """Five jobs of a second, two workers: three seconds, and `join` waits for the last."""

    def service() -> list[int]:
        jobs: queue.Queue[int | None] = queue.Queue(maxsize=1)
        done: list[int] = []

        def work() -> None:
            while (job := jobs.get()) is not None:
                time.sleep(1)
                done.append(job)
                jobs.task_done()
            jobs.task_done()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for job in [1, 2, 3, 4, 5, None, None]:
            jobs.put(job)
        jobs.join()
        return sorted(done)

    with town() as world:
        assert lived(world, service) == ([1, 2, 3, 4, 5], 3.0)


def test_a_full_queue_refuses_after_its_timeout(town: Opens) -> None:
    """`put(timeout=)` and `get(timeout=)` raise when they would in production."""

    def service() -> str:
        full: queue.Queue[int] = queue.Queue(maxsize=1)
        full.put(1)
        try:
            full.put(2, timeout=2.5)
        except queue.Full:
            full.get()
        try:
            full.get(timeout=1.5)
        except queue.Empty:
            return "empty"
        return "something"

    with town() as world:
        assert lived(world, service) == ("empty", 4.0)


def test_workers_are_initialized_in_virtual_time(town: Opens) -> None:
    """An initializer that connects for a second is waited for, once a worker."""
    local = threading.local()

    def begin(name: str) -> None:
        time.sleep(1)
        local.session = name

    def nap(_: int) -> str:
        time.sleep(1)
        return str(local.session)

    def service() -> list[str]:
        with ThreadPoolExecutor(2, initializer=begin, initargs=("warm",)) as pool:
            return list(pool.map(nap, range(4)))

    with town() as world:
        assert lived(world, service) == (["warm"] * 4, 3.0)


def test_a_pool_whose_initializer_fails_is_broken(town: Opens) -> None:
    """As it would be: the submitted work raises."""

    def begin() -> None:
        raise RuntimeError("no licence")

    def service() -> str:
        with ThreadPoolExecutor(1, initializer=begin) as pool:
            try:
                pool.submit(int).result(timeout=5)
            except concurrent.futures.BrokenExecutor:
                return "broken"
        return "fine"

    with town() as world:
        assert lived(world, service) == ("broken", 0.0)


def test_the_first_of_several_is_taken(town: Opens) -> None:
    """`wait(FIRST_COMPLETED)` ends with the quick one; the others go on for nobody."""

    def service() -> tuple[int, int]:
        pool = ThreadPoolExecutor(3)
        asked = [pool.submit(time.sleep, seconds) for seconds in (3, 1, 2)]
        done, rest = concurrent.futures.wait(asked, 10, concurrent.futures.FIRST_COMPLETED)
        pool.shutdown(wait=False, cancel_futures=True)
        return len(done), len(rest)

    with town() as world:
        assert lived(world, service) == ((1, 2), 1.0)


def test_as_completed_gives_up_in_time(town: Opens) -> None:
    """What has come by then has come, and the rest is a timeout."""

    def service() -> list[int]:
        pool = ThreadPoolExecutor(3)
        asked = {pool.submit(time.sleep, seconds): seconds for seconds in (30, 1, 2)}
        came: list[int] = []
        coming = concurrent.futures.as_completed(asked, timeout=5)
        with suppress(TimeoutError):
            came.extend(asked[next(coming)] for _ in asked)
        pool.shutdown(wait=False)
        return came

    with town() as world:
        got, took_s = lived(world, service)

    # It looks whether five seconds are over, and at five they are not.
    assert (got, round(took_s, 2)) == ([1, 2], 5.0)


def test_contexts_do_not_travel_through_pools(town: Opens) -> None:
    """A worker does not see its caller's variables, unless the caller hands them on."""

    def service() -> tuple[str, str]:
        WHO.set("caller")
        with ThreadPoolExecutor(1) as pool:
            plain = pool.submit(WHO.get).result()
            handed = pool.submit(contextvars.copy_context().run, WHO.get).result()
        return plain, handed

    with town() as world:
        assert lived(world, service) == (("nobody", "caller"), 0.0)


def test_a_timer_that_is_cancelled_never_fires(town: Opens) -> None:
    """And one that is not does, in its second."""

    def service() -> list[float]:
        fired: list[float] = []
        began = time.monotonic()
        late = threading.Timer(9, lambda: fired.append(9))
        late.start()
        threading.Timer(2, lambda: fired.append(time.monotonic() - began)).start()
        time.sleep(5)
        late.cancel()
        time.sleep(10)
        return fired

    with town() as world:
        assert lived(world, service) == ([2.0], 15.0)


def test_a_schedule_runs_in_order(town: Opens) -> None:
    """`sched`, with the clock and the sleep that it has by default."""

    def service() -> str:
        said: list[str] = []
        plan = sched.scheduler()
        plan.enter(20, 1, said.append, ("c",))
        plan.enter(10, 2, said.append, ("b",))
        plan.enter(10, 1, said.append, ("a",))
        plan.run()
        return "".join(said)

    with town() as world:
        assert lived(world, service) == ("abc", 20.0)


def test_a_deadline_by_events_holds(town: Opens) -> None:
    """A supervisor gives its worker four seconds, of which it takes three."""

    def service() -> tuple[bool, bool]:
        ready, stop = threading.Event(), threading.Event()

        def work() -> None:
            time.sleep(3)
            ready.set()
            stop.wait()

        worker = threading.Thread(target=work)
        worker.start()
        in_time = ready.wait(4)
        worker.join(2)
        alive = worker.is_alive()
        stop.set()
        worker.join()
        return in_time, alive

    with town() as world:
        assert lived(world, service) == ((True, True), 5.0)


WAITS: dict[str, Callable[[], object]] = {
    "select": lambda: select.select([], [], [], 5),
    "select on a socket": lambda: _selects(socket.socketpair()),
    "select on a pipe": lambda: _selects(os.pipe()),
    "poll": lambda: select.poll().poll(5000),
    "event": lambda: threading.Event().wait(5),
    "condition": lambda: _waits(threading.Condition()),
    "lock": lambda: _takes(threading.Lock()),
    "queue": lambda: _in_vain(queue.SimpleQueue[int]().get, timeout=5),
    "join": lambda: _joins(threading.Thread(target=time.sleep, args=(5,))),
    "barrier": lambda: _in_vain(threading.Barrier(2, timeout=5).wait),
    "semaphore": lambda: threading.Semaphore(0).acquire(timeout=5),
    "future": lambda: _in_vain(concurrent.futures.Future[int]().result, timeout=5),
}


def _waits(condition: threading.Condition) -> bool:
    with condition:
        return condition.wait(5)


def _selects(pair: tuple[Any, Any]) -> object:
    return select.select([pair[0]], [], [], 5)


def _in_vain(wait: Callable[..., object], **options: float) -> None:
    with pytest.raises((queue.Empty, threading.BrokenBarrierError, TimeoutError)):
        wait(**options)


def _joins(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


def _takes(lock: threading.Lock) -> bool:
    lock.acquire()
    return lock.acquire(timeout=5)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_wait_of_five_seconds_takes_five(town: Opens, wait: Callable[[], object]) -> None:
    """However it is done."""
    with town() as world:
        assert lived(world, wait)[1] == 5.0


def test_a_pipe_to_oneself_wakes_who_selects(town: Opens) -> None:
    """The old trick: a byte in a pipe ends a `select`. Pipes are real, and in time."""

    def service() -> float:
        reader, writer = os.pipe()
        began = time.monotonic()

        def wake() -> None:
            time.sleep(2)
            os.write(writer, b"!")

        threading.Thread(target=wake).start()
        select.select([reader], [], [], 30)
        return time.monotonic() - began

    with town() as world:
        assert lived(world, service) == (2.0, 2.0)


def test_calls_of_workers_belong_to_whoever_asked(town: Opens) -> None:
    """Three users, one worker: each has one call."""
    jobs: queue.Queue[tuple[queue.Queue[object], str]] = queue.Queue()

    def work() -> None:
        while True:
            reply, url = jobs.get()
            reply.put(requests.get(url, timeout=5).json()["name"])

    def service() -> object:
        reply: queue.Queue[object] = queue.Queue()
        jobs.put((reply, URL))
        return reply.get(timeout=60)

    with town(fault="latency", latency="1s") as world:
        threading.Thread(target=work, daemon=True).start()
        assert world.users(3, service) == ["Ada"] * 3
        assert world.now_s == 3.0
        asked = [event.actor for event in world.trace if event.kind == "request"]

    assert sorted(asked) == ["user-1", "user-2", "user-3"]


@pytest.mark.parametrize("pool", ["process", "fork"])
def test_work_in_other_processes_is_found(town: Opens, pool: str) -> None:
    """They cannot be simulated."""

    def service() -> object:
        if pool == "fork":
            return os.fork()
        with suppress(Exception), concurrent.futures.ProcessPoolExecutor(1) as workers:
            return workers.submit(int).result(timeout=9)
        return None

    with inconclusive("tried to start another process"), town() as world:
        world.users(1, service)
