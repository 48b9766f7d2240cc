"""The threading toolbox, used by tasks, in virtual time."""

from __future__ import annotations

import concurrent.futures
import contextvars
import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chaos.errors import DeadlockError
from chaos.simulation.tasks import baton
from tests.chaos.simulation.toys import World, nap


def test_lock_timeout_is_virtual(world: World) -> None:
    """A lock that stays taken is given up at exactly the timeout."""
    lock = threading.Lock()

    def holder() -> None:
        with lock:
            nap(100.0)

    def waiter() -> tuple[bool, float]:
        nap(1.0)
        return lock.acquire(timeout=5.0), world.now_s

    tasks = world.play(holder, waiter)

    assert tasks[1].result == (False, 6.0)


def test_lock_is_taken_as_soon_as_it_is_free(world: World) -> None:
    """A timeout that is not reached costs nothing."""
    lock = threading.Lock()

    def holder() -> None:
        with lock:
            nap(3.0)

    def waiter() -> tuple[bool, float]:
        nap(1.0)
        return lock.acquire(timeout=5.0), world.now_s

    tasks = world.play(holder, waiter)

    assert tasks[1].result == (True, 3.0)


def test_rlock_excludes_others_over_a_sleep(world: World) -> None:
    """Its owner may enter again; nobody else gets in between."""
    lock = threading.RLock()
    inside: list[str] = []

    def enter(name: str) -> None:
        with lock, lock:
            inside.append(f"{name} in")
            nap(1.0)
            inside.append(f"{name} out")

    world.play(lambda: enter("a"), lambda: enter("b"))

    assert [entry[0] for entry in inside] in (list("aabb"), list("bbaa"))


def test_event_wait_ends_at_its_timeout_or_when_set(world: World) -> None:
    """Both at their exact virtual instants."""
    event = threading.Event()
    seen: list[tuple[bool, float]] = []

    def waiter() -> None:
        seen.append((event.wait(5.0), world.now_s))
        seen.append((event.wait(500.0), world.now_s))

    def setter() -> None:
        nap(60.0)
        event.set()

    world.play(waiter, setter)

    assert seen == [(False, 5.0), (True, 60.0)]


def test_condition_wait_for_uses_virtual_time(world: World) -> None:
    """Its deadline is computed on the virtual clock, not on the real one."""
    condition = threading.Condition()

    def waiter() -> tuple[bool, float]:
        with condition:
            return condition.wait_for(lambda: False, timeout=30.0), world.now_s

    def noise() -> None:
        for _ in range(5):
            nap(1.0)
            with condition:
                condition.notify_all()

    tasks = world.play(waiter, noise)

    assert tasks[0].result == (False, 30.0)


def test_semaphore_lets_so_many_in(world: World) -> None:
    """Six users, two at a time, one second each: three seconds."""
    semaphore = threading.BoundedSemaphore(2)

    def visit() -> None:
        with semaphore:
            nap(1.0)

    world.play(*[visit] * 6)

    assert world.now_s == 3


def test_barrier_releases_all_at_the_last(world: World) -> None:
    """Nobody passes before the slowest has come."""
    barrier = threading.Barrier(3)
    passed: list[float] = []

    def come(after_s: float) -> None:
        nap(after_s)
        barrier.wait()
        passed.append(world.now_s)

    world.play(lambda: come(1.0), lambda: come(7.0), lambda: come(3.0))

    assert passed == [7.0] * 3


def test_timer_fires_at_its_virtual_time(world: World) -> None:
    """And not at all if cancelled before."""
    fired: list[float] = []

    def user() -> None:
        threading.Timer(30.0, lambda: fired.append(world.now_s)).start()
        cancelled = threading.Timer(31.0, lambda: fired.append(-1))
        cancelled.start()
        nap(30.5)
        cancelled.cancel()
        nap(60.0)

    world.play(user)

    assert fired == [30.0]


@pytest.mark.parametrize("kind", [queue.Queue, queue.LifoQueue, queue.PriorityQueue])
def test_queue_get_waits_in_virtual_time(world: World, kind: type[queue.Queue[int]]) -> None:
    """For an item, or until its timeout."""
    items = kind()

    def consumer() -> tuple[int, float, float]:
        item = items.get(timeout=100.0)
        got_s = world.now_s
        with pytest.raises(queue.Empty):
            items.get(timeout=5.0)
        return item, got_s, world.now_s

    def producer() -> None:
        nap(2.0)
        items.put(1)

    tasks = world.play(consumer, producer)

    assert tasks[0].result == (1, 2.0, 7.0)


def test_simple_queue_waits_in_virtual_time(world: World) -> None:
    """The one that is written in C, and that executors use, is replaced."""
    items: queue.SimpleQueue[int] = queue.SimpleQueue()

    def consumer() -> None:
        with pytest.raises(queue.Empty):
            items.get(timeout=5.0)

    world.result(consumer)

    assert world.now_s == 5


def test_executor_works_in_virtual_time(world: World) -> None:
    """Two workers, four naps of one second: two seconds; results come back."""

    def user() -> list[int]:
        def work(number: int) -> int:
            nap(1.0)
            return number * number

        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(work, range(4)))

    assert world.result(user) == [0, 1, 4, 9]
    assert world.now_s == 2


