"""A service of a few lines, to make mutants of."""

from __future__ import annotations

PRICE = 7


def cost(amount: int) -> int:
    """What so many cost."""
    if amount == 1:
        return PRICE
    return counted_off(amount * PRICE)


def counted_off(total: int) -> int:
    """The total, for which somebody counts down to nothing."""
    left = total
    while left:
        left -= 1
    # Nobody ever looks at it.
    _unseen = 5
    return total


def refund(amount: int) -> int:
    """What comes back; nobody asks for it."""
    return amount - 1
