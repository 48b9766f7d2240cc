"""From the name of a tier to the worlds in which scenarios are played."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from chaos.errors import ChaosError
from chaos.extensions import ExtensionKind, Registry
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.tier import Tier
from chaos.tiers.wire.world import WireTier

TIERS: Mapping[str, type[Simulation]] = Registry(
    ExtensionKind.TIER, {Tier.SIMULATED: SimulatedTier, Tier.WIRE: WireTier}
)
"""Every tier by its name: those of the harness, then those that others add."""


def worlds(tier: str) -> tuple[type[Simulation], ...]:
    """The worlds in which a tier plays each scenario, one after the other.

    Raises:
        ChaosError: There is no such tier; the message says which there are.

    Example:
        >>> [world.name for world in worlds("both")]
        ['simulated', 'wire']
    """
    if tier == Tier.BOTH:
        return (SimulatedTier, WireTier)
    if tier not in TIERS:
        known = (*TIERS, Tier.BOTH.value)
        near = difflib.get_close_matches(tier, known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "choose one"
        raise ChaosError(f"unknown tier {tier!r}; expected one of: {', '.join(known)}; {fix}")
    return (TIERS[tier],)
