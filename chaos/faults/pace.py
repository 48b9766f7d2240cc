"""Faults of pace: late, slow, or in slices."""

from __future__ import annotations

from chaos.choices import uniform
from chaos.faults.behaviour import BendingFault
from chaos.faults.delivery import Answered, Delivery
from chaos.http import Response
from chaos.scenario.faults import BandwidthFault, LatencyFault, SlicerFault

_A_MOMENT_S = 1e-6
"""What takes less has taken no time: the clock of a run moves in steps of about that length."""


class Latency(BendingFault[LatencyFault]):
    """The response comes late; several latencies add up."""

    model = LatencyFault

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Wait longer; never less than nothing, however large the jitter."""
        del response
        latency_s = self.fault.latency.total_seconds()
        jitter_s = self.fault.jitter.total_seconds()
        if jitter_s:
            latency_s += uniform(self.choices, f"jitter/{self.id}", -jitter_s, jitter_s)
        return delivery.delayed(latency_s, by=self.id) if latency_s > 0 else delivery


class Bandwidth(BendingFault[BandwidthFault]):
    """The body trickles; of several rates, the lowest counts."""

    model = BandwidthFault

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Slow a body down, unless it is empty, or passes at once all the same."""
        if not response.body or len(response.body) < self.fault.rate * _A_MOMENT_S:
            return delivery
        return delivery.slowed(float(self.fault.rate), by=self.id)


class Slicer(BendingFault[SlicerFault]):
    """The body comes in pieces; of several slicers, the one with the longest delays counts."""

    model = SlicerFault

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Slice a body that is longer than one slice."""
        if len(response.body) <= self.fault.size:
            return delivery
        return delivery.sliced(self.fault.size, self.fault.delay.total_seconds(), by=self.id)
