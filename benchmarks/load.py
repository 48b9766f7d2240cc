"""What the service keeps of its promises under load: `python -m benchmarks.load`.

A real `helpdesk serve` in a process of its own, on loopback, in front of a provider that is slow,
silent or down. Questions, health checks and the provider are in processes of their own, too, so
that nobody measures himself. It ends by itself, after about two minutes, with exit code 1 if a
bound was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTIONS = 160
OK, TOO_MANY = 200, 429

DEADLINE_S = 30.0
HEALTH_P99_S = 0.1
QUICK_P99_S = 0.5
BATCH = 40
EMULATOR = str(Path(sys.executable).parent / "gcp-storage-emulator")

_ASK = json.dumps({"question": "The VPN at home disconnects all the time"}).encode()
_START_S = 60.0


@dataclass(frozen=True)
class Reply:
    """How one request ended; status 0 if it was not answered."""

    status: int
    took_s: float
    body: bytes = b""


@dataclass(frozen=True)
class Measured:
    """What came of one part of the test.

    Attributes:
        what: The part.
        numbers: By name, as they are printed.
        broken: Each bound that was not kept, in words.
    """

    what: str
    numbers: dict[str, str]
    broken: tuple[str, ...]


def main() -> None:
    """Run all parts, or those that are named."""
    parts: dict[str, Callable[[], Measured]] = {
        "slow": slow_model,
        "hung": hung_model,
        "open": open_breaker,
        "refresh": refresh_under_load,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    chosen = parser.parse_args().parts or list(parts)
    if unknown := set(chosen) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    broken: list[str] = []
    for name in chosen:
        measured = parts[name]()
        lines = [measured.what]
        lines += [f"  {key:28} {value}" for key, value in measured.numbers.items()]
        lines += [f"  BROKEN: {bound}" for bound in measured.broken]
        sys.stdout.write("\n".join(lines) + "\n")
        broken += measured.broken
    kept = "all bounds kept" if not broken else f"{len(broken)} bounds broken"
    sys.stdout.write(f"{kept}\n")
    sys.exit(1 if broken else 0)


def slow_model() -> Measured:
    """A crowd at once, and a model that takes ten seconds."""
    with provider("slow") as url, served(OPENAI_BASE_URL=url) as port:
        return _crowd(f"{QUESTIONS} at once, the model takes 10 s", port)


def hung_model() -> Measured:
    """A crowd at once, and a model that says nothing."""
    with provider("hung") as url, served(OPENAI_BASE_URL=url) as port:
        return _crowd(f"{QUESTIONS} at once, the model says nothing", port)


def open_breaker() -> Measured:
    """Many questions, eight at a time, while the breaker is open."""
    quick = {"HELPDESK_OPENAI__RETRY__ATTEMPTS": "1"}
    with provider("down") as url, served(OPENAI_BASE_URL=url, **quick) as port:
        asyncio.run(questions(port, 8, at_once=1))
        state = status_of(port)["assistant"]["circuit_breaker"]["state"]
        replies = asyncio.run(questions(port, 400, at_once=8))
    reasons = {json.loads(reply.body).get("reason") for reply in replies if reply.body}
    p99_s = quantile([reply.took_s for reply in replies], 0.99)
    broken = [
        *([f"the breaker is {state}"] if state != "open" else []),
        *([f"reasons are {reasons}"] if reasons != {"breaker_open"} else []),
        *([f"p99 is over {QUICK_P99_S} s"] if p99_s > QUICK_P99_S else []),
        *_unanswered(replies),
    ]
    numbers = _times(replies)
    return Measured("breaker open, 8 at a time", numbers, tuple(broken))


def refresh_under_load() -> Measured:
    """A copy that expires, a newer index in the bucket, and questions until it is there."""
    with (
        provider("quick") as url,
        emulator() as storage,
        tempfile.TemporaryDirectory() as cache,
    ):
        more = {
            "OPENAI_BASE_URL": url,
            "STORAGE_EMULATOR_HOST": storage,
            "HELPDESK_INDEX__BUCKET": "kb",
            "HELPDESK_INDEX__CACHE_DIR": cache,
            "HELPDESK_INDEX__FRESH_FOR": "60s",
        }
        command("index", "publish", "kb", **more)
        command("ask", "printer", **more)
        command("index", "publish", "kb", **more)
        _expire(Path(cache), in_s=_START_S / 3)
        with served(**more) as port:
            before = after = status_of(port)["index"]
            replies: list[Reply] = []
            until_s = time.monotonic() + _START_S
            while after["generation"] == before["generation"] and time.monotonic() < until_s:
                replies += asyncio.run(questions(port, BATCH, at_once=BATCH))
                after = status_of(port)["index"]
    broken = [
        *([] if after["state"] == "fresh" else [f"the index is {after['state']} at the end"]),
        *(["no newer index"] if after["generation"] == before["generation"] else []),
        *_unanswered(replies),
    ]
    stale = sum(bool(json.loads(reply.body).get("stale")) for reply in replies if reply.body)
    numbers = {**_times(replies), "answered from the old one": str(stale)}
    return Measured(f"index refreshed under load, {BATCH} at a time", numbers, tuple(broken))


def _crowd(what: str, port: int) -> Measured:
    with health(port) as checks:
        replies = asyncio.run(questions(port, QUESTIONS, at_once=QUESTIONS))
        seen = checks()
    late = [reply for reply in replies if reply.took_s > DEADLINE_S]
    p99_s = quantile([check.took_s for check in seen], 0.99)
    broken = [
        *([f"{len(late)} answers past the deadline"] if late else []),
        *([f"p99 of /healthz is over {HEALTH_P99_S} s"] if p99_s > HEALTH_P99_S else []),
        *([f"{len(seen)} health checks are too few"] if len(seen) < QUESTIONS else []),
        *_unanswered(replies),
        *(["/healthz failed"] if any(check.status != OK for check in seen) else []),
    ]
    modes = [json.loads(reply.body).get("mode") for reply in replies if reply.status == OK]
    numbers = {
        **_times(replies),
        "by the model": str(modes.count("llm")),
        "by the articles": str(modes.count("fallback")),
        "refused (429)": str(sum(reply.status == TOO_MANY for reply in replies)),
        "past the deadline": str(len(late)),
        "/healthz p50, p99, max": ", ".join(
            f"{quantile([check.took_s for check in seen], q) * 1000:.0f} ms"
            for q in (0.5, 0.99, 1)
        ),
    }
    return Measured(what, numbers, tuple(broken))


def _times(replies: Sequence[Reply]) -> dict[str, str]:
    took = [reply.took_s for reply in replies]
    return {
        "questions": str(len(replies)),
        "answers p50, p99, max": ", ".join(f"{quantile(took, q):.3f} s" for q in (0.5, 0.99, 1)),
    }


def _unanswered(replies: Sequence[Reply]) -> list[str]:
    lost = [reply for reply in replies if reply.status not in {OK, TOO_MANY}]
    return [f"{len(lost)} questions were not answered"] if lost else []


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of ``values`` does not exceed.

    Example:
        >>> quantile([3.0, 1.0, 2.0], 0.5)
        2.0
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# Clients: as little as HTTP takes, so that what is measured is the server.


async def questions(port: int, count: int, *, at_once: int) -> list[Reply]:
    """Ask ``count`` questions, so many at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> Reply:
        async with gate:
            return await exchange(port, "POST", "/ask", _ASK)

    return list(await asyncio.gather(*[one() for _ in range(count)]))


