"""Code that is imported before any run, and asks somebody over the network then.

In a run it would be answered by stand-ins. Before one, it would really ask: a verdict would depend
on who answers, and on whether anybody does.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chaos.errors import TargetError
from chaos.simulation.tasks.baton import is_in_a_run

_ASKS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"})


class _Watched:
    is_installed = False
    thread = 0
    refused: list[str] | None = None


@contextmanager
def asking_nobody(what: str) -> Iterator[None]:
    """Refuses the network to the calling thread until the block is left.

    Args:
        what: What is imported, for the message.

    Raises:
        TargetError: It was asked for; also if the error was swallowed. For whoever is part of a
            run nothing changes: a run has its own ways.
    """
    if is_in_a_run() or _Watched.refused is not None:
        yield
        return
    if not _Watched.is_installed:
        _Watched.is_installed = True
        sys.addaudithook(_audit)
    refused: list[str] = []
    _Watched.thread, _Watched.refused = get_ident(), refused
    try:
        yield
    finally:
        _Watched.refused = None
        if refused:
            raise _error(what, refused[0])


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    refused = _Watched.refused
    if refused is None or event not in _ASKS or _Watched.thread != get_ident():
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    if isinstance(address, str | bytes) and event != "socket.getaddrinfo":
        return  # A socket of this machine, with a path for an address.
    shown = ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)
    refused.append(shown)
    raise ConnectionRefusedError(f"nobody can be asked for {shown} while a target is imported")


def _error(what: str, whom: str) -> TargetError:
    return TargetError(
        f"importing {what} asks {whom} over the network, before any stand-in is there; expected "
        "an import that asks nobody; move that into a function that is called from build(), or "
        "switch it off in the environment"
    )
