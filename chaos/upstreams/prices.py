"""What calls cost: a price list, and the sum for the tokens of one call."""

from __future__ import annotations

from dataclasses import dataclass

_PER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What tokens of a model cost, in dollars for a million.

    Attributes:
        input: Tokens of the request.
        output: Tokens that the model makes, its thoughts included.
        cached: Tokens of the request that the provider had in its cache; None for ``input``.
    """

    input: float = 0.0
    output: float = 0.0
    cached: float | None = None


FREE = Price()
"""What providers give away, such as moderation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The tokens of one call; ``cached`` ones are among ``tokens_in``."""

    tokens_in: int = 0
    tokens_out: int = 0
    cached: int = 0


def cost(usage: Usage, price: Price) -> float:
    """Dollars for the tokens of one call.

    Example:
        >>> mini = Price(input=0.15, cached=0.075, output=0.60)
        >>> cost(Usage(tokens_in=1_000, tokens_out=500), mini)
        0.00045
        >>> cost(Usage(tokens_in=1_000, cached=1_000), mini)
        7.5e-05
    """
    cached = price.input if price.cached is None else price.cached
    fresh = usage.tokens_in - usage.cached
    millionths = fresh * price.input + usage.cached * cached + usage.tokens_out * price.output
    # Far below a cent, where the order of a sum of fractions begins to show.
    return round(millionths / _PER, 12)
