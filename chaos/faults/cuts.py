"""Faults that end a body before its time."""

from __future__ import annotations

from chaos.faults.behaviour import BendingFault
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.scenario.faults import CutStreamFault, LimitDataFault
from chaos.upstreams.sse import is_event_stream, split_events


class LimitData(BendingFault[LimitDataFault]):
    """The connection is closed in the middle of a body whose length was announced."""

    model = LimitDataFault
    simulated = "body ends early, Content-Length kept"
    wire = "toxic limit_data"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """Close after that many bytes, if there are more."""
        if len(response.body) <= self.fault.bytes:
            return delivery
        return delivery.ended("fin", after=self.fault.bytes)


class CutStream(BendingFault[CutStreamFault]):
    """A stream of events ends after some of them.

    A stream announces no length, so that one which is closed ("fin") looks finished.
    """

    model = CutStreamFault
    simulated = "SSE ends early"
    wire = "toxics"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """End after the event, if this is a stream and more would follow."""
        events = split_events(response.body) if is_event_stream(response) else []
        if self.fault.after >= len(events):
            return delivery
        after = sum(map(len, events[: self.fault.after]))
        return delivery.ended(self.fault.how, after=after)
