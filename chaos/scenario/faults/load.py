"""Faults of a provider that has too much to do, or lets nobody do too much."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import PositiveDuration
from chaos.units import format_duration


class OverloadFault(Fault):
    """The provider gets slower the more calls it has to do, and is slower for a while after.

    Each call of the last ``memory`` adds ``per_call`` to its latency. A service that tries again
    because of that keeps it slow when the cause is long gone: metastable failure.

    Example:
        ``{upstream: openai, fault: overload, capacity: 2, per_call: 1s, memory: 10s}``
    """

    fault: Literal["overload"]
    capacity: int = Field(
        ge=0,
        description="Calls within the memory, the current one included, that add no delay.",
        examples=[5],
    )
    per_call: PositiveDuration = Field(
        description="Delay that each further call adds before the first byte.",
        examples=["500ms"],
    )
    memory: PositiveDuration = Field(description="How long a call counts.", examples=["10s"])

    def in_words(self) -> str:
        return (
            f"is {format_duration(self.per_call)} slower for each call above {self.capacity} that "
            f"came in the last {format_duration(self.memory)}"
        )


class QuotaFault(Fault):
    """The provider counts requests, says how many are left, and refuses what is beyond.

    Every answer carries ``x-ratelimit-limit-requests``, ``-remaining-requests`` and
    ``-reset-requests``; a request beyond the limit gets the provider's 429 with ``Retry-After``.

    Example:
        ``{upstream: openai, fault: quota, requests: 3, per: 60s}``
    """

    needs_http = True

    fault: Literal["quota"]
    requests: int = Field(ge=1, description="How many requests a window allows.", examples=[3])
    per: PositiveDuration = Field(description="Length of a window.", examples=["60s"])

    def in_words(self) -> str:
        return (
            f"accepts {self.requests} requests in {format_duration(self.per)}, says how many are "
            "left, and answers HTTP 429 to the rest"
        )
