"""A served helpdesk and what is around it, each in a process of its own, on loopback.

So nobody measures himself: questions, provider and storage take their processor time elsewhere.
"""

from __future__ import annotations

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

OK, TOO_MANY = 200, 429
DEADLINE_S = 30.0
START_S = 60.0
EMULATOR = str(Path(sys.executable).parent / "gcp-storage-emulator")

_ASK = json.dumps({"question": "The VPN at home disconnects all the time"}).encode()


@dataclass(frozen=True)
class Reply:
    """How one request ended; status 0 if it was not answered."""

    status: int
    took_s: float
    body: bytes = b""


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


# Servers.


def status_of(port: int) -> dict[str, Any]:
    """Return the status of the server."""
    found = asyncio.run(exchange(port, "GET", "/status"))
    status: dict[str, Any] = json.loads(found.body)
    return status


@contextlib.contextmanager
def served(**environ: str) -> Iterator[int]:
    """Serve the help desk; yields its port once it is ready."""
    port = free_port()
    with running("-m", "helpdesk", "serve", "--port", str(port), port=port, **environ):
        yield port


@contextlib.contextmanager
def running(*arguments: str, port: int, **environ: str) -> Iterator[int]:
    """Run Python with these arguments; yields the number of the process once it is ready."""
    with tempfile.TemporaryDirectory() as cache:
        more = {"OPENAI_API_KEY": "sk-load", "HELPDESK_INDEX__CACHE_DIR": cache, **environ}
        with subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, *arguments], env=_environment(**more), stderr=subprocess.DEVNULL
        ) as server:
            try:
                await_(lambda: asyncio.run(exchange(port, "GET", "/readyz")).status == OK)
                yield server.pid
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
        await_(lambda: _answers(port))
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
            await_(lambda: _answers(port))
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


def await_(condition: Callable[[], bool]) -> None:
    """Wait until it holds; end the program if it does not within a minute."""
    until_s = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > until_s:
            sys.exit(f"a server did not start within {START_S:.0f} s")
        time.sleep(0.1)
