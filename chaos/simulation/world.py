"""The world in virtual time: entered once per process, and good for any number of runs."""

from __future__ import annotations

import itertools
import logging
import os
import platform
import random
import re
import uuid
from _thread import get_ident
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, ClassVar, Self
from unittest import mock

from chaos.choices import Choices
from chaos.errors import SimulationError
from chaos.extensions import Extension, ExtensionKind, MisfitError
from chaos.faults import registry
from chaos.faults.injector import Injector
from chaos.ports import StandIn, StreamUpstream, Upstream
from chaos.processes import late
from chaos.simulation.calls.calls import Calls
from chaos.simulation.calls.carrier import Carrier
from chaos.simulation.calls.open_connections import OpenConnections
from chaos.simulation.calls.provider import Provider
from chaos.simulation.http.provider import PORTS, HttpProvider
from chaos.simulation.http.proxy import ProxyProvider
from chaos.simulation.http.router import Router
from chaos.simulation.loops import polls, signals, sleeping
from chaos.simulation.loops.mishaps import noticing_mishaps
from chaos.simulation.loops.selectors import virtual_selectors
from chaos.simulation.loops.timers import ordered_timers
from chaos.simulation.loops.trio import virtual_trio
from chaos.simulation.network import by_descriptor, names
from chaos.simulation.network.takeover import virtual_sockets
from chaos.simulation.outside import known, ways_out
from chaos.simulation.outside.guard import Guard
from chaos.simulation.outside.sealing.launcher import Launcher
from chaos.simulation.run import SimulatedRun
from chaos.simulation.streams.provider import StreamProvider
from chaos.simulation.tasks.baton import baton, is_left_behind
from chaos.simulation.tasks.limits import DEFAULT_LIMITS, Limits
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Abandoned
from chaos.simulation.threads import bare
from chaos.simulation.threads.futures import noticing_failures
from chaos.simulation.threads.strangers import refusing_strangers
from chaos.simulation.threads.toolbox import Toolbox
from chaos.simulation.timing import compiled, real, sqlite, usage
from chaos.simulation.timing.clock import START, Clock, to_ticks
from chaos.simulation.timing.entropy import Entropy
from chaos.simulation.timing.files import FileTimes
from chaos.simulation.timing.freeze import Freeze
from chaos.simulation.timing.functions import sleeping as sleeping_virtually
from chaos.upstreams.proxy import ForwardProxy

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


def _begin_of_logging() -> float:
    """From when on log records count time: seconds, or nanoseconds since Python 3.13."""
    there: float = vars(logging)["_startTime"]
    seconds = START.timestamp()
    return int(seconds) * 10**9 if isinstance(there, int) else seconds


InjectorFactory = Callable[[SimulatedRun], Injector]
"""Makes the injector of a run out of the run's recorder and clock."""


