"""Plays a case on the loopback interface: the same code, real sockets, real seconds."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest import mock

from chaos.ports import StandIn, StreamUpstream, Upstream
from tests.clients.frame.backport import resets_are_told
from tests.clients.frame.certificates import Authority
from tests.clients.frame.row import Case, Seen, answered, failed
from tests.clients.frame.server import Provider
from tests.clients.frame.streams import StreamProvider
from tests.clients.frame.virtual import SEED

_HANGS_AFTER_S = 60.0
_LOOK_EVERY_S = 0.01
"""A wait of this length shows how busy the machine is, and the client: it ends too late."""

_look_up = socket.getaddrinfo


def play(authority: Authority, case: Case) -> Seen:
    """What came of a case.

    Raises:
        TimeoutError: The client has not come back.
    """
    upstream = case.row.upstream()
    outcome: list[tuple[str, ...]] = []

    def call() -> None:
        try:
            outcome.append(answered(case.row, case.row.call()))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
            outcome.append(failed(error))

    context = authority.context(upstream.hosts)
    with _provider(upstream, case, context) as provider:
        with ExitStack() as replaced:
            replaced.enter_context(resets_are_told())
            for patch in _way_to(provider, frozenset(upstream.hosts)):
                replaced.enter_context(patch)
            random.seed(SEED)
            user = threading.Thread(target=call, name="user-1", daemon=True)
            began = time.monotonic()
            user.start()
            late_s = 0.0
            while user.is_alive() and time.monotonic() < began + _HANGS_AFTER_S:
                asked = time.monotonic()
                user.join(_LOOK_EVERY_S)
                late_s += max(0.0, time.monotonic() - asked - _LOOK_EVERY_S)
            seconds = time.monotonic() - began
        if not outcome:
            raise TimeoutError(f"{case}: no end after {_HANGS_AFTER_S:g} real seconds")
        return Seen(
            outcome=outcome[0],
            requests=provider.requests,
            connections=provider.connections,
            seconds=seconds,
            late_s=late_s,
        )


def _provider(upstream: StandIn, case: Case, context: ssl.SSLContext) -> Provider | StreamProvider:
    latency_s = case.row.latency_s
    if isinstance(upstream, StreamUpstream):
        return StreamProvider(upstream, case.fault, context, latency_s=latency_s)
    assert isinstance(upstream, Upstream), "there is no third kind"
    return Provider(upstream, case.fault, context, latency_s=latency_s)


def _way_to(
    provider: Provider | StreamProvider, hosts: frozenset[str]
) -> Iterator[AbstractContextManager[object]]:
    """Let the names and the ports of the hosts lead to where the provider listens."""
    look_up, connect, connect_ex = _look_up, socket.socket.connect, socket.socket.connect_ex

    def there(address: Any) -> Any:
        host, port, *rest = address
        return (host, provider.ports.get(port, port), *rest)

    def found(host: Any, *arguments: Any, **options: Any) -> Any:
        # anyio asks in bytes.
        name = host.decode() if isinstance(host, bytes) else host
        return look_up("127.0.0.1" if name in hosts else host, *arguments, **options)

    yield mock.patch.object(socket, "getaddrinfo", found)
    for name, real in (("connect", connect), ("connect_ex", connect_ex)):
        yield mock.patch.object(
            socket.socket, name, lambda self, to, real=real: real(self, there(to))
        )
