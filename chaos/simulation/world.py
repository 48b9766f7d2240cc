"""The world in virtual time: entered once per process, and good for any number of runs."""

from __future__ import annotations

import os
import random
from _thread import get_ident
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import ClassVar, Self
from unittest import mock

import httpx
from respx.mocks import Mocker

from chaos.choices import Choices
from chaos.errors import SimulationError
from chaos.ports import Upstream
from chaos.simulation.canary import HOST, Canary
from chaos.simulation.clock import Clock, to_ticks
from chaos.simulation.contract import Carrier, Injector
from chaos.simulation.dispatcher import Dispatcher
from chaos.simulation.entropy import Entropy
from chaos.simulation.guard import Address, Guard
from chaos.simulation.limits import DEFAULT_LIMITS, Limits
from chaos.simulation.router import MOCKERS, SimRouter
from chaos.simulation.run import SimulatedRun
from chaos.simulation.scheduler import Scheduler, is_left_behind
from chaos.simulation.task import Abandoned
from chaos.simulation.threads import Threads, real_sleep

_ENVIRONMENT = {
    # Otherwise the Cloud Storage SDK asks for the metadata of each bucket it meets, in a thread
    # of its own: requests that no service has made.
    "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
}
# What HTTP libraries and SDKs read by themselves, and what would send requests elsewhere, change
# or break them. A verdict must not depend on whose shell it comes from. A service's own variables
# stay, and so do keys: an SDK may insist on one.
_CALLERS = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"),
    *("STORAGE_EMULATOR_HOST", "API_ENDPOINT_OVERRIDE"),
    *("GOOGLE_API_USE_CLIENT_CERTIFICATE", "GOOGLE_API_USE_MTLS_ENDPOINT"),
)

InjectorFactory = Callable[[SimulatedRun], Injector]
"""Makes the injector of a run out of the run's recorder and clock."""


class Simulation(ABC):
    """Takes over time, threads, HTTP and the environment while entered.

    Entering for the first time takes up to a second, because every loaded module is searched for
    time functions; a new run takes half a millisecond. Services have to be built inside, so that
    their locks are simulated; clients may be older.

    Args:
        mockers: One for each HTTP library.
        allows: Addresses that real sockets may connect to; none by default.

    Attributes:
        clock: Virtual time, shared by all runs.
    """

    tier: ClassVar[str]
    """What results and the command line call it."""

    def __init__(
        self,
        *,
        mockers: Sequence[type[Mocker]] = MOCKERS,
        allows: Callable[[Address], bool] = lambda _: False,
    ) -> None:
        self.clock = Clock()
        self._entropy = Entropy()
        self._guard = Guard(allows)
        self._canary = Canary()
        self._router = SimRouter(self._dispatch, mockers)
        self._run: SimulatedRun | None = None
        self._dispatcher: Dispatcher | None = None
        self._owner = 0
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Take over.

        Raises:
            SimulationError: Time is frozen already, perhaps by another simulation.
        """
        with ExitStack() as undo:
            undo.enter_context(self.clock)
            undo.enter_context(mock.patch.dict(os.environ, _ENVIRONMENT))
            for name in _CALLERS:
                os.environ.pop(name, None)
                os.environ.pop(name.lower(), None)
            undo.enter_context(Threads(self._sleep))
            undo.enter_context(self._entropy.in_place())
            undo.enter_context(self._router)
            undo.enter_context(self._guard)
            self._undo = undo.pop_all()
        self._owner = get_ident()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._run is not None:
                self._run.close()
        finally:
            self._undo.close()

    def start_run(
        self,
        *,
        upstreams: Mapping[str, Upstream],
        injector: InjectorFactory,
        choices: Choices,
        seed: int,
        limits: Limits = DEFAULT_LIMITS,
    ) -> SimulatedRun:
        """Begin a run, at time zero, with proof that no request can leave it.

        Args:
            upstreams: Stand-ins by name, new for this run.
            injector: Makes the injector, once the run has its recorder and clock.
            choices: Decides everything undecided.
            seed: For ``random`` and ``os.urandom``, from which SDKs and services draw their
                jitter and the names they make up.
            limits: What counts as stuck, or as a run without end.

        Raises:
            SimulationError: Another run is on, or a canary escaped.
        """
        if self._run is not None:
            raise SimulationError("a run is on already; expected none; finish it first")
        self.clock.reset()
        self._router.reset()
        random.seed(seed)
        self._entropy.seed(seed)
        scheduler = Scheduler(self.clock, choices, limits)
        run = self._run = SimulatedRun(self.clock, scheduler, self._guard, self._finished)
        try:
            self._dispatcher = Dispatcher(
                upstreams=upstreams,
                injector=injector(run),
                carrier=self._carrier(scheduler),
                recorder=run.recorder,
                now_s=lambda: self.clock.now_s,
                acting=lambda: scheduler.acting,
                count_call=scheduler.count_call,
                guard=self._guard,
            )
            self._canary.fly()
        except BaseException:
            run.close()
            raise
        return run

    def canary(self) -> None:
        """Prove once more that no request can get out.

        Raises:
            SimulationError: One did; the message names the library.
        """
        self._canary.fly()

    @abstractmethod
    def _carrier(self, scheduler: Scheduler) -> Carrier:
        """How requests travel in this tier."""

    def _finished(self) -> None:
        self._run = self._dispatcher = None

    def _dispatch(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == HOST:
            return self._canary.caught(request)
        if is_left_behind():
            raise Abandoned
        if self._dispatcher is None:
            raise SimulationError(f"a request to {request.url.host} outside any run")
        return self._dispatcher.dispatch(request)

    def _sleep(self, seconds: float) -> None:
        if self._run is not None:
            self._run.service_sleep(seconds)
        elif is_left_behind():
            raise Abandoned
        elif get_ident() == self._owner:
            self.clock.advance(to_ticks(seconds))
        else:
            real_sleep(seconds)