class Simulation(Extension, ABC):
    """Takes over time, threads, sockets and the environment while entered.

    Entering takes some tens of milliseconds, because every loaded module is searched for time
    functions, and every object for those that it keeps; a new run takes half a millisecond.
    Services and clients may be older.

    Attributes:
        clock: Virtual time, shared by all runs.
    """

    extends = ExtensionKind.TIER

    name: ClassVar[str]
    """What results and the command line call the tier."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.guard = Guard()
        self._entropy = Entropy()
        self._files = FileTimes(self.clock, self.guard.violation)
        self._toolbox = Toolbox()
        self._run: SimulatedRun | None = None
        self._launcher: Launcher | None = None
        self._owner = 0
        self._undo = ExitStack()

    @classmethod
    def check_extension(cls) -> None:
        """Whether the command line can name it; see the base class."""
        name = getattr(cls, "name", None)
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
            fix = "write for example name = 'far'"
            raise MisfitError(f"has {name!r} as its 'name'", "a word in lower case", fix)

    def __enter__(self) -> Self:
        """Take over; if that fails, everything is as it was before.

        Raises:
            SimulationError: Time is frozen already, perhaps by another simulation.
            ExtensionError: Something that was added to the harness is not as it should be.
        """
        registry.load()
        late.import_what_runs_need()
        substitutes: dict[Callable[..., Any], Callable[..., Any]] = {
            real.ORIGINALS["sleep"]: sleeping_virtually(self._sleep),
            sleeping.real_sleep(): sleeping.noting_sleep(self._note_wait),
            **polls.substitutes(),
            **names.substitutes(),
            **by_descriptor.substitutes(),
            **ways_out.substitutes(),
            **self._files.substitutes(),
            **self._entropy.substitutes(),
            **usage.substitutes(self.clock),
            **signals.substitutes(),
        }
        self._take_launcher()
        # These ask another program, once; SDKs put the answers into headers.
        platform.processor()
        uuid.getnode()
        with ExitStack() as undo:
            undo.enter_context(Freeze(self.clock, substitutes, self.guard.violation))
            undo.enter_context(mock.patch.dict(os.environ, _ENVIRONMENT))
            for name in _CALLERS:
                os.environ.pop(name, None)
                os.environ.pop(name.lower(), None)
            undo.enter_context(self._toolbox)
            undo.enter_context(bare.virtual_threads())
            undo.enter_context(refusing_strangers(self.guard.violation))
            undo.enter_context(self._entropy.in_place())
            undo.enter_context(self._files.in_place())
            undo.enter_context(sqlite.virtual_now(self.clock, self.guard.violation))
            undo.enter_context(compiled.virtual_clocks(self.clock))
            undo.enter_context(mock.patch.object(logging, "_startTime", _begin_of_logging()))
            undo.enter_context(virtual_sockets())
            undo.enter_context(virtual_selectors())
            undo.enter_context(ordered_timers())
            undo.enter_context(virtual_trio())
            undo.enter_context(signals.handlers_of_users())
            undo.enter_context(known.refusing(self.guard.violation))
            undo.enter_context(noticing_mishaps(lambda: self._run))
            undo.enter_context(noticing_failures(lambda: self._run))
            undo.callback(ways_out.stop_watching)
            ways_out.watch_ways_out(self.guard)
            undo.callback(setattr, baton, "ident", 0)
            self._undo = undo.pop_all()
        self._owner = baton.ident = get_ident()
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
        upstreams: Mapping[str, StandIn],
        injector: InjectorFactory,
        choices: Choices,
        seed: int,
        limits: Limits = DEFAULT_LIMITS,
    ) -> SimulatedRun:
        """Begin a run, at time zero.

        Args:
            upstreams: Stand-ins by name, new for this run.
            injector: Makes the injector, once the run has its recorder and clock.
            choices: Decides everything undecided.
            seed: For ``random`` and ``os.urandom``, from which SDKs and services draw their
                jitter and the names they make up.
            limits: What counts as stuck, or as a run without end.

        Raises:
            SimulationError: Another run is on.
        """
        if self._run is not None:
            raise SimulationError("another run is in progress; expected none; finish it first")
        if self._launcher is not None and not self._launcher.is_here:
            # The process was forked after the simulation was entered.
            self._take_launcher()
        self.clock.reset()
        random.seed(seed)
        self._entropy.seed(seed)
        self._files.begin()
        contentions = self._toolbox.begin_run()
        scheduler = Scheduler(self.clock, choices, limits)
        if self._launcher is not None:
            self._launcher.begin()
            scheduler.start_thread = self._launcher.start
        run = self._run = SimulatedRun(scheduler, self.guard, contentions, self._finished)
        try:
            self._connect(run, tuple(upstreams.values()), injector(run))
        except BaseException:
            run.close()
            raise
        return run

    def _take_launcher(self) -> None:
        launcher = self._launcher = self._find_launcher()

        def unseen() -> list[str]:
            return known.patched() + ([] if launcher is None else launcher.in_words())

        self.guard.unseen = unseen

    def _find_launcher(self) -> Launcher | None:
        """What starts threads that can make no real sockets; None where they must."""
        return None

    @abstractmethod
    def carrier(self, run: SimulatedRun) -> Carrier:
        """How answers travel in this tier."""

    def _connect(
        self, run: SimulatedRun, upstreams: tuple[StandIn, ...], injector: Injector
    ) -> None:
        """Let the stand-ins be on the network of a run."""
        connections = OpenConnections()
        injector.connections = connections
        calls = Calls(
            injector=injector,
            carrier=self.carrier(run),
            recorder=run.recorder,
            callers=run.scheduler,
            guard=self.guard,
            numbers=itertools.count(1),
        )
        router = Router([each for each in upstreams if isinstance(each, Upstream)])
        for upstream in upstreams:
            for host in upstream.hosts:
                providers: dict[int, Provider] = {}
                match upstream:
                    case ForwardProxy():
                        providers = {
                            port: ProxyProvider(
                                upstream,
                                host,
                                router=router,
                                calls=calls,
                                connections=connections,
                                network=run.network,
                            )
                            for port in upstream.ports
                        }
                    case Upstream():
                        providers = {
                            port: HttpProvider(
                                upstream,
                                host,
                                port,
                                router=router,
                                calls=calls,
                                connections=connections,
                            )
                            for port in PORTS
                        }
                    case StreamUpstream():
                        providers = {
                            port: StreamProvider(
                                upstream,
                                host,
                                is_tls=port in upstream.tls_ports,
                                calls=calls,
                                connections=connections,
                            )
                            for port in (*upstream.ports, *upstream.tls_ports)
                        }
                look_up = next(iter(providers.values())).look_up
                run.network.serve(host, providers, look_up=look_up)

    def _finished(self) -> None:
        self._run = None
        self._toolbox.end_run()

    def _note_wait(self, seconds: float) -> None:
        if self._run is not None:
            self._run.note_wait(seconds)

    def _sleep(self, seconds: float) -> None:
        if self._run is not None:
            self._run.service_sleep(seconds)
        elif is_left_behind():
            raise Abandoned
        elif get_ident() == self._owner:
            self.clock.advance(to_ticks(seconds))
        else:
            real.sleep(seconds)
