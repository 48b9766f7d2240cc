"""What a dispatcher expects of the parts that differ between runs and between tiers."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Protocol

import httpx

from chaos.faults.delivery import Delivery
from chaos.http import Request, Response
from chaos.ports import Operation, Upstream

Timeouts = MutableMapping[str, float | None]
"""Timeouts of a request by name: ``connect``, ``read``, ``write`` and ``pool``; None is for ever.

A service may change them until the body has been read, so they are looked at late.
"""


class Decision(Protocol):
    """What the faults of a run have in store for one call, to be asked in this order."""

    @property
    def delivery(self) -> Delivery:
        """What is known at once: refused and silent calls never reach the provider."""

    def respond(self, request: Request) -> Response:
        """What the provider, or a fault in its place, answers; asked once."""

    def shaped(self, response: Response) -> Delivery:
        """How that response travels; asked once."""

    @property
    def touched(self) -> tuple[str, ...]:
        """Ids of the faults that touched the call, final now."""


class Injector(Protocol):
    """Holds the faults of a run."""

    def decide(self, upstream: Upstream, operation: Operation, call: int) -> Decision:
        """What happens to this call."""


class Carrier(Protocol):
    """Carries requests to a provider, and responses back."""

    def carry(
        self,
        request: Request,
        httpx_request: httpx.Request,
        decision: Decision,
        timeouts: Timeouts,
    ) -> httpx.Response:
        """Carry one request; the body of the response is read lazily.

        Raises:
            httpx.TransportError: What a client sees of a network that fails.
        """
