"""What a provider wants to be paid for one call, whatever became of its answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The tokens of one call.

    Attributes:
        model: Whose tokens they are.
        tokens_in: Those of the request.
        tokens_out: Those that the model made.
        cost: Dollars for them; None if nobody has put a price on them.

    Example:
        >>> Bill(model="gpt-4o-mini", tokens_in=12, tokens_out=30).tokens
        42
    """

    model: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.tokens_in + self.tokens_out
