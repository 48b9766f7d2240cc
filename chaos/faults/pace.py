"""Faults of pace: late, slow, or in slices."""

from __future__ import annotations

from dataclasses import replace

from chaos.choices import uniform
from chaos.faults.behaviour import BendingFault
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.scenario.faults import BandwidthFault, LatencyFault, SlicerFault


class Latency(BendingFault[LatencyFault]):
    """The response comes late; several latencies add up."""

    model = LatencyFault
    simulated = "clock; the client's timeout wins"
    wire = "toxic latency"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """Wait longer; never less than nothing, however large the jitter."""
        del response
        latency_s = self.fault.latency.total_seconds()
        jitter_s = self.fault.jitter.total_seconds()
        if jitter_s:
            latency_s += uniform(self.choices, f"jitter/{self.id}", -jitter_s, jitter_s)
        return replace(delivery, latency_s=delivery.latency_s + max(latency_s, 0.0))


class Bandwidth(BendingFault[BandwidthFault]):
    """The body trickles; of several rates, the lowest counts."""

    model = BandwidthFault
    simulated = "body trickles"
    wire = "toxic bandwidth"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """Slow a body down; an empty one has nothing to trickle."""
        rate = float(self.fault.rate)
        if not response.body or (delivery.rate is not None and delivery.rate <= rate):
            return delivery
        return replace(delivery, rate=rate)


class Slicer(BendingFault[SlicerFault]):
    """The body comes in pieces; of several slicers, the one with the longest delays counts."""

    model = SlicerFault
    simulated = "body comes in pieces"
    wire = "toxic slicer"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """Slice a body that is longer than one slice."""
        delay_s = self.fault.delay.total_seconds()
        if len(response.body) <= self.fault.size or delay_s <= delivery.slice_delay_s:
            return delivery
        return replace(delivery, slice_bytes=self.fault.size, slice_delay_s=delay_s)
