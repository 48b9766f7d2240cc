"""What a delivery is in Toxiproxy's terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaos.faults.delivery import Delivery
from chaos.tiers.wire.client import Toxic
from chaos.tiers.wire.pace import LONGEST_WAIT_S, NEVER_S, SCALE, real_wait_s

_MS_PER_S = 1000
_US_PER_S = 1_000_000
_BYTES_PER_KB = 1000
_READ_AHEAD_S = 0.15
_MOST_SLICES = 500
"""A megabyte in slices of four bytes would keep a core busy; the reader slices once more."""

SILENCE = Toxic(type="timeout", attributes={"timeout": 0})
"""Lets nothing through, and keeps the connection open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The bytes that a delivery lets through.

    Attributes:
        head_bytes: Length of status line and headers.
        body_bytes: Length of the body, as far as it arrives.
    """

    head_bytes: int
    body_bytes: int

    @property
    def bytes(self) -> int:
        """Length of all of it."""
        return self.head_bytes + self.body_bytes


def toxics_for(delivery: Delivery, load: Load, *, head_is_too_late: bool) -> Iterator[Toxic]:
    """The toxics that do this to a response, in the order in which bytes pass them.

    Nothing is said of a refused connection: no toxic is, its proxy is disabled.

    Args:
        delivery: How the bytes travel.
        load: What travels.
        head_is_too_late: Whether the client's timeout is due before the first byte.
    """
    if delivery.silent:
        # Upstream: the request itself is swallowed, as the provider must not see it.
        yield Toxic(type="timeout", attributes={"timeout": 0}, stream="upstream")
        return
    if delivery.latency_s:
        wait_s = NEVER_S if head_is_too_late else real_wait_s(delivery.latency_s)
        yield Toxic(type="latency", attributes={"latency": math.ceil(wait_s * _MS_PER_S)})
    if delivery.end == "reset" and delivery.cut_after is None:
        yield Toxic(type="reset_peer", attributes={"timeout": 0})
        return
    yield from _cut(delivery, load)
    yield from _trickle(delivery, load)
    yield from _end(delivery)


def _cut(delivery: Delivery, load: Load) -> Iterator[Toxic]:
    if delivery.end != "complete" and delivery.cut_after is not None:
        yield Toxic(type="limit_data", attributes={"bytes": load.bytes})


def _trickle(delivery: Delivery, load: Load) -> Iterator[Toxic]:
    """Slow the body down, but to no more than `LONGEST_WAIT_S` in all."""
    if delivery.rate is not None:
        rate = max(delivery.rate * SCALE, load.bytes / LONGEST_WAIT_S)
        yield Toxic(type="bandwidth", attributes={"rate": math.ceil(rate / _BYTES_PER_KB)})
    if delivery.slice_bytes is not None:
        size = max(delivery.slice_bytes, load.bytes // _MOST_SLICES)
        # Toxiproxy halves until the slices are small enough, headers included.
        slices = 2 * load.bytes / size + 1
        delay_s = min(delivery.slice_delay_s / SCALE, LONGEST_WAIT_S / slices)
        yield Toxic(
            type="slicer",
            attributes={
                "average_size": size,
                "size_variation": 0,
                "delay": math.ceil(delay_s * _US_PER_S),
            },
        )


def _end(delivery: Delivery) -> Iterator[Toxic]:
    """What comes after the last byte that `_cut` lets through.

    limit_data closes the connection there. slow_close holds that up: for ever, which is a stall;
    or until the client has read the bytes before a reset, which destroys what is on its way.
    """
    if delivery.cut_after is None:
        return
    if delivery.end == "stall":
        yield Toxic(type="slow_close", attributes={"delay": int(NEVER_S * _MS_PER_S)})
    if delivery.end == "reset":
        yield Toxic(type="slow_close", attributes={"delay": int(_READ_AHEAD_S * _MS_PER_S)})
        # With this toxic anywhere in the chain Toxiproxy closes by a reset. Its own doing, which
        # would come before the first byte, is switched off.
        yield Toxic(type="reset_peer", attributes={"timeout": 0}, toxicity=0.0)


def least_s(toxics: Iterable[Toxic], load: Load) -> float:
    """Real seconds that these toxics need at least, until the last byte has come.

    Example:
        >>> slow = Toxic(type="bandwidth", attributes={"rate": 10})
        >>> least_s([slow], Load(head_bytes=100, body_bytes=900))
        0.1
    """
    needed_s = 0.0
    for toxic in toxics:
        match toxic.type:
            case "latency":
                needed_s += toxic.attributes["latency"] / _MS_PER_S
            case "bandwidth":
                needed_s += load.bytes / toxic.attributes["rate"] / _BYTES_PER_KB
            case "slicer":
                slices = load.bytes // toxic.attributes["average_size"]
                needed_s += slices * toxic.attributes["delay"] / _US_PER_S
    return needed_s
