"""The one source of everything undecided in a run.

Who goes first when two users wake at the same instant, whether a fault with a toxicity touches
this call, which bit is flipped: each is asked here, under a label. What was chosen is kept, so
that any run can be played again from its list.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: ``picked`` out of ``options`` possibilities, asked under ``label``."""

    label: str
    options: int
    picked: int


class Choices(Protocol):
    """Decides; and remembers what it decided."""

    @property
    def made(self) -> tuple[Choice, ...]:
        """Every decision of this run so far, in order."""

    def pick(self, label: str, options: int) -> int:
        """Choose one of ``options`` possibilities: a number from 0 to ``options - 1``."""


_GRAIN = 1 << 30


def chance(choices: Choices, label: str, probability: float) -> bool:
    """Whether something with this ``probability`` (0 to 1) happens.

    Certain outcomes are not asked for, so that they cost no decision.

    Example:
        >>> chance(Seeded(7), "toxicity", 1.0)
        True
    """
    if probability >= 1:
        return True
    if probability <= 0:
        return False
    return choices.pick(label, _GRAIN) < probability * _GRAIN


def uniform(choices: Choices, label: str, low: float, high: float) -> float:
    """A number evenly drawn from ``low`` (included) to ``high`` (excluded).

    Example:
        >>> 1.0 <= uniform(Seeded(7), "jitter", 1.0, 2.0) < 2.0
        True
    """
    return low + (high - low) * choices.pick(label, _GRAIN) / _GRAIN


class Seeded:
    """Draws from a seed.

    Each label has a stream of its own: a scenario that asks one more question about toxicity
    does not thereby change the order of its users.

    Example:
        >>> Seeded(7).pick("order", 10) == Seeded(7).pick("order", 10)
        True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}
        self._made: list[Choice] = []

    @property
    def made(self) -> tuple[Choice, ...]:
        """Every decision so far."""
        return tuple(self._made)

    def pick(self, label: str, options: int) -> int:
        """Draw the next number of the label's stream."""
        if options == 1:
            return 0
        stream = self._streams.get(label)
        if stream is None:
            # A text seed is hashed with SHA-512, so it is the same in every process.
            stream = self._streams[label] = random.Random(f"{self.seed}/{label}")  # noqa: S311 - not a secret
        picked = stream.randrange(options)
        self._made.append(Choice(label, options, picked))
        return picked


class Steered:
    """Takes the decisions of some kinds from a map, and all others from a seed.

    The kind of a decision is its label up to the first slash. Steered decisions are numbered
    from 0 in the order in which they come up; one that the map does not name is 0. So a map with
    few entries is a run with few deviations from the ordinary one, and a search can go through
    the runs by their number.

    Args:
        seed: For all other decisions; they come out as those of `Seeded` do.
        kinds: What is steered.
        deviations: Number of a steered decision to what is picked.
        wander: Probability that a steered decision beyond the last named one is drawn at random.
        wander_seed: Source of that chance, so that many runs with one seed can wander apart.

    Attributes:
        steered: The steered decisions so far.

    Example:
        >>> steered = Steered(7, kinds={"fault"}, deviations={1: 4})
        >>> [steered.pick("fault/openai", 9) for _ in range(3)]
        [0, 4, 0]
        >>> steered.pick("order", 1000) == Seeded(7).pick("order", 1000)
        True
    """

    def __init__(
        self,
        seed: int,
        *,
        kinds: Iterable[str],
        deviations: Mapping[int, int] | None = None,
        wander: float = 0.0,
        wander_seed: int = 0,
    ) -> None:
        self.steered: list[Choice] = []
        self._seeded = Seeded(seed)
        self._kinds = frozenset(kinds)
        self._deviations = deviations or {}
        self._wanders_from = max(self._deviations, default=-1) + 1
        self._wander = wander
        self._wandering = Seeded(wander_seed)
        self._made: list[Choice] = []

    @property
    def made(self) -> tuple[Choice, ...]:
        """Every decision so far, steered or not."""
        return tuple(self._made)

    def searches(self, kind: str) -> bool:
        """Whether decisions of this kind are searched, not drawn.

        Example:
            >>> Steered(7, kinds={"fault"}).searches("order")
            False
        """
        return kind in self._kinds

    @property
    def drawn(self) -> Mapping[str, int]:
        """How many decisions each label has drawn from the seed."""
        return Counter(choice.label for choice in self._seeded.made)

    @property
    def deviations(self) -> dict[int, int]:
        """Every steered decision that was not 0, by its number."""
        return {number: made.picked for number, made in enumerate(self.steered) if made.picked}

    def pick(self, label: str, options: int) -> int:
        """Take the decision from the map, or draw it.

        Raises:
            ValueError: The map does not fit this run: there are fewer possibilities now.
        """
        if options == 1:
            return 0
        if label.partition("/")[0] not in self._kinds:
            picked = self._seeded.pick(label, options)
            self._made.append(Choice(label, options, picked))
            return picked
        number = len(self.steered)
        picked = self._deviations.get(number, 0)
        if number >= self._wanders_from and chance(self._wandering, "wander", self._wander):
            picked = self._wandering.pick("way", options)
        if picked >= options:
            raise ValueError(
                f"recorded choice {picked} for {label!r} does not fit {options} possibilities; "
                "the service or the scenario has changed since it was recorded"
            )
        choice = Choice(label, options, picked)
        self.steered.append(choice)
        self._made.append(choice)
        return picked