def test_future_times_out_in_virtual_time(world: World) -> None:
    """The usual way to put a deadline around a call works at its exact instant."""

    def user() -> float:
        pool = ThreadPoolExecutor(max_workers=1)
        future = pool.submit(nap, 100.0)
        with pytest.raises(concurrent.futures.TimeoutError):
            future.result(timeout=10.0)
        return world.now_s

    assert world.result(user) == 10.0


def test_idle_pool_threads_go_silently(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A pool that is never shut down neither hangs the run nor fills the log at its end."""
    kept: list[ThreadPoolExecutor] = []

    def user() -> None:
        kept.append(ThreadPoolExecutor(max_workers=3))
        for future in [kept[0].submit(nap, 1.0) for _ in range(3)]:
            future.result()

    before = threading.active_count()
    with caplog.at_level(logging.DEBUG):
        world.play(user)
    for thread in kept[0]._threads:
        thread.join(5.0)

    assert caplog.records == []
    assert threading.active_count() == before


def test_thread_join_waits_in_virtual_time(world: World) -> None:
    """For the end of the thread, or for the timeout."""

    def user() -> list[tuple[bool, float]]:
        thread = threading.Thread(target=nap, args=(10.0,))
        thread.start()
        seen = []
        for timeout_s in (4.0, None):
            thread.join(timeout_s)
            seen.append((thread.is_alive(), world.now_s))
        return seen

    assert world.result(user) == [(True, 4.0), (False, 10.0)]


def test_thread_is_alive_until_its_virtual_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polling sees the end at once, however long the operating system takes to clean up."""
    monkeypatch.setattr("chaos.simulation.threads.toolbox._is_alive", lambda _: True)

    def user() -> float:
        thread = threading.Thread(target=nap, args=(2.5,))
        thread.start()
        while thread.is_alive():
            nap(1.0)
        return world.now_s

    assert world.result(user) == 3.0


def test_thread_sees_virtual_time_and_its_own_locals(world: World) -> None:
    """In the first frames of a thread, too; thread-locals and contexts stay apart."""
    local = threading.local()
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    seen: list[tuple[float, str, str]] = []

    def thread(name: str) -> None:
        local.name = name
        variable.set(name)
        nap(31.0)
        seen.append((time.monotonic(), local.name, variable.get()))

    def user() -> None:
        began_s = time.monotonic()
        threads = [threading.Thread(target=thread, args=(name,)) for name in "ab"]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert time.monotonic() - began_s == 31

    world.result(user)

    assert sorted(name for _, name, _ in seen) == ["a", "b"]
    assert all(name == value for _, name, value in seen)
    assert {at_s for at_s, _, _ in seen} == {1031.0}


def test_thread_cannot_be_started_twice(world: World) -> None:
    """As in reality."""

    def user() -> None:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.start()

    assert "only be started once" in str(world.error(user))


def test_error_of_a_thread_reaches_the_hook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A background thread that dies tells threading.excepthook, as in reality."""
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))

    def user() -> None:
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()

    world.result(user)

    assert told == [ZeroDivisionError]


def test_free_lock_works_for_the_harness(world: World) -> None:
    """Outside all tasks a lock is a lock."""
    lock = threading.Lock()

    with lock:
        assert lock.locked()
        assert not lock.acquire(blocking=False)

    assert not lock.locked()


def test_lock_that_went_away_while_held_is_not_taken_for_another(world: World) -> None:
    """A later one at its place in memory may be held outside of the run, for a real moment."""

    def act() -> bool:
        gone = threading.Lock()
        gone.acquire()
        place = id(gone)
        del gone
        later = next(each for each in iter(threading.Lock, None) if id(each) == place)
        # As the interpreter does with the lock of a thread that it has not quite ended.
        with baton.outside():
            later.acquire()
            threading.Timer(0.05, later.release).start()
        return later.acquire()

    assert world.play(act)[0].result


def test_lock_that_nobody_gives_back_is_a_deadlock_for_the_harness_too(world: World) -> None:
    """The test's own thread waits like any other, and is told who has the lock."""
    lock = threading.Lock()
    world.play(lock.acquire)

    with pytest.raises(
        DeadlockError, match=r"harness waits for a lock held by user-1 since 0\.000"
    ):
        lock.acquire()


def test_locks_of_a_simulation_stay_usable_for_other_threads(world: World) -> None:
    """An object made inside, and shared with a thread outside, waits for real."""
    lock = threading.Lock()
    lock.acquire()
    world.run.close()
    thread = threading.Thread(target=lock.acquire)

    thread.start()
    lock.release()
    thread.join(5.0)

    assert not thread.is_alive()
    assert lock.locked()


def test_thread_started_while_building_belongs_to_the_run(world: World) -> None:
    """A refresher that a service starts in its constructor runs when the users do."""
    ticks: list[float] = []

    def refresh() -> None:
        while True:
            nap(10.0)
            ticks.append(world.now_s)

    threading.Thread(target=refresh, daemon=True).start()

    world.play(lambda: nap(35.0))

    assert ticks == [10.0, 20.0, 30.0]


def test_worker_that_waits_again_before_another_has_woken_is_not_forgotten(world: World) -> None:
    """Two workers are woken, one of them takes both items; then both go on waiting."""
    items: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    done: list[str | None] = []

    def work() -> None:
        while (item := items.get()) is not None:
            done.append(item)
        # The way in which pools tell the next worker to end.
        items.put(None)

    def act() -> None:
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        nap(1)
        items.put("first")
        items.put("second")
        nap(1)
        items.put(None)
        for worker in workers:
            worker.join()

    world.result(act)

    assert done == ["first", "second"]
