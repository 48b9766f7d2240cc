"""The tree of all runs up to a number of deviations, searched from the fewest to the most.

A run is identified by its deviations. Each child has one more, later than all of its parent's, so
each combination comes up exactly once. All runs with one deviation come before those with two,
which makes the first run that fails a minimal one: none with fewer deviations fails.

Runs that failed have no children: whatever else happens on top would be found for the same reason.

A decision with a place is put off: to deviate there comes to the same as to deviate a bit later,
unless somebody races for what is touched in between. Once some run, however deep, shows that, all
decisions at that place are branched at after all. `chaos.simulation.conflicts.footprints` says why
nothing is lost; a run that comes late has the deviations of one that came to the same before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from chaos.explorer.subject import Deviations, Point, Run

Play = Callable[[Iterable[Deviations]], Iterator[Run]]
"""Plays runs and gives them back in the same order."""


@dataclass(eq=False, slots=True)
class _Node:
    """A run of the tree.

    Attributes:
        deviations: How it differs from the ordinary run.
        spent: Deviations by kind, of those that are limited.
        at: Number of its last deviation; -1 for none.
        children: Number and kind of a decision, and the run that deviates there; None in place
            of one that would have been this run once more.
        joins: The run and the decision from which on this one has nothing to add.
    """

    deviations: Deviations
    spent: dict[str, int]
    at: int = -1
    children: list[tuple[int, str, _Node | None]] = field(default_factory=list)
    joins: tuple[_Node, int] | None = None

    @property
    def total(self) -> int:
        """Deviations so far, of those that are limited."""
        return sum(self.spent.values())


class Tree:
    """Goes through the runs; iterate over it once.

    Args:
        play: Plays runs.
        most: Most deviations of each kind; a kind that is not named is not limited, and costs
            nothing.
        prunes: Whether to leave out what would come to the same.
        takes: Whether to go on with a first deviation, by its number in their order; all by
            default. Others go on with the rest.

    Attributes:
        depth: Deviations of the runs that are being gone through now.
        done: How many runs of this depth are done.
        due: How many there are, as far as is known.
        finished: Runs of each depth that was finished.

    Example:
        >>> def play(all_deviations):
        ...     for deviations in all_deviations:
        ...         points = [Point(label="fault", options=3)] * 2
        ...         yield Run(deviations=deviations, points=points, problems=(), virtual_s=0)
        >>> [run.deviations for run in Tree(play, {"fault": 1})]
        [(), ((0, 1),), ((0, 2),), ((1, 1),), ((1, 2),)]
    """

    def __init__(
        self,
        play: Play,
        most: Mapping[str, int],
        *,
        prunes: bool = True,
        takes: Callable[[int], bool] | None = None,
    ) -> None:
        self.depth = self.done = 0
        self.due = 1
        self.finished: list[int] = []
        self._play = play
        self._most = most
        self._prunes = prunes
        self._takes = takes
        self._firsts = count()
        self._root = _Node((), dict.fromkeys(most, 0))
        self._seen_in: defaultdict[str, list[tuple[_Node, int]]] = defaultdict(list)
        self._nodes = 1
        self._left_out = False
        self._raced: set[str] = set()
        self._put_off: defaultdict[str, list[tuple[_Node, int, Point]]] = defaultdict(list)

    @property
    def is_finished(self) -> bool:
        """Whether all runs were gone through."""
        return self.due == 0

    def __iter__(self) -> Iterator[Run]:
        nodes = [self._root]
        while nodes:
            self.done, self.due = 0, len(nodes)
            deeper: list[_Node] = []
            while nodes:
                as_deep: list[_Node] = []
                runs = self._play(node.deviations for node in nodes)
                for node, run in zip(nodes, runs, strict=True):
                    self.done += 1
                    for child in self._branch(node, run):
                        (deeper if child.total > self.depth else as_deep).append(child)
                    yield run
                self.due += len(as_deep)
                nodes = as_deep
            self.finished.append(self.done)
            self.depth += 1
            nodes = deeper
        self.due = 0

    @property
    def put_off(self) -> int:
        """How many interruptions were not tried, not counting what they would have led to."""
        return sum(
            point.options - 1 for waiting in self._put_off.values() for _, _, point in waiting
        )

    def saved(self) -> int:
        """How many runs were left out because they would have come to the same.

        Exact for what has been gone through: it is what the whole tree would have had more.
        """
        known: dict[tuple[int, int, frozenset[tuple[str, int]]], int] = {}

        def below(node: _Node, start: int, left: Mapping[str, int]) -> int:
            """Runs of the whole tree that deviate from this one at ``start`` or later."""
            key = id(node), start, frozenset(left.items())
            if key not in known:
                total = 0 if node.joins is None else below(*node.joins, left)
                for at, kind, child in node.children:
                    if at >= start and left.get(kind, 1):
                        rest = {each: many - (each == kind) for each, many in left.items()}
                        total += 1 + below(child or node, at + 1, rest)
                known[key] = total
            return known[key]

        return 1 + below(self._root, 0, self._most) - self._nodes if self._left_out else 0

    def _branch(self, node: _Node, run: Run) -> Iterator[_Node]:
        for place in sorted(run.races - self._raced):
            self._raced.add(place)
            for each in self._put_off.pop(place, ()):
                yield from self._children(*each)
        if run.problems:
            return
        for number in range(node.at + 1, len(run.points)):
            point = run.points[number]
            if self._prunes and point.state is not None:
                node.joins = self._before(node, point.state)
                if node.joins is not None:
                    self._left_out = True
                    return
                self._seen_in[point.state].append((node, number))
            limit = self._most.get(point.kind)
            if limit is not None and node.spent[point.kind] >= limit:
                continue
            if point.place and point.place not in self._raced:
                self._put_off[point.place].append((node, number, point))
                continue
            yield from self._children(node, number, point)

    def _children(self, node: _Node, number: int, point: Point) -> Iterator[_Node]:
        for picked in range(1, point.options):
            if self._prunes and picked in point.idle:
                node.children.append((number, point.kind, None))
                self._left_out = True
                continue
            if node is self._root and self._takes and not self._takes(next(self._firsts)):
                continue
            child = _Node((*node.deviations, (number, picked)), dict(node.spent), at=number)
            if point.kind in self._most:
                child.spent[point.kind] += 1
            node.children.append((number, point.kind, child))
            self._nodes += 1
            yield child

    def _before(self, node: _Node, state: str) -> tuple[_Node, int] | None:
        """Who was in this state before, with as many deviations of each kind left to make."""
        for other, number in self._seen_in[state]:
            if all(other.spent[kind] <= spent for kind, spent in node.spent.items()):
                return other, number
        return None
