"""Faults of the connection: refused, silent, reset."""

from __future__ import annotations

from chaos.faults.behaviour import BendingFault, OutageFault
from chaos.faults.delivery import Delivery
from chaos.http import Response
from chaos.scenario.faults import ConnectionRefusedFault, ResetPeerFault, TimeoutFault


class ConnectionRefused(OutageFault[ConnectionRefusedFault]):
    """Nobody listens."""

    model = ConnectionRefusedFault
    simulated = "connect error"
    wire = "proxy disabled"
    delivery = Delivery(refused=True)


class Timeout(OutageFault[TimeoutFault]):
    """Somebody listens, and never answers."""

    model = TimeoutFault
    simulated = "no answer until the client's timeout"
    wire = "toxic timeout"
    delivery = Delivery(silent=True)


class ResetPeer(BendingFault[ResetPeerFault]):
    """The connection is reset, at once or in the body.

    The provider has done what was asked: an upload whose answer is lost is still stored.
    """

    model = ResetPeerFault
    simulated = "reset, before or in the body"
    wire = "toxic reset_peer or limit_data"

    def bend(self, delivery: Delivery, response: Response) -> Delivery:
        """Reset, unless the whole body is through by then."""
        after = self.fault.after
        if after is not None and after >= len(response.body):
            return delivery
        return delivery.ended("reset", after=after)
