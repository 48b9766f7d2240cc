"""All incidents together: what each service gave its users, and at what price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.incidents.measures import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One service over many incidents.

    Attributes:
        target: Name of the service.
        asks: Questions asked while something was wrong.
        answered: Of these, how many got an answer.
        best: Of these, how many in the service's best mode.
        calls: Requests to the providers in trouble.
        slowest_s: The longest that anybody waited.
    """

    target: str
    asks: int
    answered: int
    best: int
    calls: int
    slowest_s: float

    def cells(self) -> tuple[str, str, str, str]:
        """Shares of answers and of best ones, calls per question, and the longest wait.

        Example:
            >>> Total(target="t", asks=8, answered=8, best=2, calls=4, slowest_s=29.0).cells()
            ('100.0 %', '25.0 %', '0.50', '29.0 s')
        """
        asks = self.asks or 1
        return (
            f"{100 * self.answered / asks:.1f} %",
            f"{100 * self.best / asks:.1f} %",
            f"{self.calls / asks:.2f}",
            f"{self.slowest_s:.1f} s",
        )


HEADINGS = ("answered", "in the best mode", "calls per question", "slowest answer")
"""What `Total.cells` holds."""


def totals(rows: Sequence[Row]) -> list[Total]:
    """One total for each service, in the order in which they come first."""
    return [
        Total(
            target=target,
            asks=sum(row.asks for row in of_it),
            answered=sum(row.best + row.fallback for row in of_it),
            best=sum(row.best for row in of_it),
            calls=sum(row.calls for row in of_it),
            slowest_s=max(row.slowest_s for row in of_it),
        )
        for target in dict.fromkeys(row.target for row in rows)
        for of_it in [[row for row in rows if row.target == target]]
    ]
