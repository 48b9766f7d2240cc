"""Faults of providers that keep count: one gets slow with its load, one has a quota."""

from __future__ import annotations

import math
import time
from collections import deque

from chaos.choices import Choices
from chaos.faults.behaviour import BendingFault, MeteringFault
from chaos.faults.delivery import Answered, Delivery
from chaos.http import Response
from chaos.ports import Upstream
from chaos.scenario.faults import OverloadFault, QuotaFault


class Overload(BendingFault[OverloadFault]):
    """The more calls of late, the later the answer: retries alone can keep it so."""

    model = OverloadFault

    def __init__(self, fault: OverloadFault, *, id: str, choices: Choices) -> None:  # noqa: A002 - the YAML word
        super().__init__(fault, id=id, choices=choices)
        self._calls: deque[float] = deque()

    def bend(self, delivery: Answered, response: Response) -> Delivery:
        """Wait longer for every call above its capacity that it remembers."""
        del response
        calls = self._calls
        now_s = time.monotonic()
        while calls and now_s - calls[0] >= self.fault.memory.total_seconds():
            calls.popleft()
        calls.append(now_s)
        above = max(0, len(calls) - self.fault.capacity)
        late_s = above * self.fault.per_call.total_seconds()
        return delivery.delayed(late_s, by=self.id) if late_s else delivery


class Quota(MeteringFault[QuotaFault]):
    """So many requests in a window; each answer says how many are left."""

    model = QuotaFault

    def __init__(self, fault: QuotaFault, *, id: str, choices: Choices) -> None:  # noqa: A002 - the YAML word
        super().__init__(fault, id=id, choices=choices)
        self._began_s: float | None = None
        self._used = 0

    def refuse(self, upstream: Upstream) -> Response | None:
        """The provider's 429 once the window is spent."""
        if self._rest_s <= 0:
            self._began_s, self._used = time.monotonic(), 0
        self._used += 1
        if self._used <= self.fault.requests:
            return None
        # Rounded up: whoever comes back sooner is refused again.
        wait_s = math.ceil(self._rest_s)
        limited = upstream.rate_limited("rate_limit_exceeded")
        return self.mark(limited.with_headers([("retry-after", str(wait_s))]))

    def mark(self, response: Response) -> Response:
        """The answer with what is left of the window."""
        left = max(0, self.fault.requests - self._used)
        return response.with_headers(
            [
                ("x-ratelimit-limit-requests", str(self.fault.requests)),
                ("x-ratelimit-remaining-requests", str(left)),
                ("x-ratelimit-reset-requests", f"{self._rest_s:g}s"),
            ]
        )

    @property
    def _rest_s(self) -> float:
        """What is left of the window, in seconds; the first call begins the first one."""
        if self._began_s is None:
            return 0.0
        return self._began_s + self.fault.per.total_seconds() - time.monotonic()
