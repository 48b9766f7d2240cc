"""Event loops, and threads beside them: timeouts, cancellation, queues, portals."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest

from chaos.trace.events import RequestEvent, ResponseEvent
from tests.chaos.promises.town import URL, Opens, inconclusive, lived

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
LATE = {"fault": "latency", "latency": "4s"}


async def mayor() -> str:
    """Ask for the mayor."""
    async with httpx.AsyncClient(timeout=30) as client:
        return str((await client.get(URL)).json()["name"])


def test_a_timeout_cancels_the_call(town: Opens) -> None:
    """After a second it is over, and the provider sees that nobody waits any more."""

    async def service() -> str:
        try:
            async with asyncio.timeout(1):
                return await mayor()
        except TimeoutError:
            return "late"

    with town(**LATE) as world:
        assert lived(world, lambda: asyncio.run(service())) == ("late", 1.0)
        world.advance("10s")
        ends = [event for event in world.trace if isinstance(event, ResponseEvent)]

    assert [(event.error, event.elapsed_s) for event in ends] == [("Closed", 1.0)]


def test_a_shield_lets_the_call_go_on(town: Opens) -> None:
    """The caller has given up, and the call has an answer all the same."""

    async def service() -> tuple[str, str]:
        call = asyncio.ensure_future(mayor())
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(call), 1)
        return "gave up", await call

    with town(**LATE) as world:
        assert lived(world, lambda: asyncio.run(service())) == (("gave up", "Ada"), 4.0)


def test_a_thread_cannot_be_cancelled(town: Opens) -> None:
    """`wait_for(to_thread)` gives up after a second; `asyncio.run` waits for the thread."""
    done: list[float] = []

    async def service() -> str:
        try:
            await asyncio.wait_for(asyncio.to_thread(_nap, 3, done), 1)
        except TimeoutError:
            return "late"
        return "done"

    with town() as world:
        assert lived(world, lambda: asyncio.run(service())) == ("late", 3.0)
    assert done == [3]


def _nap(seconds: float, done: list[float]) -> None:
    time.sleep(seconds)
    done.append(seconds)


def test_async_workers_empty_a_queue(town: Opens) -> None:
    """Six jobs of a second, three workers, which are cancelled in the end."""

    async def service() -> int:
        jobs: asyncio.Queue[int] = asyncio.Queue(maxsize=2)
        done = 0

        async def work() -> None:
            nonlocal done
            while True:
                await jobs.get()
                await asyncio.sleep(1)
                done += 1
                jobs.task_done()

        workers = [asyncio.create_task(work()) for _ in range(3)]
        for number in range(6):
            await jobs.put(number)
        await jobs.join()
        for worker in workers:
            worker.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        return done

    with town() as world:
        assert lived(world, lambda: asyncio.run(service())) == (6, 2.0)


def test_a_semaphore_bounds_what_is_gathered(town: Opens) -> None:
    """Six calls of four seconds, two at a time."""

    async def service() -> int:
        turns = asyncio.Semaphore(2)

        async def one() -> str:
            async with turns:
                return await mayor()

        return len(await asyncio.gather(*(one() for _ in range(6))))

    with town(**LATE) as world:
        assert lived(world, lambda: asyncio.run(service())) == (6, 12.0)


def test_one_failure_cancels_its_siblings(town: Opens) -> None:
    """A task group ends with its first error, and the others are cancelled."""
    cancelled: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append("slow")
            raise

    async def fails() -> None:
        await asyncio.sleep(2)
        raise ValueError

    async def service() -> str:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(slow())
                group.create_task(fails())
        except ExceptionGroup as errors:
            return type(errors.exceptions[0]).__name__
        return "fine"

    with town() as world:
        assert lived(world, lambda: asyncio.run(service())) == ("ValueError", 2.0)
    assert cancelled == ["slow"]


def test_a_stream_that_is_closed_half_way_runs_its_finally(town: Opens) -> None:
    """`aclosing` ends an async generator, with its clean-up in virtual time."""
    cleaned: list[str] = []

    async def ticks() -> AsyncIterator[int]:
        try:
            for number in range(100):
                await asyncio.sleep(1)
                yield number
        finally:
            await asyncio.sleep(0.5)
            cleaned.append("up")

    async def service() -> int:
        async with aclosing(ticks()) as stream:  # type: ignore[type-var]  # it is a generator
            async for number in stream:
                if number == 2:
                    return number
        return -1

    with town() as world:
        assert lived(world, lambda: asyncio.run(service())) == (2, 3.5)
    assert cleaned == ["up"]


def test_a_portal_takes_calls_of_threads(town: Opens) -> None:
    """Sync code, an event loop in a thread, and a worker thread of that loop."""

    def service() -> tuple[str, str]:
        with anyio.from_thread.start_blocking_portal() as portal:
            first = portal.call(mayor)
            second = portal.start_task_soon(anyio.to_thread.run_sync, time.sleep, 2)
            second.result(timeout=9)
        return first, threading.current_thread().name

    with town(**LATE) as world:
        (name, _), took_s = lived(world, service)

    assert (name, took_s) == ("Ada", 6.0)


def test_anyio_moves_on(town: Opens) -> None:
    """`move_on_after` and `fail_after` are as punctual as `asyncio.timeout`."""

    async def service() -> str:
        with anyio.move_on_after(1) as scope:
            await mayor()
        assert scope.cancelled_caught
        try:
            with anyio.fail_after(2):
                await anyio.sleep_forever()
        except TimeoutError:
            return "failed"
        return "fine"

    with town(**LATE) as world:
        assert lived(world, lambda: anyio.run(service)) == ("failed", 3.0)


def test_threads_of_a_loop_are_limited(town: Opens) -> None:
    """Anyio's limiter: four naps of a second, two at a time."""

    async def service() -> None:
        limiter = anyio.CapacityLimiter(2)
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(lambda: anyio.to_thread.run_sync(time.sleep, 1, limiter=limiter))

    with town() as world:
        assert lived(world, lambda: anyio.run(service))[1] == 2.0


