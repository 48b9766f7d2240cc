"""The simulated tier: a simulation in which answers travel in virtual time."""

from __future__ import annotations

from typing import ClassVar

from chaos.simulation.calls.carrier import Carrier
from chaos.simulation.outside.sealing.launcher import Launcher, launcher
from chaos.simulation.run import SimulatedRun
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.carrier import SimulatedCarrier


class SimulatedTier(Simulation):
    """A simulation without a real network.

    Example:
        >>> from chaos.choices import Seeded
        >>> from chaos.faults.injector import Injector
        >>> with SimulatedTier() as simulation:
        ...     with simulation.start_run(
        ...         upstreams={}, injector=lambda run: Injector(Seeded(7)),
        ...         choices=Seeded(7), seed=7
        ...     ) as run:
        ...         _ = run.scheduler.spawn("user-1", lambda: run.wait(3600.0))
        ...         run.scheduler.run()
        ...         run.clock.now_s
        3600.0
    """

    name: ClassVar[str] = "simulated"

    def _find_launcher(self) -> Launcher | None:
        """Nobody here has any use for a real socket."""
        return launcher()

    def carrier(self, run: SimulatedRun) -> Carrier:
        """The bytes go straight to whoever reads them."""
        del run
        return SimulatedCarrier()
