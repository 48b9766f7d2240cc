"""Lets trio's sockets be virtual, and its order repeatable.

trio waits with ``epoll``, which is virtual already. But it insists on the very class
``socket.socket``, and it keeps the methods of that class, in places that are private to it. Both
are given what they would find. And of tasks that are ready at the same time it picks at random who
goes first, by a source of its own and by where they lie in memory: of that, only chance is left,
and it comes from the seed of the run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

from chaos.simulation.network.sockets import VirtualSocket
from chaos.simulation.when_loaded import when_loaded

_SOCKETS, _ORDER = "trio._socket", "trio._core._run"


@contextmanager
def virtual_trio() -> Iterator[None]:
    """While entered, trio takes virtual sockets too, and its chance is that of the run."""
    with ExitStack() as undo:

        def open_up(module: ModuleType) -> None:
            kind = module._SocketType  # noqa: SLF001 - there is no public way in
            undo.enter_context(mock.patch.object(kind, "__init__", _taking(kind.__init__)))
            helper = kind._nonblocking_helper  # noqa: SLF001 - the same
            undo.enter_context(mock.patch.object(kind, "_nonblocking_helper", _own(helper)))

        def settle(module: ModuleType) -> None:
            undo.enter_context(
                mock.patch.object(module, "_ALLOW_DETERMINISTIC_SCHEDULING", new=True)
            )
            # It draws from `os.urandom`, which is virtual in a run, and real elsewhere.
            undo.enter_context(mock.patch.object(module, "_r", random.SystemRandom()))

        undo.enter_context(when_loaded({_SOCKETS: open_up, _ORDER: settle}))
        yield


def _taking(real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, sock: Any) -> None:  # noqa: ANN401 - a class of trio's
        if not isinstance(sock, VirtualSocket):
            real(self, sock)
            return
        self._sock = sock
        self._sock.settimeout(0)
        self._did_shutdown_SHUT_WR = False

    return init


def _own(real: Callable[..., Any]) -> Callable[..., Any]:
    async def helped(self: Any, wait: Any, method: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - trio's own
        if isinstance(self._sock, VirtualSocket):
            method = getattr(type(self._sock), method.__name__)
        return await real(self, wait, method, *args, **options)

    return helped
