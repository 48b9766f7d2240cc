"""What each task of a run touched between two switch points, and who got in whose way.

A stretch of code that has nothing to do with what anybody else does may as well run before the
others are let in: to interrupt it is to interrupt whatever comes behind it. So most switch points
need not be tried, and which of them must is found out as one goes:

- A stretch is *bound* if it enters the simulation (a lock, the clock, the network, the end of a
  task), if it may touch everything, or if it is a task's in the background. The point before it is
  always tried.
- All others are *loose*. A loose stretch that ran right before its task was interrupted, with no
  bound one in between, could have run after whatever came then. If some of that clashes with it,
  the two *race*, and the order may matter: the place of its switch point must be tried as well,
  in all runs.

Nothing is lost by that. Take a run in which a task is interrupted before a loose stretch at a
place that is never tried, and let the task go on up to its next point that is tried, before it is
interrupted. If what it does on the way clashes with nothing that was done meanwhile, the two runs
come to the same, and the second has as many interruptions, or fewer. If it does clash, then the
second run, up to the first clash, is one that was played: both sides of the clash are in it, and
the place was found to race. Who can be let in does not change on the way, because whoever wakes
somebody is in the simulation.
"""

from __future__ import annotations

import _collections_abc
import abc
import contextlib
import dataclasses
import enum
import functools
import inspect
import types
import typing
from _thread import get_ident
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

import chaos
from chaos.simulation.conflicts.lines import of_code, of_line
from chaos.simulation.conflicts.touched import NOTHING, Touched

_HARNESS = f"{Path(chaos.__file__).parent}/"
_TARGETS = f"{_HARNESS}targets/"

_HELPERS = frozenset(
    module.__file__
    for module in (
        *(_collections_abc, abc, contextlib, dataclasses, enum),
        *(functools, inspect, types, typing),
    )
) | {"<string>", "<frozen abc>", "<frozen _collections_abc>"}
"""Modules that keep nothing of their own: with the harness, they work on what is the harness's.

Methods that dataclasses write for themselves come out of a string.
"""


@dataclass(eq=False, slots=True)
class _Stretch:
    """What one task did, until it came to its next switch point, or another one went on.

    Attributes:
        thread: Whose it is.
        place: The switch point before it; empty if there was none.
        number: That of the decision that was taken there; None if there was none to take.
        is_bound: Whether it must not be moved.
        touched: What it touched.
    """

    thread: int
    place: str
    number: int | None
    is_bound: bool
    touched: Touched = NOTHING


class Footprints:
    """Notes what a run touches; told of it by `Interleaving`.

    Args:
        decisions: How many decisions of the run were searched so far.

    Attributes:
        decisions: The same.
        files: Those whose lines are switch points.
        outermost: The function in which the threads of a run begin, and end.
    """

    def __init__(self, decisions: Callable[[], int]) -> None:
        self.decisions = decisions
        self.files: frozenset[str] = frozenset()
        self.outermost: CodeType | None = None
        self._stretches: list[_Stretch] = []

    def begin(self, place: str, number: int | None, frame: FrameType, *, is_bound: bool) -> None:
        """A stretch of the calling thread begins at a switch point in ``frame``."""
        stretch = _Stretch(get_ident(), place, number, is_bound)
        stretch.touched = of_line(frame)
        self._stretches.append(stretch)

    def at_line(self, frame: FrameType) -> None:
        """The calling thread goes on with a line at which nobody was asked."""
        self._here().touched |= of_line(frame)

    def called(self, frame: FrameType) -> None:
        """A function was called whose lines are no switch points."""
        stretch = self._here()
        if _is_harness(frame):
            # It has no business with what the service keeps, and what it does itself is bound.
            stretch.is_bound = True
        else:
            stretch.touched |= of_code(frame.f_code)

    def back_in(self, frame: FrameType | None) -> None:
        """What called a function goes on: up to the first that would tell us of its next line."""
        while frame is not None:
            if frame.f_code.co_filename in self.files:
                self.at_line(frame)
                return
            self.called(frame)
            if frame.f_code is self.outermost:
                return
            frame = frame.f_back

    def resumed(self, frame: FrameType) -> None:
        """The calling thread goes on in the middle of a stretch, after others did."""
        self._stretches.append(_Stretch(get_ident(), "", None, is_bound=True))
        self.back_in(frame)

    def places(self) -> dict[int, str]:
        """Number of a decision to its place, of those that need not be tried unless it races."""
        return {
            each.number: each.place
            for each in self._stretches
            if each.number is not None and not _is_bound(each)
        }

    def races(self) -> frozenset[str]:
        """Places of loose stretches that clash with what others did while they were ahead."""
        return frozenset(self._racing())

    def _racing(self) -> Iterator[str]:
        # Of each thread, the loose stretches since the last that is bound.
        ahead: dict[int, list[_Stretch]] = {}
        running = 0
        for stretch in self._stretches:
            if stretch.thread != running:
                # Whoever was interrupted was so at a place that is tried, and begins anew there.
                running, ahead[stretch.thread] = stretch.thread, []
            for thread, loose in ahead.items():
                if thread != stretch.thread:
                    yield from (
                        each.place for each in loose if each.touched.clashes(stretch.touched)
                    )
            if _is_bound(stretch):
                ahead[stretch.thread] = []
            else:
                ahead.setdefault(stretch.thread, []).append(stretch)

    def _here(self) -> _Stretch:
        """The stretch of the calling thread; a thread that has just begun has none yet."""
        ident = get_ident()
        if not self._stretches or self._stretches[-1].thread != ident:
            self._stretches.append(_Stretch(ident, "", None, is_bound=True))
        return self._stretches[-1]


def _is_bound(stretch: _Stretch) -> bool:
    return stretch.is_bound or stretch.touched.everything


def _is_harness(frame: FrameType) -> bool:
    """Whether it is code of ours, or works for us; targets are the service's side."""
    following: FrameType | None = frame
    while following is not None and following.f_code.co_filename in _HELPERS:
        following = following.f_back
    if following is None:
        return False
    path = following.f_code.co_filename
    return path.startswith(_HARNESS) and not path.startswith(_TARGETS)
