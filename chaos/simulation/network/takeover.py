"""Puts the virtual network below every client library."""

from __future__ import annotations

import asyncio.base_events
import socket
from contextlib import ExitStack
from unittest import mock

from chaos.simulation.network.names import loop_getaddrinfo, new_socket
from chaos.simulation.network.tls import virtual_tls


def virtual_sockets() -> ExitStack:
    """Makes sockets, lookups of loops and TLS virtual for whoever is in a run, while entered."""
    undo = ExitStack()
    undo.enter_context(mock.patch.object(socket.socket, "__new__", new_socket))
    undo.enter_context(
        mock.patch.object(asyncio.base_events.BaseEventLoop, "getaddrinfo", loop_getaddrinfo)
    )
    undo.enter_context(virtual_tls())
    return undo
