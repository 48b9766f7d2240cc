"""Who keeps the real clocks: the harness itself, and those who run it."""

from __future__ import annotations

RUNNERS = (
    "_pytest.",  # its timings are real
    "execnet.",
    "pytest_timeout.",
    "xdist.",
)
"""Beginnings of the names of modules that run tests."""

UNTOUCHED = (
    *RUNNERS,
    "_queue",
    "_thread",
    "chaos.simulation.",  # our own locks and waits are real
    "chaos.tiers.",
    "freezegun.",
    "selectors.",  # they have methods of their own, over real kernel objects
)
"""Beginnings of the names of modules that keep what they have."""
