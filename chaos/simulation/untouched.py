"""Who keeps the real clocks: the harness itself, and those who run it."""

from __future__ import annotations

UNTOUCHED = (
    "_pytest.",  # its timings are real
    "_queue",
    "_thread",
    "chaos.simulation.",  # our own locks and waits are real
    "chaos.tiers.",
    "execnet",
    "freezegun.",
    "pytest_timeout",
    "selectors.",  # they have methods of their own, over real kernel objects
    "xdist.",
)
"""Beginnings of the names of modules that keep what they have."""
