"""Faults of a provider that is late, or never answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import PositiveDuration, UnsignedDuration
from chaos.units import format_duration


class LatencyFault(Fault):
    """Delay each response by ``latency``, give or take ``jitter``.

    The answer stays correct and the connection open: only a timeout in the target turns this
    fault into an error.

    Example:
        ``{upstream: openai, fault: latency, latency: 2s, jitter: 500ms}``
    """

    fault: Literal["latency"]
    latency: PositiveDuration = Field(
        description="Time before the first byte of the response.", examples=["2s"]
    )
    jitter: UnsignedDuration = Field(
        default=timedelta(0),
        description="Random variation, up or down, drawn for each call.",
        examples=["500ms"],
    )

    def in_words(self) -> str:
        jitter = f", give or take {format_duration(self.jitter)}" if self.jitter else ""
        return f"answers {format_duration(self.latency)} late{jitter}"


class TimeoutFault(Fault):
    """The request is taken and never answered.

    Example:
        ``{upstream: openai, fault: timeout}``
    """

    fault: Literal["timeout"]
    takes_effect: bool = Field(
        default=True,
        # Whoever waits in vain cannot know it. A service that asks again is judged by the worse
        # of the two.
        description="Whether the provider carries out the request; if false, the request is lost.",
        examples=[False],
    )

    def in_words(self) -> str:
        if self.takes_effect:
            return "takes requests and never answers"
        return "loses requests on their way, and never answers"
