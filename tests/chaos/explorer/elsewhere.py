"""Code that nobody interrupts, and that changes what others look at."""

from __future__ import annotations

import time
from collections.abc import Callable


class Till:
    """Has some seats to sell."""

    def __init__(self, seats: int) -> None:
        self.seats = seats


def take_one(till: Till) -> None:
    """Sell a seat."""
    till.seats -= 1


def with_a_step_between(till: Till, step: Callable[[], int]) -> tuple[int, int]:
    """Sell a seat after each step."""
    first = step()
    till.seats -= 1
    second = step()
    till.seats -= 1
    return first, second


def nap_and_take(till: Till) -> None:
    """Sell a seat a second later."""
    time.sleep(1)
    till.seats -= 1
