"""What a run may take before it counts as one without end."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.scenario.lint_size import LONGEST_RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may take.

    None of these depends on how busy the machine is: a thread that waits for a processor is
    neither blocked nor computing.

    Attributes:
        blocked_looks: How often in a row a task is found without having computed anything, and
            without having made progress, until it counts as blocked outside of the simulation.
            The harness looks twenty times a second, if the machine lets it.
        computing_s: Processor seconds of a task without any progress; more are taken for a
            computation without end.
        max_switches: Sleeps and waits; more are taken for a livelock.
        max_virtual_s: Virtual seconds; a longer run is taken for a livelock. A day more than a
            file may ask for: a service comes to rest afterwards, and may be asked once more.
        max_calls: Calls made for one question while somebody waits for its answer; more are taken
            for a livelock. Each takes a millisecond of ours, so that a service which tries again
            for ever is found out in seconds.
    """

    blocked_looks: int = 40
    computing_s: float = 120.0
    max_switches: int = 1_000_000
    max_virtual_s: float = LONGEST_RUN.total_seconds() + 86_400.0
    max_calls: int = 10_000


DEFAULT_LIMITS = Limits()
