"""Faults of the way of an answer: it ends too early, is slow, or comes in pieces."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import PositiveDuration, PositiveSize, Size
from chaos.units import format_duration


class LimitDataFault(Fault):
    """The body ends early, though more was announced.

    Example:
        ``{upstream: gcs, operation: objects.media, fault: limit_data, bytes: 64KB}``
    """

    fault: Literal["limit_data"]
    bytes: Size = Field(description="Bytes of the body that are sent.", examples=["64KB"])

    def in_words(self) -> str:
        return f"ends its answers after {self.bytes} bytes, though it announced more"


class BandwidthFault(Fault):
    """The body trickles.

    Example:
        ``{upstream: gcs, operation: objects.media, fault: bandwidth, rate: 1KB}``
    """

    fault: Literal["bandwidth"]
    rate: PositiveSize = Field(description="Bytes per second.", examples=["1KB"])

    def in_words(self) -> str:
        return f"sends its answers at {self.rate} bytes per second"


class SlicerFault(Fault):
    """The body comes in slices, some time apart.

    Example:
        ``{upstream: openai, fault: slicer, size: 64B, delay: 2s}``
    """

    fault: Literal["slicer"]
    size: PositiveSize = Field(description="Bytes in a slice.", examples=["64B"])
    delay: PositiveDuration = Field(description="Time between slices.", examples=["2s"])

    def in_words(self) -> str:
        return (
            f"sends its answers {self.size} bytes at a time, {format_duration(self.delay)} apart"
        )
