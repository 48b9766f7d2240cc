"""Faults by which the provider says no: too many requests, or an HTTP error."""

from __future__ import annotations

import json
import math
import time
from email.utils import formatdate

from chaos.faults.behaviour import ReplacingFault
from chaos.http import Response
from chaos.ports import Upstream
from chaos.scenario.faults import HttpErrorFault, RateLimitFault, RefusalFault


class RateLimit(ReplacingFault[RateLimitFault]):
    """429 in the provider's own words, with or without a time to come back."""

    model = RateLimitFault

    def answer(self, upstream: Upstream) -> Response:
        """The 429 and, if the fault has a ``retry_after``, the header that says it."""
        return upstream.rate_limited(self.fault.code).with_headers(_retry_after(self.fault))


class HttpError(ReplacingFault[HttpErrorFault]):
    """Any status, with the provider's usual body or one of the scenario's, and any headers."""

    model = HttpErrorFault

    def answer(self, upstream: Upstream) -> Response:
        """The error response."""
        if self.fault.body is None:
            usual = upstream.failed(self.fault.status)
        else:
            usual = Response(
                status=self.fault.status,
                headers=(("content-type", _content_type(self.fault.body)),),
                body=self.fault.body.encode(),
            )
        return usual.with_headers([*_retry_after(self.fault), *self.fault.headers])


def _retry_after(fault: RefusalFault) -> list[tuple[str, str]]:
    if fault.retry_after is None:
        return []
    wait_s = fault.retry_after.total_seconds()
    if fault.retry_after_as == "date":
        # A date has whole seconds. Rounded down, it would ask for less than the scenario.
        return [("retry-after", formatdate(math.ceil(time.time() + wait_s), usegmt=True))]
    if fault.retry_after_as == "milliseconds" or not wait_s.is_integer():
        return [("retry-after-ms", str(round(wait_s * 1000)))]
    return [("retry-after", str(int(wait_s)))]


def _content_type(body: str) -> str:
    try:
        json.loads(body)
    except ValueError:
        markup = body.lstrip().startswith("<")
        return "text/html; charset=utf-8" if markup else "text/plain; charset=utf-8"
    return "application/json"