async def exchange(port: int, method: str, path: str, body: bytes = b"") -> Reply:
    """Send one request over a connection of its own."""
    started_s = time.monotonic()
    writer = None
    try:
        async with asyncio.timeout(3 * DEADLINE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.read()
        status = int(answer.split(b" ", 2)[1])
        content = answer.partition(b"\r\n\r\n")[2]
    except (OSError, TimeoutError, IndexError, ValueError):
        status, content = 0, b""
    finally:
        if writer is not None:
            writer.close()
    return Reply(status, time.monotonic() - started_s, content)


@contextlib.contextmanager
def health(port: int) -> Iterator[Callable[[], list[Reply]]]:
    """Ask for the health every 50 ms; yields a function that ends it and returns what was seen."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_look, args=(port, there), daemon=True)
    process.start()

    def end() -> list[Reply]:
        here.send(None)
        seen: list[Reply] = here.recv()
        return seen

    try:
        yield end
    finally:
        process.terminate()
        process.join()


def _look(port: int, asked: Any) -> None:  # noqa: ANN401 - a connection of multiprocessing
    seen = []
    while not asked.poll(0.05):
        seen.append(asyncio.run(exchange(port, "GET", "/healthz")))
    asked.send(seen)


def status_of(port: int) -> dict[str, Any]:
    """Return the status of the server."""
    found = asyncio.run(exchange(port, "GET", "/status"))
    status: dict[str, Any] = json.loads(found.body)
    return status


# Servers.


@contextlib.contextmanager
def served(**environ: str) -> Iterator[int]:
    """Serve the help desk; yields its port once it is ready."""
    port = free_port()
    with tempfile.TemporaryDirectory() as cache:
        more = {"OPENAI_API_KEY": "sk-load", "HELPDESK_INDEX__CACHE_DIR": cache, **environ}
        arguments = [sys.executable, "-m", "helpdesk", "serve", "--port", str(port)]
        with subprocess.Popen(  # noqa: S603 - our own command
            arguments, env=_environment(**more), stderr=subprocess.DEVNULL
        ) as server:
            try:
                _await(lambda: asyncio.run(exchange(port, "GET", "/readyz")).status == OK)
                yield port
            finally:
                server.terminate()
                server.wait(DEADLINE_S + 10)


@contextlib.contextmanager
def provider(how: str) -> Iterator[str]:
    """Serve a provider that is ``slow``, ``hung``, ``down`` or ``quick``; yields its address."""
    port = free_port()
    process = multiprocessing.Process(target=_provide, args=(how, port), daemon=True)
    process.start()
    try:
        _await(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.join()


def _provide(how: str, port: int) -> None:
    answer = json.dumps(
        {"model": "m", "choices": [{"message": {"content": "Restart."}, "finish_reason": "stop"}]}
    ).encode()
    status = "503 Down" if how == "down" else "200 OK"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", asked.lower())
                await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep({"slow": 10.0, "hung": 3600.0}.get(how, 0.0))
                writer.write(f"{head}\r\n\r\n".encode() + answer)
                await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", port, backlog=1000)
        await server.serve_forever()

    asyncio.run(serve())


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    """Serve an emulator of Cloud Storage with an empty bucket; yields its address."""
    port = free_port()
    with subprocess.Popen(  # noqa: S603 - our own command
        [EMULATOR, "start", f"--port={port}", "--in-memory", "--default-bucket=kb"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _await(lambda: _answers(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def command(*arguments: str, **environ: str) -> None:
    """Run a command of the help desk."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "helpdesk", *arguments],
        env=_environment(**environ),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    return {**kept, **more}


def _expire(cache: Path, *, in_s: float) -> None:
    """Have a copy that is good for a minute expire in so many seconds."""
    (pointer,) = cache.rglob("current.json")
    facts = json.loads(pointer.read_text())
    pointer.write_text(json.dumps({**facts, "fetched_at": time.time() - 60 + in_s}))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _await(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + _START_S
    while not condition():
        if time.monotonic() > until_s:
            sys.exit(f"a server did not start within {_START_S:.0f} s")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
