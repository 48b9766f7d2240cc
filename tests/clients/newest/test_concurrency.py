"""Threads, event loops, and threads beside event loops, around a client."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import trio
import uvloop

from tests.clients.frame.row import Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import SUNNY, Weather, weather, weather_later


def _futures() -> object:
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(weather) for _ in range(3)]
        return [each.result(timeout=5) for each in as_completed(asked)]


def _workers() -> object:
    questions: queue.Queue[int | None] = queue.Queue()
    answers: queue.Queue[object] = queue.Queue()

    def work() -> None:
        while questions.get() is not None:
            try:
                answers.put(weather())
            except Exception as error:  # noqa: BLE001 - its name is the answer
                answers.put(type(error).__name__)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for question in (1, 2, 3, 4, None, None):
        questions.put(question)
    for worker in workers:
        worker.join()
    return [answers.get(timeout=1) for _ in range(4)]


def _portal() -> object:
    with anyio.from_thread.start_blocking_portal() as portal:
        return portal.call(weather_later), portal.call(anyio.to_thread.run_sync, weather)


def _to_thread() -> object:
    async def call() -> object:
        return await asyncio.gather(*[asyncio.to_thread(weather) for _ in range(2)])

    return asyncio.run(call())


def _task_group() -> object:
    async def call() -> object:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            tasks = [group.create_task(weather_later()) for _ in range(2)]
        return [task.result() for task in tasks]

    return asyncio.run(call())


def _runs_in_executor() -> object:
    async def call() -> object:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, weather)

    return asyncio.run(call())


def _anyio() -> object:
    async def call() -> object:
        with anyio.fail_after(5):
            return await anyio.to_thread.run_sync(weather)

    return anyio.run(call)


def _trio() -> object:
    return trio.run(weather_later)


def _anyio_on_trio() -> object:
    async def call() -> object:
        came = []

        async def one() -> None:
            came.append(await weather_later())

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
        return came

    return anyio.run(call, backend="trio")


def _uvloop() -> object:
    return uvloop.run(weather_later())


def _processes() -> object:
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(weather).result(timeout=5)


def _row(name: str, call: Any, answer: object = SUNNY, **options: Any) -> Row:
    return Row(name=name, call=call, upstream=Weather, answer=answer, **options)


class TestConcurrency(ClientTests):
    """Threads and event loops."""

    client = Client(
        name="Threads and event loops",
        packages=("anyio", "trio", "uvloop"),
        rows=(
            _row("`concurrent.futures`", _futures, [SUNNY] * 3, latency_s=0.2),
            _row("workers and queues", _workers, [SUNNY] * 4, latency_s=0.2),
            _row("anyio portal", _portal, (SUNNY, SUNNY)),
            _row("`asyncio.to_thread`", _to_thread, [SUNNY] * 2, latency_s=0.2),
            _row("`asyncio.TaskGroup` in a timeout", _task_group, [SUNNY] * 2, latency_s=0.2),
            _row("`run_in_executor`", _runs_in_executor),
            _row("anyio, a worker thread", _anyio),
            _row("trio", _trio),
            _row("anyio on trio", _anyio_on_trio, [SUNNY] * 2, latency_s=0.2),
            _row("uvloop", _uvloop, refused="uvloop.run was used"),
            _row("`ProcessPoolExecutor`", _processes, refused="tried to start another process"),
        ),
    )
