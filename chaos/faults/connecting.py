"""What becomes of an attempt to connect: a closed sum of cases, as `Delivery` is for answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Flaw = Literal["expired", "self_signed", "unknown_authority", "wrong_host"]
"""What can be wrong with a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFailure:
    """The name of the host cannot be resolved, for now or at all."""

    temporary: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefusal:
    """Nobody listens."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nobody says anything, and the client waits for as long as it wants."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distrusted:
    """The connection is accepted, and the certificate has a flaw."""

    flaw: Flaw
    by: str


@dataclass(frozen=True, slots=True)
class Connected:
    """Nothing is in the way."""


Connecting = NameFailure | ConnectionRefusal | Ignored | Distrusted | Connected
"""What becomes of one attempt to connect."""

CONNECTED = Connected()
"""Nothing in the way."""
