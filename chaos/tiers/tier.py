"""The tiers that come with the harness, by name."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """Where scenarios are played; in both, the traces of the two are compared."""

    SIMULATED = "simulated"
    WIRE = "wire"
    BOTH = "both"
