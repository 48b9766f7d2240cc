"""Faults that end a body before its time."""

from __future__ import annotations

from chaos.faults.behaviour import BendingFault
from chaos.faults.delivery import Answered, Delivery
from chaos.http import Response
from chaos.scenario.faults import CutStreamFault, LimitDataFault
from chaos.upstreams.sse import is_event_stream, split_events


class LimitData(BendingFault[LimitDataFault]):
    """The connection is closed in the middle of a body whose length was announced."""

    model = LimitDataFault

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Close after that many bytes, if there are more."""
        if len(response.body) <= self.fault.bytes:
            return delivery
        return delivery.cut_off("fin", self.fault.bytes, by=self.id)


class CutStream(BendingFault[CutStreamFault]):
    """A stream of events ends after some of them.

    A stream announces no length. One that is closed in order ("fin") looks finished; one whose
    server died ("abort") has no last chunk, and clients that look for it notice.
    """

    model = CutStreamFault

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """End after the event, if this is a stream and more would follow."""
        events = split_events(response.body) if is_event_stream(response) else []
        if self.fault.after >= len(events):
            return delivery
        after = sum(map(len, events[: self.fault.after]))
        return delivery.cut_off(self.fault.how, after, by=self.id)
