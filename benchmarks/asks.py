"""How many asks a second the served helpdesk bears, and how long each takes.

``python -m benchmarks.asks`` asks four servers in turns, on loopback: one that answers a constant
over the same framework (the floor), and the helpdesk with a model that answers at once, with its
breaker open, and while its index is replaced by a newer one four times a second. Each server, the
model, the storage and those who ask are processes of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import results
from benchmarks.asks_served import BETWEEN_REFRESHES_S
from benchmarks.figures import Figure, beside
from benchmarks.serving import (
    OK,
    command,
    emulator,
    free_port,
    provider,
    quantile,
    questions,
    running,
    status_of,
)
from helpdesk.articles import PACKAGED_ARTICLES, load_articles
from helpdesk.bucket import IndexBucket
from helpdesk.embedding import MultilingualEmbedder
from helpdesk.index_builder import build_index

ROUNDS = 9
ASKS = 160
AT_ONCE = 8
FLOOR = "a constant"
BUCKET, PREFIX = "kb", "helpdesk-index/"


@dataclass
class Measured:
    """What came of each round with one server."""

    mode: str
    rates: list[float] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Server:
    """One of those that are asked."""

    port: int
    pid: int


def figures() -> Iterator[Figure]:
    """Asks a second, processor time and times of each server, beside the floor."""
    with contextlib.ExitStack() as servers:
        asked = dict(_servers(servers))
        found = {name: Measured(mode) for name, (mode, _) in asked.items()}
        generations = set()
        for number in range(ROUNDS + 1):
            for name, (_, server) in asked.items():
                _ask(server, found[name], counts=number > 0)
            generations.add(status_of(asked["index refreshing"][1].port)["index"]["generation"])
    if len(generations) <= ROUNDS / 2:
        sys.exit(f"the index was hardly refreshed: {len(generations)} generations were seen")
    floor = found[FLOOR]
    for name, measured in found.items():
        yield from _figures(name, measured, floor)


def _figures(name: str, measured: Measured, floor: Measured) -> Iterator[Figure]:
    if measured is floor:
        yield Figure(f"asks, {name}", _middle(floor.rates), "per second")
        yield Figure(f"processor time, {name}", _middle(floor.cpu_ms), "ms")
    else:
        # The floor's rate over ours: how many times as long an ask takes.
        beside_floor = beside("", floor.rates, measured.rates, unit="", against=FLOOR)
        yield Figure(
            f"asks, {name}",
            _middle(measured.rates),
            "per second",
            beside_floor.ratio,
            f"less often than {FLOOR}",
            beside_floor.spread,
        )
        yield beside(
            f"processor time, {name}", measured.cpu_ms, floor.cpu_ms, unit="ms", against=FLOOR
        )
    for share in (50, 99):
        took_ms, least_ms = (
            quantile(each.took_s, share / 100) * 1000 for each in (measured, floor)
        )
        more = (None, "") if measured is floor else (took_ms / least_ms, FLOOR)
        yield Figure(f"p{share}, {name}", took_ms, "ms of real time", *more)


def _middle(values: list[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def _ask(server: Server, measured: Measured, *, counts: bool) -> None:
    cpu_s, began_s = _cpu_s(server.pid), time.monotonic()
    replies = asyncio.run(questions(server.port, ASKS, at_once=AT_ONCE))
    took_s, cpu_s = time.monotonic() - began_s, _cpu_s(server.pid) - cpu_s
    for reply in replies:
        if reply.status != OK or json.loads(reply.body)["mode"] != measured.mode:
            sys.exit(f"expected an answer in mode {measured.mode}, and got {reply}")
    if counts:
        measured.rates.append(ASKS / took_s)
        measured.took_s += [reply.took_s for reply in replies]
        measured.cpu_ms.append(cpu_s / ASKS * 1000)


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _servers(servers: contextlib.ExitStack) -> Iterator[tuple[str, tuple[str, Server]]]:
    """All four, with the mode of their answers, for as long as the stack is entered."""
    enter = servers.enter_context
    module = ("-m", "benchmarks.asks_served")
    quick, down = enter(provider("quick")), enter(provider("down"))
    port = free_port()
    yield FLOOR, ("llm", Server(port, enter(running(*module, str(port), "constant", port=port))))

    serve = ("-m", "helpdesk", "serve", "--port")
    port = free_port()
    pid = enter(running(*serve, str(port), port=port, OPENAI_BASE_URL=quick))
    yield "healthy", ("llm", Server(port, pid))

    port = free_port()
    fails = {"OPENAI_BASE_URL": down, "HELPDESK_OPENAI__RETRY__ATTEMPTS": "1"}
    # An hour, so that no trial falls into the measurement.
    fails["HELPDESK_OPENAI__BREAKER__RECOVERY_TIMEOUT"] = "1h"
    pid = enter(running(*serve, str(port), port=port, **fails))
    asyncio.run(questions(port, 8, at_once=1))
    state = status_of(port)["assistant"]["circuit_breaker"]["state"]
    if state != "open":
        sys.exit(f"expected that the breaker is open; it is {state}")
    yield "breaker open", ("fallback", Server(port, pid))

    storage = enter(emulator())
    more = {"STORAGE_EMULATOR_HOST": storage, "HELPDESK_INDEX__BUCKET": BUCKET}
    command("index", "publish", BUCKET, **more)
    enter(_publishing(storage))
    port = free_port()
    more["OPENAI_BASE_URL"] = quick
    pid = enter(running(*module, str(port), "refreshing", port=port, **more))
    yield "index refreshing", ("llm", Server(port, pid))


@contextlib.contextmanager
def _publishing(storage: str) -> Iterator[None]:
    """Publish a newer generation for each refresh, from a process of its own."""
    process = multiprocessing.Process(target=_publish, args=(storage,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _publish(storage: str) -> None:
    now = dt.datetime.now(dt.UTC)
    built = build_index(
        load_articles(PACKAGED_ARTICLES), MultilingualEmbedder(), generation="z", created_at=now
    )
    bucket = IndexBucket(BUCKET, timeout_s=5, emulator=storage)
    number = 0
    while True:
        number += 1
        # After whatever `helpdesk index publish` has named by the day.
        named = built.manifest.model_copy(update={"generation": f"9{number:08d}"})
        type(built)(named, built.files).publish(bucket, PREFIX)
        time.sleep(BETWEEN_REFRESHES_S)


if __name__ == "__main__":
    results.tell(figures(), title=f"Asks of the helpdesk, {AT_ONCE} at a time")
