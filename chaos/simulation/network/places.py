"""Addresses of the host on which the service runs: its names, and who has bound which of them."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from weakref import ref

from chaos.simulation.network.arguments import os_error

if TYPE_CHECKING:
    from chaos.simulation.network.sockets import VirtualSocket

_FIRST_PORT = 49152
_HERE = "192.0.2.254"
_HERE_V6 = "2001:db8::fe"
_LOCAL_NAMES = {"localhost": "127.0.0.1", "ip6-localhost": "::1"}
_MEANS_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_gethostname = socket.gethostname


class Places:
    """Who has bound which address of this host."""

    def __init__(self) -> None:
        self._bound: dict[int, list[ref[VirtualSocket]]] = {}
        self._last_port = _FIRST_PORT - 1

    @property
    def ports_given(self) -> int:
        """How many ports have been picked so far."""
        return self._last_port - _FIRST_PORT + 1

    def outgoing(self, peer: str, bound: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
        """From where a client connects to ``peer``.

        Args:
            peer: A literal address.
            bound: What the client has bound itself; None for nothing.
        """
        if bound is not None and bound[0] not in _MEANS_HERE:
            return bound
        port = self._next_port() if bound is None else bound[1]
        is_v6 = ":" in peer
        if is_loopback(peer):
            host = "::1" if is_v6 else "127.0.0.1"
        else:
            host = _HERE_V6 if is_v6 else _HERE
        return (host, port, 0, 0) if is_v6 else (host, port)

    def bind(self, taker: VirtualSocket, host: str, port: int) -> tuple[Any, ...]:
        """Give an address to a socket; port 0 is for any.

        Raises:
            OSError: Somebody else has it.
        """
        port = port or self._next_port()
        self._check_free(taker, host, port, is_listening=False)
        self._bound.setdefault(port, []).append(ref(taker))
        return (host, port, 0, 0) if ":" in host else (host, port)

    def check_listen(self, taker: VirtualSocket) -> None:
        """Whether a socket may listen where it is bound.

        Raises:
            OSError: Somebody else does.
        """
        host, port = taker.getsockname()[:2]
        self._check_free(taker, host, port, is_listening=True)

    def release(self, taker: VirtualSocket) -> None:
        """Somebody has closed a socket that was bound."""
        port = taker.getsockname()[1]
        left = [each for each in self._bound.get(port, ()) if each() not in (None, taker)]
        if left:
            self._bound[port] = left
        else:
            self._bound.pop(port, None)

    def listening_at(self, host: str, port: int) -> tuple[VirtualSocket, str] | None:
        """Who listens there, and the address at which a client meets it."""
        host = _MEANS_HERE.get(host, host)
        listening = [each for each in self._alive(port) if each.is_listening]
        for each in listening:
            if each.getsockname()[0] == host:
                return each, host
        if not (is_loopback(host) or host in (_HERE, _HERE_V6)):
            return None
        for each in listening:
            if _covers(each, host):
                return each, host
        return None

    def clear(self) -> None:
        """Nobody is here any more."""
        self._bound.clear()

    def _next_port(self) -> int:
        self._last_port += 1
        while self._alive(self._last_port):
            self._last_port += 1
        return self._last_port

    def _alive(self, port: int) -> list[VirtualSocket]:
        return [found for each in self._bound.get(port, ()) if (found := each()) is not None]

    def _check_free(
        self, taker: VirtualSocket, host: str, port: int, *, is_listening: bool
    ) -> None:
        for other in self._alive(port):
            theirs = other.getsockname()[0]
            is_elsewhere = theirs != host and not _covers(other, host) and not _is_all(host)
            if other is taker or is_elsewhere or (is_listening and not other.is_listening):
                continue
            if _both(taker, other, getattr(socket, "SO_REUSEPORT", -1)):
                continue
            if not _both(taker, other, socket.SO_REUSEADDR) or other.is_listening:
                raise os_error(errno.EADDRINUSE)


def own_address(name: str) -> str | None:
    """The address of this host under one of its names; None if it is another's.

    Example:
        >>> own_address("localhost"), own_address("api.openai.com")
        ('127.0.0.1', None)
    """
    found = _LOCAL_NAMES.get(name)
    return _HERE if found is None and name == _gethostname().lower() else found


def own_name(address: str) -> str | None:
    """The name that this host has under an address; None if it is another's."""
    if address in (_HERE, _HERE_V6):
        return _gethostname()
    return "localhost" if is_loopback(address) else None


def is_loopback(address: str) -> bool:
    """Whether an address is this host's own, and nobody else's.

    Example:
        >>> is_loopback("127.0.0.2"), is_loopback("192.0.2.1")
        (True, False)
    """
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def is_here(address: str) -> bool:
    """Whether an address belongs to this host, so that nobody else can be there."""
    return address in (_HERE, _HERE_V6, *_MEANS_HERE) or is_loopback(address)


def _is_all(host: str) -> bool:
    return host in _MEANS_HERE


def _covers(listening: VirtualSocket, host: str) -> bool:
    """Whether a socket is bound to all addresses, and this is one of them."""
    theirs = listening.getsockname()[0]
    if theirs == "::" and ":" not in host:
        return not listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return theirs in _MEANS_HERE and (":" in theirs) == (":" in host)


def _both(one: VirtualSocket, other: VirtualSocket, option: int) -> bool:
    return all(each.getsockopt(socket.SOL_SOCKET, option) for each in (one, other))
