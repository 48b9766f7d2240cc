"""Books parcels with a carrier, once each, and tells where they are.

A booking costs money, so that it must not be made twice; each carries a reference by which the
carrier knows it again. When the carrier cannot be reached, the parcel stays on the shelf.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import httpx
import tenacity

UPSTREAM = "https://carrier.example"

logger = logging.getLogger(__name__)

ATTEMPTS = 3
TIMEOUT_S = 5.0
FIRST_BACKOFF_S = 1.0
MAX_BACKOFF_S = 4.0
JITTER_S = 1.0
LONGEST_RETRY_AFTER_S = 10.0

_FINAL = frozenset({400, 401, 403, 404, 422})


class CarrierError(Exception):
    """The carrier cannot be used now.

    Attributes:
        is_final: Whether trying again cannot help.
        retry_after_s: How long the carrier asks to be left alone.
    """

    def __init__(self, reason: str, *, is_final: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets: a label number, or none while the parcel waits on the shelf."""

    label: str | None
    reason: str | None = None


class Carrier:
    """The carrier's API, tried again where that can help.

    Args:
        client: Sends the requests.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def book(self, reference: str) -> str:
        """Book a parcel; returns its label.

        Raises:
            CarrierError: It could not be booked, as far as we know.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait_s,
            retry=tenacity.retry_if_exception(_can_be_tried_again),
            reraise=True,
        )
        return retrying(self._book_once, reference)

    def _book_once(self, reference: str) -> str:
        try:
            response = self._client.put(f"{UPSTREAM}/parcels/{reference}", timeout=TIMEOUT_S)
        except httpx.TransportError as error:
            raise CarrierError(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise CarrierError(
                f"the carrier answered HTTP {response.status_code}",
                is_final=response.status_code in _FINAL or _is_spent(response),
                retry_after_s=_retry_after_s(response),
            )
        return self._label_in(response)

    def _label_in(self, response: httpx.Response) -> str:
        """The label of a booking; a success that does not carry one is none."""
        try:
            booking = response.json()
        except ValueError as error:
            raise CarrierError("the carrier's answer is not JSON") from error
        label = booking.get("label") if isinstance(booking, dict) else None
        if not isinstance(label, str):
            raise CarrierError("the carrier's answer has no label")
        return label


def _is_spent(response: httpx.Response) -> bool:
    """Whether the carrier says that the account has nothing left, which no waiting mends."""
    return response.status_code == httpx.codes.TOO_MANY_REQUESTS and (
        "insufficient_quota" in response.text
    )


def _can_be_tried_again(error: BaseException) -> bool:
    return (
        isinstance(error, CarrierError)
        and not error.is_final
        # Whoever hands in a parcel does not stand there for ten minutes.
        and error.retry_after_s <= LONGEST_RETRY_AFTER_S
    )


_backoff_s = tenacity.wait_exponential(multiplier=FIRST_BACKOFF_S, max=MAX_BACKOFF_S)


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, CarrierError) else 0.0
    return max(_backoff_s(state), asked_s) + tenacity.wait_random(0, JITTER_S)(state)


def _retry_after_s(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0


class ParcelDesk:
    """Takes parcels, and numbers them; safe to share between threads."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._lock = threading.Lock()
        self._taken = 0

    def take(self, contents: str) -> Receipt:
        """Take a parcel and book it; if that fails, keep it for later."""
        reference = self._next_reference()
        logger.debug("parcel %s: %s", reference, contents)
        try:
            return Receipt(label=self._carrier.book(reference))
        except CarrierError as error:
            logger.warning("parcel %s stays on the shelf: %s", reference, error)
            return Receipt(label=None, reason=str(error))

    def _next_reference(self) -> str:
        with self._lock:
            self._taken += 1
            return f"P{self._taken}"
