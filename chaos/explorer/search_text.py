"""What a search has come to, in words."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.explorer.exploration import Bounds, Exploration
from chaos.explorer.written_findings import Written
from chaos.units import format_duration


def progress(exploration: Exploration, noun: str) -> str:
    """One line on how far a search has come.

    Example:
        >>> progress(Exploration(runs=90, real_s=0.5, depth=2, done=40, due=700), "fault")
        '90 runs, 180 a second; 2 faults: 40 of 700'
    """
    told = f"{exploration.runs} runs, {exploration.rate:.0f} a second"
    if exploration.due:
        told += f"; {count(exploration.depth, noun)}: {exploration.done} of {exploration.due}"
    if exploration.findings:
        told += f"; {count(len(exploration.findings), 'finding')}"
    return told


def covered(exploration: Exploration, bounds: Bounds) -> str:
    """The same in few words, for a table.

    Example:
        >>> covered(Exploration(finished=(1, 90), depth=2, done=4, due=9), Bounds(faults=2))
        'up to 1 fault; 4 of 9 with 2'
    """
    depth = len(exploration.finished) - 1
    told = [f"up to {count(depth, bounds.noun)}"] if exploration.finished else []
    if exploration.due:
        told.append(f"{exploration.done} of {exploration.due} with {exploration.depth}")
    return "; ".join(told) or "at random"


def summary(exploration: Exploration, bounds: Bounds) -> Iterator[str]:
    """What was covered, what was not, and what it took."""
    noun, most = bounds.noun, sum(bounds.deviations.values())
    for depth, runs in enumerate(exploration.finished):
        yield f"covered: every run with {count(depth, noun)} ({count(runs, 'run')})"
    if exploration.stopped:
        limit = exploration.stopped
        # A loss is no limit that somebody has set.
        reached = "came" if exploration.lost else "was reached"
        if exploration.due:
            yield (
                f"not covered, because {limit} {reached} first: "
                f"{exploration.due - exploration.done} of {exploration.due} runs with "
                f"{count(exploration.depth, noun)}"
                + (f", and all with more, up to {most}" if exploration.depth < most else "")
            )
        else:
            yield f"covered: {exploration.runs} random runs, until {limit} {reached}"
    if exploration.saved:
        yield f"pruned: {exploration.saved} runs equivalent to others"
    if exploration.put_off:
        yield (
            f"left out: {count(exploration.put_off, 'interruption')} before code that shares "
            "nothing, and every run that would follow from them"
        )
    yield (
        f"{exploration.runs} runs, {exploration.rate:.0f} a second, "
        f"{format_duration(round(exploration.virtual_s))} of virtual time in "
        f"{exploration.real_s:.1f} s"
    )


def written(file: Written) -> str:
    """Where a finding is, and how to see it again."""
    by_itself = "" if file.fails else " (it does not fail by itself; find out why)"
    return f"written: {file.path}{by_itself}; replay it with: chaos replay {file.path}"


def count(number: int, noun: str) -> str:
    """So many of something.

    Example:
        >>> count(0, "fault"), count(1, "run"), count(2, "run")
        ('no faults', '1 run', '2 runs')
    """
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
