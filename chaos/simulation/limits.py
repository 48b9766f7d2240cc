"""What a run may take before it counts as one without end."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.scenario.lint_size import LONGEST_RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may take.

    Attributes:
        stuck_after_s: Real seconds without progress after which a task counts as stuck.
        max_switches: Sleeps and waits; more are taken for a livelock.
        max_virtual_s: Virtual seconds; a longer run is taken for a livelock.
        max_calls: Calls made for one question while somebody waits for its answer; more are taken
            for a livelock. Each takes a millisecond of ours, so that a service which tries again
            for ever is found out in seconds.
    """

    stuck_after_s: float = 10.0
    max_switches: int = 1_000_000
    max_virtual_s: float = LONGEST_RUN.total_seconds()
    max_calls: int = 10_000


DEFAULT_LIMITS = Limits()
