"""The simulated tier: a simulation in which answers travel in virtual time."""

from __future__ import annotations

from typing import ClassVar

from chaos.simulation.contract import Carrier
from chaos.simulation.scheduler import Scheduler
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.carrier import SimulatedCarrier


class SimulatedTier(Simulation):
    """A simulation without a network.

    Example:
        >>> from chaos.choices import Seeded
        >>> no_faults = lambda run: None
        >>> with SimulatedTier() as simulation:
        ...     with simulation.start_run(
        ...         upstreams={}, injector=no_faults, choices=Seeded(7), seed=7
        ...     ) as run:
        ...         _ = run.scheduler.spawn("user-1", lambda: run.wait(3600.0))
        ...         run.scheduler.run()
        ...         run.clock.now_s
        3600.0
    """

    tier: ClassVar[str] = "simulated"

    def _carrier(self, scheduler: Scheduler) -> Carrier:
        """The network is a matter of when to sleep and what to raise."""
        return SimulatedCarrier(scheduler.sleep)
