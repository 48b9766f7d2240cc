"""Names and addresses as services look them up."""

from __future__ import annotations

import asyncio.base_events
import socket
from collections.abc import Callable
from typing import Any

from chaos.simulation.network.current import network_here
from chaos.simulation.network.network import VirtualNetwork
from chaos.simulation.network.sockets import VirtualSocket, virtual_class
from chaos.simulation.tasks.task import leave_if_left_behind

_getaddrinfo = socket.getaddrinfo
_socketpair = socket.socketpair
_gethostbyname = socket.gethostbyname
_gethostbyname_ex = socket.gethostbyname_ex
_gethostbyaddr = socket.gethostbyaddr
_getnameinfo = socket.getnameinfo
_new = socket.socket.__new__

_ANY = 0
_FLAGS = getattr(socket, "SOCK_NONBLOCK", 0) | getattr(socket, "SOCK_CLOEXEC", 0)


def substitutes() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place."""
    return {
        _getaddrinfo: _virtual_getaddrinfo,
        _socketpair: _virtual_socketpair,
        _gethostbyname: _virtual_gethostbyname,
        _gethostbyname_ex: _virtual_gethostbyname_ex,
        _gethostbyaddr: _virtual_gethostbyaddr,
        _getnameinfo: _virtual_getnameinfo,
    }


def new_socket(
    cls: type[socket.socket],
    family: int = -1,
    type: int = -1,  # noqa: A002 - the real signature
    proto: int = -1,
    fileno: int | None = None,
    **kwargs: Any,  # noqa: ANN401 - for derived classes
) -> socket.socket:
    """Takes the place of ``socket.socket.__new__``: a virtual socket for whoever is in a run.

    Raises:
        SimulationError: A socket that is not simulated; the run knows that it was asked for.
    """
    del proto, kwargs
    network = network_here()
    if network is None:
        leave_if_left_behind()
    if network is None or fileno is not None or issubclass(cls, VirtualSocket):
        return _new(cls)
    family = socket.AF_INET if family == -1 else family
    kind = socket.SOCK_STREAM if type == -1 else type
    kind &= ~_FLAGS
    if family not in (socket.AF_INET, socket.AF_INET6) or kind != socket.SOCK_STREAM:
        raise network.violation(
            f"a socket of {_shown(socket.AddressFamily, family)} and "
            f"{_shown(socket.SocketKind, kind)} is not simulated; expected TCP; turn off what "
            "needs it in this run"
        )
    return virtual_class(cls).of(network, family)


async def loop_getaddrinfo(  # noqa: PLR0913 - the real signature
    loop: asyncio.BaseEventLoop,
    host: Any,  # noqa: ANN401 - as the real one
    port: Any,  # noqa: ANN401 - as the real one
    *,
    family: int = 0,
    type: int = 0,  # noqa: A002 - the real signature
    proto: int = 0,
    flags: int = 0,
) -> list[Any]:
    """Takes the place of a loop's ``getaddrinfo``: no thread is needed for a lookup in memory."""
    if network_here() is None:
        return await real_loop_getaddrinfo(
            loop, host, port, family=family, type=type, proto=proto, flags=flags
        )
    return socket.getaddrinfo(host, port, family, type, proto, flags)


real_loop_getaddrinfo = asyncio.base_events.BaseEventLoop.getaddrinfo


def _virtual_getaddrinfo(  # noqa: PLR0913, PLR0917 - the real signature
    host: Any,  # noqa: ANN401 - as the real one
    port: Any,  # noqa: ANN401 - as the real one
    family: int = 0,
    type: int = 0,  # noqa: A002 - the real signature
    proto: int = 0,
    flags: int = 0,
) -> list[Any]:
    network = network_here()
    if network is None:
        leave_if_left_behind()
        return _getaddrinfo(host, port, family, type, proto, flags)
    is_passive = bool(flags & socket.AI_PASSIVE)
    kinds = [socket.SOCK_STREAM] if type in (_ANY, socket.SOCK_STREAM) else [type]
    return [
        (
            socket.AddressFamily(found),
            socket.SocketKind(kind),
            socket.IPPROTO_TCP if kind == socket.SOCK_STREAM else proto,
            "",
            address,
        )
        for found, address in network.addresses_of(host, port, family=family, passive=is_passive)
        for kind in kinds
    ]


def _virtual_socketpair(
    family: int | None = None,
    type: int = socket.SOCK_STREAM,  # noqa: A002 - the real signature
    proto: int = 0,
) -> tuple[socket.socket, socket.socket]:
    network = network_here()
    if network is None:
        return _socketpair(family, type, proto)
    if type & ~_FLAGS != socket.SOCK_STREAM:
        raise network.violation(
            f"a pair of sockets of {_shown(socket.SocketKind, type & ~_FLAGS)} is not simulated; "
            "expected SOCK_STREAM; turn off what needs it in this run"
        )
    return network.pair(socket.AF_INET if family is None else family)


def _virtual_gethostbyname(host: str, /) -> str:
    network = network_here()
    return _gethostbyname(host) if network is None else _address(network, host)


def _virtual_gethostbyname_ex(host: str, /) -> tuple[str, list[str], list[str]]:
    network = network_here()
    if network is None:
        return _gethostbyname_ex(host)
    return host, [], [_address(network, host)]


def _virtual_gethostbyaddr(host: str, /) -> tuple[str, list[str], list[str]]:
    network = network_here()
    if network is None:
        return _gethostbyaddr(host)
    address = _address(network, host)
    return network.name_for(address), [], [address]


def _virtual_getnameinfo(address: Any, flags: int, /) -> tuple[str, str]:  # noqa: ANN401 - as the real one
    network = network_here()
    if network is None:
        return _getnameinfo(address, flags)
    host = str(address[0])
    name = host if flags & socket.NI_NUMERICHOST else network.name_for(host)
    return name, str(address[1])


def _address(network: VirtualNetwork, host: str) -> str:
    ((_, (address, *_)),) = network.addresses_of(host, family=socket.AF_INET)
    return str(address)


def _shown(kind: Any, number: int) -> str:  # noqa: ANN401 - an enumeration
    try:
        return str(kind(number).name)
    except ValueError:
        return str(number)
