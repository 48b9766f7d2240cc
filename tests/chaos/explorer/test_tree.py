"""The tree of deviations: each combination once, the fewest first, none twice."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import combinations, count, product

from chaos.explorer.subject import Deviations, FailedCheck, Point, Run
from chaos.explorer.tree import Play, Tree

FAULT = Point(label="fault/openai/chat", options=3)
SWITCH = Point(label="switch", options=2)
ORDER = Point(label="order", options=2)
BAD = FailedCheck(check="law", reason="broken")


def run(deviations: Deviations, points: Iterable[Point], *problems: FailedCheck) -> Run:
    """A run as the tree sees it."""
    return Run(deviations=deviations, points=tuple(points), problems=problems, virtual_s=0.0)


def always(*points: Point) -> Play:
    """A service whose decisions are the same whatever happens."""

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        return (run(deviations, points) for deviations in all_deviations)

    return play


def test_tree_has_every_combination_once() -> None:
    """Two faults of two kinds at four calls: all of them, and nothing twice."""
    seen = [each.deviations for each in Tree(always(*[FAULT] * 4), {"fault": 2})]

    expected = {
        tuple(zip(places, picks, strict=True))
        for size in range(3)
        for places in combinations(range(4), size)
        for picks in product((1, 2), repeat=size)
    }
    assert len(seen) == len(expected)
    assert set(seen) == expected


def test_tree_goes_from_the_fewest_to_the_most() -> None:
    """No run comes before one with fewer deviations."""
    tree = Tree(always(*[FAULT] * 4), {"fault": 3})

    sizes = [len(each.deviations) for each in tree]

    assert sizes == sorted(sizes)
    assert tree.finished == [sizes.count(size) for size in range(4)]
    assert tree.is_finished


def test_tree_limits_each_kind_for_itself() -> None:
    """One switch and no more, but any order of those who are ready anyway."""
    seen = [each.deviations for each in Tree(always(SWITCH, ORDER, SWITCH), {"switch": 1})]

    assert set(seen) == {
        (),
        ((0, 1),),
        ((1, 1),),
        ((2, 1),),
        ((0, 1), (1, 1)),
        ((1, 1), (2, 1)),
    }
    assert len(seen) == 6


def test_tree_adds_nothing_to_a_run_that_failed() -> None:
    """Whatever else befell it would be found for the same reason."""

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        for deviations in all_deviations:
            yield run(deviations, [FAULT] * 3, *([BAD] if (0, 1) in deviations else []))

    seen = [each.deviations for each in Tree(play, {"fault": 2})]

    assert [each for each in seen if (0, 1) in each] == [((0, 1),)]


def test_tree_leaves_out_what_is_idle_and_says_how_much() -> None:
    """Where one of two faults does nothing, the other is still tried with everything else."""
    points = [FAULT, Point(label="fault/openai/chat", options=3, idle=frozenset({2})), FAULT]
    pruned, whole = (
        Tree(always(*points), {"fault": 3}),
        Tree(always(*points), {"fault": 3}, prunes=False),
    )

    few, all_ = [[each.deviations for each in tree] for tree in (pruned, whole)]

    assert set(few) == {each for each in all_ if (1, 2) not in each}
    assert pruned.saved() == len(all_) - len(few)
    assert whole.saved() == 0


def test_tree_follows_one_of_those_that_come_to_the_same_state() -> None:
    """After a question, it does not matter which fault the one before has survived."""
    points = [FAULT, FAULT, Point(label="fault/openai/chat", options=3, state="calm"), FAULT]
    pruned, whole = (
        Tree(always(*points), {"fault": 3}),
        Tree(always(*points), {"fault": 3}, prunes=False),
    )

    few, all_ = [[each.deviations for each in tree] for tree in (pruned, whole)]

    before = {each for each in all_ if all(place < 2 for place, _ in each)}
    after = {each for each in all_ if all(place >= 2 for place, _ in each)}
    assert set(few) == before | after
    assert pruned.saved() == len(all_) - len(few)


def test_tree_follows_nobody_who_has_fewer_left_of_one_kind() -> None:
    """Who spent an interruption to come here has a fault left that others have not."""
    calm = Point(label="fault/openai/chat", options=3, state="calm")
    points = [FAULT, SWITCH, calm, SWITCH, FAULT]
    most = {"fault": 1, "switch": 1}
    pruned, whole = (
        Tree(always(*points), most),
        Tree(always(*points), most, prunes=False),
    )

    few, all_ = [[each.deviations for each in tree] for tree in (pruned, whole)]

    after = {each for each in all_ if all(place >= 2 for place, _ in each)}
    assert after <= set(few) < set(all_)
    assert pruned.saved() == len(all_) - len(few)


def test_tree_goes_on_from_one_who_spent_something_else() -> None:
    """Nobody stands in for a run that has more left of what matters later."""
    calm = Point(label="fault/openai/chat", options=3, state="calm")

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        for deviations in all_deviations:
            # Only those who deviate come to the state, and those with a fault come first.
            points = [FAULT, SWITCH, *([calm, SWITCH] if deviations else [])]
            yield run(deviations, points)

    seen = {each.deviations for each in Tree(play, {"fault": 1, "switch": 1})}

    assert {((0, 1), (3, 1)), ((1, 1), (2, 1))} <= seen


def test_tree_branches_late_at_a_place_that_was_seen_to_race() -> None:
    """What was put off is played once a run shows that it matters, and not before."""
    quiet = Point(label="switch", options=2, place="a.py:1")
    silent = Point(label="switch", options=2, place="a.py:2")

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        for deviations in all_deviations:
            races = frozenset({"a.py:1"} if deviations == ((2, 1),) else ())
            points = (quiet, silent, SWITCH)
            yield Run(deviations=deviations, points=points, problems=(), virtual_s=0, races=races)

    tree = Tree(play, {"switch": 1})

    assert [each.deviations for each in tree] == [(), ((2, 1),), ((0, 1),)]
    assert tree.put_off == 1
    assert tree.finished == [1, 2]


def test_tree_of_many_runs_is_small() -> None:
    """What is kept of a run, with a state that nobody was in before, is under half a kilobyte."""
    numbers = count()

    def play(all_deviations: Iterable[Deviations]) -> Iterator[Run]:
        for deviations in all_deviations:
            points = tuple(
                Point(label="fault", options=4, state=f"{next(numbers):024x}" if at == 7 else None)
                for at in range(8)
            )
            yield Run(deviations=deviations, points=points, problems=(), virtual_s=0)

    tracemalloc.start()
    try:
        tree = Tree(play, {"fault": 3})
        runs = sum(1 for _ in tree)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert runs > 1000
    assert held / runs < 512
