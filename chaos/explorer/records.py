"""Runs that were played, as JSON and back: a search that has them need not play them again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chaos.explorer.subject import Deviations, FailedCheck, Point, Run
from chaos.explorer.workers import Crew, Job

Key = tuple[Deviations, int | None]
"""What makes a job another one: its deviations, or the seed of its walk."""


def key_of(job: Job) -> Key:
    """What a job is known by.

    Example:
        >>> key_of(Job(deviations=((4, 1),), looks_ahead=True))
        (((4, 1),), None)
    """
    return job.deviations, None if job.wander is None else job.wander.seed


class Points:
    """Decisions, each written once: runs of one search meet the same ones over and over.

    Example:
        >>> job = Job(deviations=((0, 1),))
        >>> run = Run(
        ...     deviations=((0, 1),),
        ...     points=(Point(label="fault", options=3, state="ab"),) * 2,
        ...     problems=(),
        ...     virtual_s=0.5,
        ... )
        >>> kept = Points().dump(job, run)
        >>> kept
        [[[0, 1]], None, None, [['fault', 3, [], ''], 0], {'0': 'ab', '1': 'ab'}, [], 0.5, []]
        >>> Points().load(kept) == (key_of(job), run)
        True
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, frozenset[int], str], int] = {}
        self._known: list[Point] = []

    def dump(self, job: Job, run: Run) -> list[Any]:
        """A run as JSON; a decision that was not met before is written out."""
        deviations, seed = key_of(job)
        points: list[Any] = []
        for point in run.points:
            plain = point.label, point.options, point.idle, point.place
            if plain not in self._numbers:
                self._numbers[plain] = len(self._numbers)
                points.append([point.label, point.options, sorted(point.idle), point.place])
            else:
                points.append(self._numbers[plain])
        states = {
            str(at): point.state for at, point in enumerate(run.points) if point.state is not None
        }
        return [
            [list(each) for each in deviations],
            seed,
            None if run.deviations == deviations else [list(each) for each in run.deviations],
            points,
            states,
            [[problem.check, problem.reason] for problem in run.problems],
            run.virtual_s,
            sorted(run.races),
        ]

    def load(self, kept: Sequence[Any]) -> tuple[Key, Run]:
        """The run that `dump` was given, and what its job is known by.

        Runs have to be loaded in the order in which they were dumped.

        Raises:
            ValueError: It is not what `dump` has made.
            TypeError: The same.
            IndexError: The same.
        """
        asked, seed, made, points, states, problems, virtual_s, races = kept
        deviations = _deviations(asked)
        return (deviations, seed), Run(
            deviations=deviations if made is None else _deviations(made),
            points=tuple(self._point(each, states.get(str(at))) for at, each in enumerate(points)),
            problems=tuple(FailedCheck(check=check, reason=reason) for check, reason in problems),
            virtual_s=virtual_s,
            races=frozenset(races),
        )

    def _point(self, kept: int | list[Any], state: str | None) -> Point:
        if isinstance(kept, list):
            label, options, idle, place = kept
            point = Point(label=label, options=options, idle=frozenset(idle), place=place)
            kept = len(self._known)
            self._known.append(point)
            # Runs that are dumped from here on go on with these numbers.
            self._numbers[point.label, point.options, point.idle, point.place] = kept
        plain = self._known[kept]
        if state is None:
            return plain
        return replace(plain, state=state)


def _deviations(kept: Sequence[Sequence[int]]) -> Deviations:
    return tuple((at, picked) for at, picked in kept)


class Recorded:
    """A crew in front of another: it gives back what is known, and notes what the other plays.

    Args:
        crew: Plays what is not known.
        known: Runs by what their jobs are known by.
        on_played: Told of each job that was played, with its run, in the order of the jobs.
    """

    def __init__(
        self,
        crew: Crew,
        known: Mapping[Key, Run],
        on_played: Callable[[Job, Run], None] = lambda _job, _run: None,
    ) -> None:
        self._crew = crew
        self._known = known
        self._on_played = on_played

    def __call__(self, jobs: Iterable[Job]) -> Iterator[Run]:  # noqa: C901 - two who draw
        """The runs of jobs, in their order; jobs may go on for ever."""
        drawn = iter(jobs)
        # What was drawn and not given back yet: with its run, if that is known.
        order: deque[tuple[Job, Run | None]] = deque()

        def unknown() -> Iterator[Job]:
            # Others play several at once, and draw ahead; what is known on the way must wait.
            if order:
                yield order[0][0]
            for job in drawn:
                run = self._known.get(key_of(job))
                order.append((job, run))
                if run is None:
                    yield job

        while True:
            for job in drawn:
                if (run := self._known.get(key_of(job))) is None:
                    order.append((job, None))
                    break
                yield run
            if not order:
                return
            for played in self._crew(unknown()):
                while (first := order.popleft())[1] is not None:
                    yield first[1]
                self._on_played(first[0], played)
                yield played
            yield from (run for _, run in order if run is not None)
            order.clear()