def test_each_thread_has_a_loop_of_its_own(town: Opens) -> None:
    """Three `asyncio.run` at once in a pool overlap."""
    with town(**LATE) as world:

        def service() -> list[str]:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                return list(pool.map(lambda _: asyncio.run(mayor()), range(3)))

        assert lived(world, service) == (["Ada"] * 3, 4.0)


def test_a_loop_in_a_thread_is_reached_from_others(town: Opens) -> None:
    """`run_coroutine_threadsafe` and `call_soon_threadsafe`, and the end of the loop."""

    def service() -> tuple[str, list[str]]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        said: list[str] = []
        loop.call_soon_threadsafe(loop.call_later, 2, said.append, "later")
        name = asyncio.run_coroutine_threadsafe(mayor(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        return name, said

    with town(**LATE) as world:
        assert lived(world, service) == (("Ada", ["later"]), 4.0)


def test_contexts_travel_with_tasks_and_to_threads(town: Opens) -> None:
    """Into tasks and `to_thread`, and into no executor."""

    async def service() -> list[str]:
        WHO.set("caller")

        async def task() -> str:
            return WHO.get()

        loop = asyncio.get_running_loop()
        return [
            await asyncio.create_task(task()),
            await asyncio.to_thread(WHO.get),
            await loop.run_in_executor(None, WHO.get),
        ]

    with town() as world:
        got, _ = lived(world, lambda: asyncio.run(service()))

    assert got == ["caller", "caller", "nobody"]


def test_calls_of_async_workers_belong_to_whoever_asked(town: Opens) -> None:
    """One loop and one worker for two users."""
    jobs: asyncio.Queue[tuple[asyncio.Future[str], str]] = asyncio.Queue()
    loop = asyncio.new_event_loop()

    async def work() -> None:
        while True:
            reply, _ = await jobs.get()
            reply.set_result(await mayor())

    async def ask() -> str:
        reply: asyncio.Future[str] = loop.create_future()
        await jobs.put((reply, URL))
        return await reply

    def live() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(work())
        loop.run_forever()
        task.cancel()
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    def service() -> str:
        return asyncio.run_coroutine_threadsafe(ask(), loop).result(timeout=60)

    with town(**LATE) as world:
        thread = threading.Thread(target=live)
        thread.start()
        assert world.users(2, service) == ["Ada", "Ada"]
        assert world.now_s == 8.0
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        asked = [event.actor for event in world.trace if isinstance(event, RequestEvent)]

    assert sorted(asked) == ["user-1", "user-2"]


async def _subprocess() -> object:
    return await asyncio.create_subprocess_exec("true")


async def _datagrams() -> object:
    loop = asyncio.get_running_loop()
    return await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("api.town.test", 53)
    )


async def _unix() -> object:
    return await asyncio.open_unix_connection("/run/town.sock")


@pytest.mark.parametrize(
    ("leave", "words"),
    [
        (_subprocess, "tried to start another process"),
        (_datagrams, "expected TCP"),
        (_unix, "expected TCP"),
    ],
    ids=["subprocess", "UDP", "Unix socket"],
)
def test_what_a_loop_cannot_do_here_is_found(
    town: Opens, leave: Callable[[], Coroutine[Any, Any, object]], words: str
) -> None:
    """Though the service swallows the error."""

    async def service() -> None:
        with suppress(Exception):
            await leave()

    with inconclusive(words), town() as world:
        world.users(1, lambda: asyncio.run(service()))


def test_a_server_inside_of_the_run_is_reached(town: Opens) -> None:
    """`start_server` and `open_connection` on the same virtual network."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.write((await reader.readline()).upper())
        writer.close()

    async def service() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"ada\n")
        said = await reader.read()
        writer.close()
        server.close()
        return said

    with town() as world:
        assert lived(world, lambda: asyncio.run(service())) == (b"ADA\n", 1.0)
