"""What a delivery is in Toxiproxy's terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from chaos.faults.delivery import Answered, Cut, Delivery, Late, Lost, Rate, Slices
from chaos.tiers.wire.client import Toxic
from chaos.tiers.wire.pace import LONGEST_WAIT_S, NEVER_S, SCALE, real_wait_s

_MS_PER_S = 1000
_US_PER_S = 1_000_000
_BYTES_PER_KB = 1000
_READ_AHEAD_S = 0.15
_MOST_SLICES = 500
"""A megabyte in slices of four bytes would keep a core busy; the reader slices once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What travels.

    Attributes:
        bytes: Length of what arrives, head and framing included.
        is_whole: Whether that is everything; if not, more was sent.
    """

    bytes: int
    is_whole: bool = True


def toxics_for(delivery: Delivery, load: Cargo) -> Iterator[Toxic]:
    """The toxics that do this to an answer, in the order in which bytes pass them."""
    match delivery:
        case Lost():
            yield from _lost(delivery)
        case Answered():
            yield from _late(delivery.late)
            if delivery.cut is not None and not load.is_whole:
                # In front of what slows the bytes down, so that it counts them first.
                yield Toxic(type="limit_data", attributes={"bytes": load.bytes})
            yield from _trickle(delivery.rate, delivery.slices, load)
            if delivery.cut is not None and not load.is_whole:
                yield from _end(delivery.cut)
        case _:
            assert_never(delivery)


def _lost(lost: Lost) -> Iterator[Toxic]:
    # Upstream, it is the request that is lost; downstream, its answer.
    stream = "downstream" if lost.taken else "upstream"
    yield from _late(lost.late)
    match lost.how:
        case "silence":
            yield Toxic(type="timeout", attributes={"timeout": 0}, stream=stream)
        case "reset":
            yield Toxic(type="reset_peer", attributes={"timeout": 0}, stream=stream)
        case _:
            assert_never(lost.how)


def _late(late: tuple[Late, ...]) -> Iterator[Toxic]:
    seconds = real_wait_s(sum(each.seconds for each in late))
    if seconds:
        yield Toxic(type="latency", attributes={"latency": math.ceil(seconds * _MS_PER_S)})


def _trickle(rate: Rate | None, slices: Slices | None, load: Cargo) -> Iterator[Toxic]:
    """Slow the body down, but to no more than `LONGEST_WAIT_S` in all."""
    if rate is not None:
        fast = max(rate.bytes_per_s * SCALE, load.bytes / LONGEST_WAIT_S)
        yield Toxic(type="bandwidth", attributes={"rate": math.ceil(fast / _BYTES_PER_KB)})
    if slices is not None:
        size = max(slices.size, load.bytes // _MOST_SLICES)
        # Toxiproxy halves until the slices are small enough, headers included.
        count = 2 * load.bytes / size + 1
        delay_s = min(slices.delay_s / SCALE, LONGEST_WAIT_S / count)
        yield Toxic(
            type="slicer",
            attributes={
                "average_size": size,
                "size_variation": 0,
                "delay": math.ceil(delay_s * _US_PER_S),
            },
        )


def _end(cut: Cut) -> Iterator[Toxic]:
    """What comes after the last byte that limit_data lets through.

    limit_data closes the connection there. slow_close holds that up: for ever, which is a stall;
    or until the client has read the bytes before a reset, which destroys what is on its way.
    """
    match cut.how:
        case "fin" | "abort":
            return
        case "stall":
            yield Toxic(type="slow_close", attributes={"delay": int(NEVER_S * _MS_PER_S)})
        case "reset":
            yield Toxic(type="slow_close", attributes={"delay": int(_READ_AHEAD_S * _MS_PER_S)})
            # With this toxic anywhere in the chain Toxiproxy closes by a reset. Its own doing,
            # which would come before the first byte, is switched off.
            yield Toxic(type="reset_peer", attributes={"timeout": 0}, toxicity=0.0)
        case _:
            assert_never(cut.how)


def least_s(toxics: Iterable[Toxic], load: Cargo) -> float:
    """Real seconds that these toxics need at least, until the last byte has come.

    Example:
        >>> slow = Toxic(type="bandwidth", attributes={"rate": 10})
        >>> least_s([slow], Cargo(bytes=1000))
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
