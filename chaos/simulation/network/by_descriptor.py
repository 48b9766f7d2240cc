"""``os.read`` and its kin on the descriptor of a virtual socket, behind which is no connection."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from typing import Any

from chaos.simulation.network.current import network_here, socket_of
from chaos.simulation.network.sockets import VirtualSocket

# Asked for by name: a closure over one of these would be found, and replaced.
_read, _write = os.read, os.write
_sendfile = getattr(os, "sendfile", None)


def substitutes() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place."""
    found: dict[Callable[..., Any], Callable[..., Any]] = {
        _read: _virtual_read,
        _write: _virtual_write,
    }
    if _sendfile is not None:
        found[_sendfile] = _virtual_sendfile
    return found


def _virtual_read(fd: int, length: int, /) -> bytes:
    found = _plain(fd)
    return _read(fd, length) if found is None else found.recv(length)


def _virtual_write(fd: int, data: Any, /) -> int:  # noqa: ANN401 - any buffer
    found = _plain(fd)
    return _write(fd, data) if found is None else found.send(data)


def _virtual_sendfile(out_fd: int, in_fd: int, offset: int | None, count: int, **more: Any) -> int:  # noqa: ANN401 - of other systems
    found = _plain(out_fd)
    if found is None:
        assert _sendfile is not None, "replaced where it is there"
        sent: int = _sendfile(out_fd, in_fd, offset, count, **more)
        return sent
    data = _read(in_fd, count) if offset is None else os.pread(in_fd, count, offset)
    return found.send(data)


def _plain(fd: Any) -> VirtualSocket | None:  # noqa: ANN401 - whatever a service passes
    """The virtual socket that was given this descriptor; None if it is none of ours.

    Raises:
        SimulationError: It is encrypted. Whoever goes past the encryption does not get what the
            service means to send, or to read.
    """
    found = socket_of(fd) if isinstance(fd, int) else None
    network = network_here()
    if found is None or network is None:
        return None
    if isinstance(found, ssl.SSLSocket):
        raise network.violation(
            "the file descriptor of a TLS socket was read or written directly; expected the "
            "methods of the socket, which encrypt; use those"
        )
    return found
