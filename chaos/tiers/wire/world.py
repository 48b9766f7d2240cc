"""The wire tier: a simulation whose answers come over real sockets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import ClassVar, Self

from chaos.choices import Choices
from chaos.ports import StandIn
from chaos.simulation.calls.carrier import Carrier
from chaos.simulation.outside.sealing.launcher import Launcher, launcher
from chaos.simulation.run import SimulatedRun
from chaos.simulation.tasks.limits import Limits
from chaos.simulation.world import InjectorFactory, Simulation
from chaos.tiers.wire.carrier import WireCarrier
from chaos.tiers.wire.client import ToxiproxyError
from chaos.tiers.wire.porter import Porter
from chaos.tiers.wire.server import StandInServer
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.ways import Ways

WIRE_LIMITS = Limits(blocked_looks=1200)
"""A user who holds the baton may rightly wait for sockets, for up to a minute."""


class WireTier(Simulation):
    """A simulation whose requests leave the process, and come back through Toxiproxy.

    Time, threads, chance and the trace are the same. Clients have the sockets of the simulation;
    behind those are real ones, to the proxies.

    Args:
        toxiproxy: What to use; by default the first that is found, or built.
    """

    name: ClassVar[str] = "wire"

    def __init__(self, toxiproxy: Toxiproxy | None = None) -> None:
        super().__init__()
        self.toxiproxy = toxiproxy or Toxiproxy()
        self._server = StandInServer()
        self._ways = Ways(self.toxiproxy, self._server)
        self._sockets = ExitStack()
        self._porter: Porter | None = None
        self._wire: WireCarrier | None = None

    def __enter__(self) -> Self:
        """Start Toxiproxy and the stand-in server, then take over.

        Raises:
            MissingComponentError: There is no Toxiproxy.
            SimulationError: Something does not start, or time is frozen already.
        """
        with ExitStack() as undo:
            undo.enter_context(self.toxiproxy)
            undo.enter_context(self._server)
            super().__enter__()
            self._sockets = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(exc_type, exc, traceback)
        finally:
            self._sockets.close()
            self._ways.clear()
            if self._porter is not None:
                self._porter.close()
                self._porter = None

    def start_run(
        self,
        *,
        upstreams: Mapping[str, StandIn],
        injector: InjectorFactory,
        choices: Choices,
        seed: int,
        limits: Limits = WIRE_LIMITS,
    ) -> SimulatedRun:
        """Begin a run, as in the simulated tier; only what counts as stuck is another matter."""
        return super().start_run(
            upstreams=upstreams, injector=injector, choices=choices, seed=seed, limits=limits
        )

    def _finished(self) -> None:
        super()._finished()
        if self._wire is not None:
            self._wire.close()
        self._server.forget_all()
        # A server that is gone has taken its proxies along; the run has said so.
        with suppress(ToxiproxyError):
            self._ways.close_bent()

    def _find_launcher(self) -> Launcher | None:
        """Real sockets are made by a thread of the harness; no task has any use for one."""
        return launcher()

    def carrier(self, run: SimulatedRun) -> Carrier:
        """The bytes go out to Toxiproxy, and come back."""
        del run
        # Here, since whoever begins a run is not sealed; anew in a process that was forked.
        if self._porter is None or not self._porter.is_here:
            self._porter = Porter()
        self._wire = WireCarrier(
            guard=self.guard,
            toxiproxy=self.toxiproxy,
            server=self._server,
            ways=self._ways,
            porter=self._porter,
        )
        return self._wire
