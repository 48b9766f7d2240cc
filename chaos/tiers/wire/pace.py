"""How long nominal waits take in reality.

Only the order of events has to be real: which comes first, the bytes or the timeout. So waits
shrink by one scale, and no wait is worth more than half a second. What would come second does not
shrink at all. If the bytes are due in time, the real timeout is `PATIENCE_S`; if the timeout is
due first, the bytes do not come for `NEVER_S`. A latency of 14.9 s under a timeout of 15 s is
then 0.3 s against 8 s, and no load of the machine turns it into a timeout; plain division would
leave 2 ms between the two. What the clock of the run is charged is always nominal.
"""

from __future__ import annotations

SCALE = 50.0
"""Nominal seconds for one real second."""

LONGEST_WAIT_S = 0.5
"""No wait for bytes, nor for a timeout that is due, takes more real seconds than this."""

SHORTEST_TIMEOUT_S = 0.25
"""Even a due timeout leaves that much to the bytes which come before it on the connection."""

SILENT_TIMEOUT_S = 0.05
"""A due timeout before the first byte waits for nothing. It is as short as still lets an answer
through that a toxic should have kept away, so that one which does not act is noticed."""

PATIENCE_S = 8.0
"""Real seconds after which due bytes are missing."""

NEVER_S = 60.0
"""Real seconds for which bytes stay away that a timeout is to come before."""


def real_wait_s(nominal_s: float) -> float:
    """How long the network takes for a wait that ends before the client's patience does.

    Example:
        >>> real_wait_s(5.0), real_wait_s(3600.0)
        (0.1, 0.5)
    """
    return min(nominal_s / SCALE, LONGEST_WAIT_S)


def real_timeout_s(nominal_s: float | None, *, is_due: bool, after_bytes: bool = True) -> float:
    """The client's timeout on a real socket.

    Args:
        nominal_s: The client's own; None if it has none.
        is_due: Whether it is to run out.
        after_bytes: Whether bytes come before that, and need their time.

    Example:
        >>> real_timeout_s(15.0, is_due=True), real_timeout_s(15.0, is_due=False)
        (0.3, 8.0)
    """
    if nominal_s is None or not is_due:
        return PATIENCE_S
    if not after_bytes:
        return SILENT_TIMEOUT_S
    return min(max(nominal_s / SCALE, SHORTEST_TIMEOUT_S), LONGEST_WAIT_S)


def is_too_long(wait_s: float, timeout_s: float | None) -> bool:
    """Whether the timeout comes before the end of the wait; both are nominal.

    A tie goes to the bytes, as in the simulated tier.
    """
    return timeout_s is not None and wait_s > timeout_s
