"""The table as Google publishes it: which calls a client tries again, after which failures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One case of one method.

    Attributes:
        scenario: Number of the scenario.
        method: ``storage.objects.get``.
        resources: What has to be there before: ``BUCKET``, ``OBJECT``, …
        group: Which of a method's calls are meant; None for the ordinary ones.
        instructions: What happens to its requests, one after another.
        preconditions: Whether the call says on which state it relies.
        succeeds: Whether the call is to succeed in the end.
    """

    scenario: int
    method: str
    resources: tuple[str, ...]
    group: str | None
    instructions: tuple[str, ...]
    preconditions: bool
    succeeds: bool

    def __str__(self) -> str:
        return f"S{self.scenario} {self.method} {', '.join(self.instructions)}"


def read(path: Path) -> Iterator[Pair]:
    """Every pair of the table, in its order.

    Raises:
        OSError: There is no such file.
        ValueError: It is not the table.
    """
    for scenario in json.loads(path.read_text())["retryTests"]:
        for case in scenario["cases"]:
            for method in scenario["methods"]:
                yield Pair(
                    scenario=scenario["id"],
                    method=method["name"],
                    resources=tuple(method["resources"]),
                    group=method.get("group"),
                    instructions=tuple(case["instructions"]),
                    preconditions=scenario["preconditionProvided"],
                    succeeds=scenario["expectSuccess"],
                )
