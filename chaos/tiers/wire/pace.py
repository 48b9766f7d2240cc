"""How long nominal waits take in reality.

Only the order of events has to be real: what comes after what, and what does not come at all. So
waits shrink by one scale, and no wait is worth more than half a second. Which comes first, the
bytes or the client's timeout, is decided by the clock of the run; the wire has to show that the
bytes come if they are due, and that they do not if they are not. What the clock is charged is
always nominal.
"""

from __future__ import annotations

SCALE = 50.0
"""Nominal seconds for one real second."""

LONGEST_WAIT_S = 0.5
"""No wait for bytes takes more real seconds than this."""

SILENCE_S = 0.05
"""Real seconds for which a connection that is to be silent is listened to. It is as short as still
lets an answer through that a toxic should have kept away."""

PATIENCE_S = 8.0
"""Real seconds after which due bytes are missing."""

NEVER_S = 60.0
"""Real seconds for which bytes stay away that are not to come."""


def real_wait_s(nominal_s: float) -> float:
    """How long the network takes for a wait.

    Example:
        >>> real_wait_s(5.0), real_wait_s(3600.0)
        (0.1, 0.5)
    """
    return min(nominal_s / SCALE, LONGEST_WAIT_S)
