"""What the faults make of one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chaos.faults.armed import Armed
from chaos.faults.behaviour import AlteringFault, BendingFault, OutageFault, ReplacingFault
from chaos.faults.delivery import PERFECT, Delivery
from chaos.http import Request, Response
from chaos.ports import Upstream


class Decision:
    """The faults of one call, applied in the order of their injection.

    A tier asks in this order:

    1. ``delivery``. If it is ``refused`` or ``silent``, that is all: the provider is never asked.
    2. ``respond(request)``, once, when the request reaches the provider.
    3. ``shaped(response)``, once: how that response travels.
    4. ``touched``, which is final now.

    How faults compose: each changes what those before it left, so the one injected last is nearest
    to the client. A fault that replaces the response (``rate_limit``, ``http_error``) hides the
    provider and every provider fault injected before it: they do not touch the call, and the
    provider's state stays as it was. Of several outages the first counts, and nothing else does.
    Latencies add up; of several rates the lowest counts, of several slicers the one with the
    longest delays, of several cuts the earliest.

    A fault healed while the call is under way still applies to it.

    Attributes:
        delivery: What is known without a response: perfect, refused or silent.
    """

    def __init__(
        self, upstream: Upstream, faults: Sequence[Armed], on_touch: Callable[[Armed], None]
    ) -> None:
        self._upstream = upstream
        self._faults = tuple(faults)
        self._on_touch = on_touch
        self._touched: list[Armed] = []
        self.delivery = PERFECT
        for armed in self._faults:
            if isinstance(armed.behaviour, OutageFault):
                self.delivery = armed.behaviour.delivery
                self._touch(armed)
                break

    @property
    def touched(self) -> tuple[str, ...]:
        """Ids of the faults that affected the call so far, in order of injection."""
        return tuple(armed.id for armed in self._faults if armed in self._touched)

    def respond(self, request: Request) -> Response:
        """The response as it leaves the provider."""
        assert self._reachable, "nobody was there to be asked"
        return self._through(self._faults, request)

    def shaped(self, response: Response) -> Delivery:
        """How ``response`` travels."""
        assert self._reachable, "there is no response"
        delivery = self.delivery
        for armed in self._faults:
            if isinstance(armed.behaviour, BendingFault):
                bent = armed.behaviour.bend(delivery, response)
                if bent != delivery:
                    self._touch(armed)
                delivery = bent
        return delivery

    @property
    def _reachable(self) -> bool:
        return not (self.delivery.refused or self.delivery.silent)

    def _through(self, faults: Sequence[Armed], request: Request) -> Response:
        """The response after these faults, asked for from the last to the first."""
        if not faults:
            return self._upstream.handle(request)
        *before, last = faults
        if isinstance(last.behaviour, ReplacingFault):
            self._touch(last)
            return last.behaviour.answer(self._upstream)
        response = self._through(before, request)
        if isinstance(last.behaviour, AlteringFault):
            altered = last.behaviour.alter(response)
            if altered != response:
                self._touch(last)
            return altered
        return response

    def _touch(self, armed: Armed) -> None:
        self._touched.append(armed)
        self._on_touch(armed)
