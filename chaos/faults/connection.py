"""Faults of the connection: names, connecting, certificates; lost, reset, dropped."""

from __future__ import annotations

from typing import Literal

from chaos.faults.behaviour import BendingFault, ConnectingFault, IdleFault, LosingFault
from chaos.faults.connecting import Connecting, ConnectionRefusal, Distrusted, Ignored, NameFailure
from chaos.faults.delivery import Answered, Delivery, Lost
from chaos.http import Response
from chaos.scenario.faults import (
    ConnectionRefusedFault,
    ConnectTimeoutFault,
    DnsFailureFault,
    DropConnectionsFault,
    IdleCloseFault,
    ResetPeerFault,
    TimeoutFault,
    TlsFailureFault,
)


class DnsFailure(ConnectingFault[DnsFailureFault]):
    """The host's name cannot be resolved."""

    model = DnsFailureFault
    stage = "name"

    def meet(self) -> Connecting:
        """No name, no connection."""
        return NameFailure(temporary=self.fault.temporary, by=self.id)


class ConnectTimeout(ConnectingFault[ConnectTimeoutFault]):
    """Nobody answers an attempt to connect."""

    model = ConnectTimeoutFault

    def meet(self) -> Connecting:
        """Silence."""
        return Ignored(by=self.id)


class ConnectionRefused(ConnectingFault[ConnectionRefusedFault]):
    """Nobody listens."""

    model = ConnectionRefusedFault

    def meet(self) -> Connecting:
        """A refusal."""
        return ConnectionRefusal(by=self.id)


class TlsFailure(ConnectingFault[TlsFailureFault]):
    """The certificate is not to be trusted."""

    model = TlsFailureFault

    def meet(self) -> Connecting:
        """A connection, and a certificate with a flaw."""
        return Distrusted(flaw=self.fault.reason, by=self.id)


class Timeout(LosingFault[TimeoutFault], BendingFault[TimeoutFault]):
    """Somebody listens, and never answers; the request may have taken effect."""

    model = TimeoutFault

    def lose(self) -> Lost | None:
        """The request is swallowed on its way."""
        if self.fault.takes_effect:
            return None
        return Lost(how="silence", taken=False, by=self.id)

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """The answer is swallowed on its way."""
        del response
        return delivery.lost("silence", by=self.id)


class ResetPeer(LosingFault[ResetPeerFault], BendingFault[ResetPeerFault]):
    """The connection is reset: before the request is taken, before its answer, or within it."""

    model = ResetPeerFault

    def lose(self) -> Lost | None:
        """Before the provider has looked at the request."""
        if self.fault.takes_effect:
            return None
        return Lost(how="reset", taken=False, by=self.id)

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Reset, unless the whole body is through by then."""
        after = self.fault.after
        if after is None:
            return delivery.lost("reset", by=self.id)
        if after >= len(response.body):
            return delivery
        return delivery.cut_off("reset", after, by=self.id)


class IdleClose(IdleFault[IdleCloseFault]):
    """The provider closes connections that have not been used for a while."""

    model = IdleCloseFault

    @property
    def idle_s(self) -> float | None:
        """After that long."""
        return self.fault.after.total_seconds()

    @property
    def how(self) -> Literal["fin", "reset", "race"]:
        """In order; or while the next request is on its way."""
        return "race" if self.fault.race else "fin"


class DropConnections(IdleFault[DropConnectionsFault]):
    """The provider ends all idle connections at once."""

    model = DropConnectionsFault

    @property
    def idle_s(self) -> float | None:
        """When it begins, and never again."""
        return None

    @property
    def how(self) -> Literal["fin", "reset", "race"]:
        """As the scenario says."""
        return self.fault.how
