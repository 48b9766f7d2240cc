"""What the faults make of one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chaos.faults.armed import Armed
from chaos.faults.behaviour import (
    ANSWERING,
    AlteringFault,
    BendingFault,
    LosingFault,
    MeteringFault,
    ReplacingFault,
)
from chaos.faults.delivery import PERFECT, Answered, Delivery, Lost
from chaos.http import Request, Response
from chaos.ports import StandIn, Upstream


class Decision:
    """The faults of one call, applied in the order of their injection.

    Whoever carries the call out asks in this order:

    1. ``lost``. If it is not None, the request never gets to the provider, and that is all.
    2. ``respond(request)``, once, when the request reaches the provider.
    3. ``delivery(response)``, once: what becomes of that response.

    and reports, with ``acted``, the fault of each part of the delivery that it has acted on.

    How faults compose: each changes what those before it left, so the one injected last is nearest
    to the client. A fault that replaces the response (``rate_limit``, ``http_error``) hides the
    provider and every provider fault injected before it: they do not touch the call, and the
    provider's state stays as it was. So does one that keeps count (``quota``), for what it
    refuses. Of several that lose the request the first counts, and nothing else does. Latencies
    add up; of several rates the lowest counts, of several slicers the one with the longest delays,
    of several cuts the earliest.

    A fault healed while the call is under way still applies to it.

    Attributes:
        handled: What the provider itself answered; None if a fault kept the request from it. What
            the request asks for has been done if there is an answer, whatever the client gets.
    """

    def __init__(
        self, upstream: StandIn, faults: Sequence[Armed], on_touch: Callable[[Armed], None]
    ) -> None:
        self._upstream = upstream
        self._faults = tuple(faults)
        self._on_touch = on_touch
        self._touched: list[Armed] = []
        self.handled: Response | None = None

    @property
    def lost(self) -> Lost | None:
        """How the request gets lost, if it does."""
        for armed in self._faults:
            if isinstance(armed.behaviour, LosingFault):
                lost = armed.behaviour.lose()
                if lost is not None:
                    return lost
        return None

    @property
    def touched(self) -> tuple[str, ...]:
        """Ids of the faults that affected the call so far, in order of injection."""
        return tuple(armed.id for armed in self._faults if armed in self._touched)

    @property
    def answering(self) -> tuple[str, ...]:
        """Kinds of the faults that are answers of an HTTP server."""
        return tuple(
            armed.behaviour.name
            for armed in self._faults
            if isinstance(armed.behaviour, ANSWERING)
        )

    def respond(self, request: Request) -> Response:
        """The response as it leaves the provider."""
        return self._through(self._faults, request)

    def delivery(self, response: Response) -> Delivery:
        """What becomes of ``response`` on its way."""
        delivery, lost = PERFECT, None
        for armed in self._faults:
            if isinstance(armed.behaviour, BendingFault):
                match armed.behaviour.bend(delivery, response):
                    case Answered() as bent:
                        delivery = bent
                    case Lost() as bent:
                        lost = lost or bent
        # What is lost can still be late, whichever fault came first.
        return delivery if lost is None else replace(lost, late=delivery.late)

    def acted(self, by: str) -> None:
        """The carrier has done what the fault of that id asks for."""
        for armed in self._faults:
            if armed.id == by:
                self._touch(armed)

    def _through(self, faults: Sequence[Armed], request: Request) -> Response:
        """The response after these faults, asked for from the last to the first."""
        assert isinstance(self._upstream, Upstream), "only HTTP has requests"
        if not faults:
            self.handled = self._upstream.handle(request)
            return self.handled
        *before, last = faults
        if isinstance(last.behaviour, ReplacingFault):
            self._touch(last)
            return last.behaviour.answer(self._upstream)
        if isinstance(last.behaviour, MeteringFault):
            self._touch(last)
            refused = last.behaviour.refuse(self._upstream)
            return refused or last.behaviour.mark(self._through(before, request))
        response = self._through(before, request)
        if isinstance(last.behaviour, AlteringFault):
            altered = last.behaviour.alter(response)
            if altered != response:
                self._touch(last)
            return altered
        return response

    def _touch(self, armed: Armed) -> None:
        if armed not in self._touched:
            self._touched.append(armed)
            self._on_touch(armed)
