"""A Toxiproxy for the time of some runs: started, watched, and cleaned up after."""

from __future__ import annotations

import atexit
import ctypes
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from chaos.errors import MissingComponentError
from chaos.folders import fresh_folder
from chaos.tiers.wire.client import Proxy, ToxiproxyClient, ToxiproxyError
from chaos.tiers.wire.locate import URL_VARIABLE, WAYS, LocatedToxiproxy, find_or_build

PREFIX = "chaos-"
"""What the names of our proxies begin with, on servers that we share with others."""

_START_LIMIT_S = 10.0
_POLL_S = 0.02
_PATIENCE_S = 0.5
_PORTS_TO_TRY = 3
_PORT_TAKEN = b"address already in use"
_PR_SET_PDEATHSIG = 1


class Toxiproxy:
    """A running Toxiproxy, and the proxies that were made in it.

    Enter it before time is frozen: it waits for the server in real time. On leaving, its proxies
    are deleted, and a server that it started is stopped; also at the end of the process and, on
    Linux, when the process is killed.

    Args:
        location: Where it is; by default the first that is found, or built.

    Attributes:
        location: Where it is.
        version: The version it reports.
    """

    def __init__(self, location: LocatedToxiproxy | None = None) -> None:
        self.location = location
        self.version = ""
        self._client: ToxiproxyClient | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._proxies: dict[str, Proxy] = {}
        self._numbers = itertools.count(1)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Start the server, or connect to one that runs.

        Raises:
            MissingComponentError: There is none, or it does not start.
            ToxiproxyError: It is too old, or behaves like something else.
        """
        self.location = self.location or find_or_build()
        with ExitStack() as undo:
            if self.location.url is not None:
                self._client = _connected(self.location.url)
                undo.callback(self._client.close)
            else:
                assert self.location.binary is not None
                self._client, self._process = _start(self.location.binary, undo)
            self.version = self._client.version()
            self._remove_stale()
            undo.callback(self._delete_all)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._undo.close()
        self._client = None

    @property
    def client(self) -> ToxiproxyClient:
        """Speaks to it."""
        assert self._client is not None, "Toxiproxy is used inside its with block"
        return self._client

    @property
    def pid(self) -> int | None:
        """Process id of a server that was started here; None for one of someone else."""
        return None if self._process is None else self._process.pid

    def open(self, label: str, *, upstream: str) -> Proxy:
        """A new proxy for ``upstream`` ("host:port"); ``label`` is part of its name."""
        name = f"{PREFIX}{os.getpid()}-{label}-{next(self._numbers)}"
        proxy = self.client.create_proxy(name, upstream=upstream)
        self._proxies[name] = proxy
        return proxy

    def close(self, proxy: Proxy) -> None:
        """Delete a proxy, with its connections."""
        self._proxies.pop(proxy.name, None)
        proxy.delete()

    def check(self) -> None:
        """Make sure that it is still there.

        Raises:
            ToxiproxyError: It is not; what its connections did since says nothing about a
                service.
        """
        if self._process is not None and self._process.poll() is not None:
            raise ToxiproxyError(
                "Toxiproxy ended in the middle of the run (exit status "
                f"{self._process.returncode}); start the run again"
            )
        self.client.version()

    def _delete_all(self) -> None:
        if self._process is None:
            for proxy in list(self._proxies.values()):
                try:
                    proxy.delete()
                except ToxiproxyError:
                    break  # It is gone, and the proxies with it.
        self._proxies.clear()

    def _remove_stale(self) -> None:
        """Delete what an earlier run left behind: proxies of ours whose stand-ins are gone.

        Those of another process that runs right now stay.
        """
        for proxy in self.client.proxies().values():
            if proxy.name.startswith(PREFIX) and not _anybody_at(proxy.upstream):
                proxy.delete()


def _connected(url: str) -> ToxiproxyClient:
    client = ToxiproxyClient(url)
    try:
        client.version()
    except ToxiproxyError as error:
        client.close()
        raise MissingComponentError(
            f"{URL_VARIABLE} is {url}, but no Toxiproxy can be used there: {error}; "
            "start one, or unset the variable"
        ) from error
    return client


def _start(binary: Path, undo: ExitStack) -> tuple[ToxiproxyClient, subprocess.Popen[bytes]]:
    """Start a server on a free port; somebody else may be faster on that port."""
    for _ in range(_PORTS_TO_TRY):
        with ExitStack() as attempt:
            started = _start_on(_free_port(), binary, attempt)
            if started is not None:
                undo.push(attempt.pop_all())
                return started
    raise MissingComponentError(
        f"Toxiproxy ({binary}) found its port taken {_PORTS_TO_TRY} times in a row; {WAYS}"
    )


def _start_on(
    port: int, binary: Path, undo: ExitStack
) -> tuple[ToxiproxyClient, subprocess.Popen[bytes]] | None:
    """Start a server on that port; None if someone else has it.

    A server whose port is taken goes on without its API, and whoever has the port may well be
    another Toxiproxy. So it is given a proxy, disabled, by which it is known.
    """
    folder = undo.enter_context(fresh_folder("toxiproxy"))
    mark = f"{PREFIX}mark-{secrets.token_hex(8)}"
    config, log = folder / "proxies.json", folder / "log"
    proxy = {"name": mark, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", "enabled": False}
    config.write_text(json.dumps([proxy]), encoding="utf-8")
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - a program we have located, our own arguments
                [binary, "-host", "127.0.0.1", "-port", str(port), "-config", config],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us. It would end the server before the run has ended.
                start_new_session=True,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - one system call, no Python locks
            )
        except OSError as error:
            raise MissingComponentError(
                f"Toxiproxy ({binary}) cannot be started: {error}; {WAYS}"
            ) from error
    stop = partial(_stop, process)
    undo.callback(stop)
    # For a caller that never leaves the with block.
    atexit.register(stop)
    undo.callback(atexit.unregister, stop)
    url = f"http://127.0.0.1:{port}"
    impatient = ToxiproxyClient(url, timeout_s=_PATIENCE_S)
    undo.callback(impatient.close)
    ends_at_s = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < ends_at_s:
        if process.poll() is not None:
            raise MissingComponentError(
                f"Toxiproxy ({binary}) ended at once, with status {process.returncode}: "
                f"{_last_line(log)}; {WAYS}"
            )
        try:
            proxies = impatient.proxies()
        except ToxiproxyError:
            if _PORT_TAKEN not in log.read_bytes():
                time.sleep(_POLL_S)
                continue
            proxies = {}
        if mark not in proxies:
            return None
        proxies[mark].delete()
        client = ToxiproxyClient(url)
        undo.callback(client.close)
        return client, process
    raise MissingComponentError(
        f"Toxiproxy ({binary}) did not answer within {_START_LIMIT_S:g} s of its start: "
        f"{_last_line(log)}; {WAYS}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server at once: it has nothing to save."""
    process.kill()
    # Without a timeout, which would run on a clock that may be frozen.
    process.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """What makes a child end with this process, even if that is killed; None where unknown."""
    if sys.platform != "linux":
        return None
    # Looked up here: between fork and exec, nothing may be loaded.
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _anybody_at(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1.0).close()
    except OSError:
        return False
    return True


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
