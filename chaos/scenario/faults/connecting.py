"""Faults by which no connection comes about."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault

_FLAWS = {
    "expired": "that has expired",
    "wrong_host": "for another host",
    "self_signed": "that is self-signed",
    "unknown_authority": "from an unknown authority",
}


class ConnectingFault(Fault):
    """What the faults share by which no connection comes about.

    They strike attempts to connect, so ``calls`` counts those, and there is no operation yet.
    """

    open_connections: Literal["closed", "kept"] = Field(
        default="closed",
        description="What happens to idle open connections when it begins.",
        examples=["kept"],
    )

    def _open_connections(self) -> str:
        """What becomes of connections that are open already, to follow what it does."""
        return "; open connections stay" if self.open_connections == "kept" else ""


class DnsFailureFault(ConnectingFault):
    """The name of the provider's host cannot be resolved.

    Example:
        ``{upstream: openai, fault: dns_failure}``
    """

    fault: Literal["dns_failure"]
    temporary: bool = Field(
        default=True,
        description="Whether the lookup may succeed later; if false, the host does not exist.",
        examples=[False],
    )

    def in_words(self) -> str:
        how = "cannot be found for now" if self.temporary else "cannot be found"
        return how + self._open_connections()


class ConnectTimeoutFault(ConnectingFault):
    """Nobody answers an attempt to connect, neither yes nor no.

    Example:
        ``{upstream: gcs, fault: connect_timeout}``
    """

    fault: Literal["connect_timeout"]

    def in_words(self) -> str:
        return "does not answer attempts to connect" + self._open_connections()


class ConnectionRefusedFault(ConnectingFault):
    """Nobody listens at the provider's address.

    Example:
        ``{upstream: gcs, fault: connection_refused}``
    """

    fault: Literal["connection_refused"]

    def in_words(self) -> str:
        return "refuses connections" + self._open_connections()


class TlsFailureFault(ConnectingFault):
    """The provider's certificate is not to be trusted.

    Example:
        ``{upstream: openai, fault: tls_failure, reason: expired}``
    """

    fault: Literal["tls_failure"]
    reason: Literal["expired", "wrong_host", "self_signed", "unknown_authority"] = Field(
        default="expired",
        description="What is wrong with the certificate.",
        examples=["wrong_host"],
    )

    def in_words(self) -> str:
        return f"shows a certificate {_FLAWS[self.reason]}" + self._open_connections()
