"""Rate limits as providers keep them: buckets that are drawn from, and fill up with time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Literal

MINUTE_S = 60.0

Kind = Literal["requests", "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """What a provider allows each of its models in a minute.

    Attributes:
        requests_per_minute: Calls of models; None for as many as one likes.
        tokens_per_minute: Tokens that those calls ask for; None in the same way.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one limit stands.

    Attributes:
        kind: What is counted.
        limit: What a minute allows.
        remaining: What could still be asked for now.
        reset_s: Seconds until nothing is used any more, if nobody asks in between.
    """

    kind: Kind
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A call that is too much.

    Attributes:
        kind: Which limit it breaks.
        limit: What a minute allows.
        used: What is used of that now.
        requested: What the call asks for.
        wait_s: Seconds until it would be allowed; None if a whole minute has less than that.
    """

    kind: Kind
    limit: int
    used: int
    requested: int
    wait_s: float | None


@dataclass(slots=True)
class _Bucket:
    """One limit: what is left of it, at the time at which somebody last looked."""

    kind: Kind
    limit: int
    level: float = field(init=False)
    seen_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.level, self.seen_s = float(self.limit), time.monotonic()

    def fill(self) -> None:
        """Let in what the time since has brought."""
        now_s = time.monotonic()
        brought = (now_s - self.seen_s) * self.limit / MINUTE_S
        self.level, self.seen_s = min(self.limit, self.level + brought), now_s

    def wait_s(self, wanted: int) -> float | None:
        """How long until so much is there; None if it never is."""
        if wanted > self.limit:
            return None
        return max(wanted - self.level, 0.0) * MINUTE_S / self.limit


class Meters:
    """The limits of one run: each model has its own, as with the providers.

    Example:
        >>> meters = Meters(RateLimits(requests_per_minute=1))
        >>> [meters.of(name).draw(tokens=1) is None for name in ("large", "large", "small")]
        [True, False, True]
    """

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._meters: dict[str, Meter] = {}

    def of(self, model: str) -> Meter:
        """What counts the calls of one model; it begins with all that a minute allows."""
        if model not in self._meters:
            self._meters[model] = Meter(self._limits)
        return self._meters[model]


class Meter:
    """Counts calls against limits.

    Example:
        >>> meter = Meter(RateLimits(requests_per_minute=2))
        >>> [meter.draw(tokens=10) is None for _ in range(3)]
        [True, True, False]
        >>> meter.standings()[0].remaining
        0
    """

    def __init__(self, limits: RateLimits) -> None:
        kinds: tuple[tuple[Kind, int | None], ...] = (
            ("requests", limits.requests_per_minute),
            ("tokens", limits.tokens_per_minute),
        )
        self._buckets = [_Bucket(kind, limit) for kind, limit in kinds if limit is not None]

    def draw(self, *, tokens: int) -> Excess | None:
        """Count a call that asks for so many tokens; if it is too much, nothing is counted."""
        wanted = {"requests": 1, "tokens": tokens}
        for bucket in self._buckets:
            bucket.fill()
        for bucket in self._buckets:
            requested = wanted[bucket.kind]
            wait_s = bucket.wait_s(requested)
            if wait_s is None or wait_s > 0:
                return Excess(
                    kind=bucket.kind,
                    limit=bucket.limit,
                    used=math.ceil(bucket.limit - bucket.level),
                    requested=requested,
                    wait_s=wait_s,
                )
        for bucket in self._buckets:
            bucket.level -= wanted[bucket.kind]
        return None

    def standings(self) -> list[Standing]:
        """How every limit stands now."""
        for bucket in self._buckets:
            bucket.fill()
        return [
            Standing(
                kind=bucket.kind,
                limit=bucket.limit,
                remaining=math.floor(bucket.level),
                reset_s=(bucket.limit - bucket.level) * MINUTE_S / bucket.limit,
            )
            for bucket in self._buckets
        ]
