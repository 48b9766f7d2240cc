"""A response body in virtual time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import httpx2

from tests.conftest import Clock


class SlowBody(httpx2.SyncByteStream):
    """One byte after each gap, read with the timeout that holds when the body begins.

    That is how httpcore2 reads: its generator takes the timeout once.
    """

    def __init__(
        self, clock: Clock, gaps_s: Sequence[float], *, timeouts: Mapping[str, float]
    ) -> None:
        self._clock, self._gaps_s, self._timeouts = clock, gaps_s, timeouts

    def __iter__(self) -> Iterator[bytes]:
        limit_s = self._timeouts["read"]
        for gap_s in self._gaps_s:
            self._clock.advance(min(gap_s, limit_s))
            if gap_s > limit_s:
                raise httpx2.ReadTimeout("The read operation timed out")
            yield b"."
