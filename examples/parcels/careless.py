"""The same service with mistakes that are easily made; the harness has to find each.

They are planted here on purpose. The sound one is in ``service``.
"""

from __future__ import annotations

import httpx

from examples.parcels.service import Carrier, ParcelDesk


class TrustingCarrier(Carrier):
    """Takes any 200 for a booking: whatever else comes with one ends in an exception."""

    def _label_in(self, response: httpx.Response) -> str:
        label: str = response.json()["label"]
        return label


class HastyDesk(ParcelDesk):
    """Numbers parcels without a lock: two that come at once may get one number."""

    def _next_reference(self) -> str:
        number = self._taken + 1
        self._taken = number
        return f"P{number}"
