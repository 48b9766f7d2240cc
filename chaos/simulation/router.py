"""One respx router behind every HTTP library."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import httpx
import respx
from respx.mocks import Mocker

from chaos.simulation.mockers import HTTPX2Mocker, HTTPXMocker, RequestsMocker

MOCKERS: tuple[type[Mocker], ...] = (HTTPX2Mocker, HTTPXMocker, RequestsMocker)


class SimRouter(respx.MockRouter):
    """Hands every request of every library to one function.

    respx itself keeps one list of routers for each mocker, so that two libraries would mean two
    routers. This one registers with all mockers.

    Args:
        dispatch: Answers a request, or raises an httpx error.
        mockers: One for each library.
    """

    def __init__(
        self,
        dispatch: Callable[[httpx.Request], httpx.Response],
        mockers: Sequence[type[Mocker]] = MOCKERS,
    ) -> None:
        super().__init__(using=None, assert_all_called=False)
        self._mockers = mockers

        def side_effect(request: httpx.Request) -> httpx.Response:
            return dispatch(request)

        # respx works out the signature of a side effect at each call, unless it is written down.
        vars(side_effect)["__signature__"] = inspect.signature(side_effect)
        self.route().mock(side_effect=side_effect)

    def start(self) -> None:
        """Take over all libraries."""
        self.snapshot()
        for mocker in self._mockers:
            mocker.register(self)
            mocker.start()

    def stop(self, clear: bool = True, reset: bool = True, quiet: bool = False) -> None:  # noqa: FBT001, FBT002 - respx's signature
        """Give all libraries back."""
        for mocker in self._mockers:
            mocker.unregister(self)
            mocker.stop()
        super().stop(clear, reset, quiet)

    def record(self, request: httpx.Request, **kwargs: object) -> None:
        """Keep nothing: the trace has all that matters.

        respx would keep every request and response, bodies included, until the run is over.
        """
