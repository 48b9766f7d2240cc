"""Whether waits have the random part that was promised, judged by its distribution.

Waits of the same length before their random part are judged together: a random part that is
lost only where waits stop growing would drown among the others. A random part is uniform by
promise, so two tests tell what is not; each accuses a sound service of one run in a million at
most.

- *Ties.* Of ``n`` waits, ``k`` share the same random part to a tenth of a millisecond. Where it
  is to be spread over ``w`` seconds, the probability of that is at most
  ``C(n, k) * (0.0002 / w) ** (k - 1)``.
- *Shape.* The share of waits below some length differs from the promised one by more than
  ``sqrt(ln(2e6) / 2n)``: the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart. It needs
  eight waits at least, and leaves out those that a deadline may have cut off, since of those only
  short ones are seen.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from chaos.trace.events import RequestEvent

ERROR = 1e-6
"""The probability with which one test accuses a sound service."""

RESOLUTION_S = 1e-4
"""Random parts this close to each other count as the same."""

FEWEST_TIES = 6
"""Fewer waits tell nothing: a service may have drawn once for all who failed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait before another attempt.

    Attributes:
        request: The attempt that ended it.
        extra_s: How much longer it was than the shortest that is promised.
        is_whole: Whether it would have been seen, however long its random part had been.
    """

    request: RequestEvent
    extra_s: float
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with the random parts of some waits.

    Attributes:
        seen: In words.
        waits: Those that show it.
    """

    seen: str
    waits: tuple[Wait, ...]


def flaw(waits: list[Wait], width_s: float) -> Flaw | None:
    """What is wrong with waits whose random parts are to be spread over ``width_s``, if anything.

    Example:
        >>> request = RequestEvent(seq=0, at_s=0, actor="u", call=1, upstream="x", operation="y")
        >>> waits = [Wait(request=request, extra_s=0.5, is_whole=True)] * 20
        >>> flaw(waits, 1.0).seen
        '20 of 20 waits have the same jitter, 0.5s'
        >>> spread = [Wait(request=request, extra_s=n / 20, is_whole=True) for n in range(20)]
        >>> flaw(spread, 1.0) is None
        True
    """
    if not math.isfinite(width_s) or width_s <= 0:
        return None
    return _ties(waits, width_s) or _shape([wait for wait in waits if wait.is_whole], width_s)


def _ties(waits: list[Wait], width_s: float) -> Flaw | None:
    if len(waits) < FEWEST_TIES:
        return None
    drawn = Counter(round(wait.extra_s / RESOLUTION_S) for wait in waits)
    place, times = drawn.most_common(1)[0]
    close = min(1.0, 2 * RESOLUTION_S / width_s)
    # In logarithms: the numbers are too large and too small for anything else.
    chance = _log_choose(len(waits), times) + (times - 1) * math.log(close)
    if times < FEWEST_TIES or chance > math.log(ERROR):
        return None
    tied = tuple(wait for wait in waits if round(wait.extra_s / RESOLUTION_S) == place)
    return Flaw(
        seen=f"{times} of {len(waits)} waits have the same jitter, {place * RESOLUTION_S:g}s",
        waits=tied,
    )


def _shape(waits: list[Wait], width_s: float) -> Flaw | None:
    if not waits:
        return None
    allowed = math.sqrt(math.log(2 / ERROR) / (2 * len(waits)))
    drawn = sorted(min(max(wait.extra_s / width_s, 0.0), 1.0) for wait in waits)
    for number, place in enumerate(drawn):
        # Below each value, and at it.
        for share in (number / len(drawn), (number + 1) / len(drawn)):
            if abs(share - place) > allowed:
                return Flaw(
                    seen=(
                        f"{share:.0%} of {len(waits)} waits have a jitter in the first "
                        f"{place:.0%} of its range"
                    ),
                    waits=tuple(waits),
                )
    return None


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
