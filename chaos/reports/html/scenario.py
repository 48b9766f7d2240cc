"""One scenario as compact data: the page draws it only when somebody opens it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chaos.reports.lane import Item, Lane
from chaos.reports.lanes import lanes
from chaos.runner.measures import describe_measure
from chaos.runner.result import RunResult
from chaos.trace.events import Event, FaultEvent, StepEvent
from chaos.trace.text import describe
from chaos.trace.trace import Trace
from chaos.units import format_duration
from chaos.verdict import Outcome, Verdict

EVENTS_SHOWN = 5000
"""How many events of a run the page holds. An incident replayed over hours has a hundred thousand:
more than a person reads, and too much for a page to carry sixteen times over."""


def payload(run: RunResult) -> dict[str, Any]:
    """Everything the page knows of a run, ready for JSON.

    Events and the items on lanes are lists rather than objects, and words that repeat are
    numbered: a report of two hundred scenarios holds a hundred thousand of them.
    """
    shown = excerpt(run)
    return {
        "name": run.name,
        "path": run.path,
        "hypothesis": run.hypothesis,
        "outcome": run.outcome.value,
        "facts": [
            ["target", run.target],
            ["tier", run.tier],
            ["seed", str(run.seed)],
            ["virtual time", format_duration(round(run.virtual_s, 3))],
            ["digest", run.digest],
            ["tags", " ".join(run.tags)],
        ],
        "replay": run.replay,
        "numbers": [
            [measure.label, measure.show(value)]
            for key, value in run.measures.items()
            if (measure := describe_measure(key)).key != "verdict" and value is not None
        ],
        "problems": [_verdict(run, verdict, shown) for verdict in run.problems],
        "checks": [_verdict(run, verdict, shown) for verdict in run.verdicts],
        "laws": [
            [verdict.check, state, verdict.reason]
            for verdict, state in zip(run.laws, law_states(run).values(), strict=True)
        ],
        "source": list(run.source),
        "steps": [
            [event.seq - shown.start, event.line]
            for event in run.trace[shown.start : shown.stop].of(StepEvent)
            if event.phase == "begin" and event.line is not None
        ],
        **picture(run.trace, shown, run.best_mode),
    }


def picture(whole: Trace, shown: range, best_mode: str = "") -> dict[str, Any]:
    """What the timeline draws: events by number, and the lanes that they lie on.

    Args:
        whole: The trace.
        shown: The sequence numbers of the events that are drawn.
        best_mode: As for `lanes`.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> wait = WaitEvent(seq=0, at_s=1.0, actor="user-1", ask=1, seconds=2.0)
        >>> picture(Trace([wait]), range(1))["events"]
        [[1000000, 0, 0, 'waits 2s']]
    """
    trace = whole[shown.start : shown.stop]
    actors = _Numbered()
    kinds = _Numbered()
    looks = _Numbered()
    events = [
        [round(event.at_s * 1_000_000), actors[event.actor], kinds[event.kind], say(event)]
        for event in trace
    ]
    drawn = [
        {
            "group": lane.group,
            "label": lane.label,
            "items": [
                [item.first, item.last, looks[item.look], item.label, int(item.is_mark)]
                for item in items
            ],
        }
        # Drawn from the whole, then cut: what began before or ends after is not lost.
        for lane in lanes(whole, best_mode)
        if (items := list(_cut(lane, shown)))
    ]
    return {
        "actors": actors.words,
        "kinds": kinds.words,
        "looks": looks.words,
        "events": events,
        "shown": [shown.start, len(whole)],
        "lanes": drawn,
    }


def excerpt(run: RunResult) -> range:
    """The sequence numbers of the events that the page holds.

    All of them, unless they are too many; then mostly what led to the first failure, or what
    followed the first fault.
    """
    total = len(run.trace)
    if total <= EVENTS_SHOWN:
        return range(total)
    failures = [max(verdict.evidence) for verdict in run.problems if verdict.evidence]
    faults = [fault.seq for fault in run.trace.of(FaultEvent)]
    if failures:
        begin = min(failures) - EVENTS_SHOWN * 2 // 3
    else:
        begin = min(faults, default=0) - EVENTS_SHOWN // 3
    begin = max(0, min(begin, total - EVENTS_SHOWN))
    return range(begin, begin + EVENTS_SHOWN)


def _cut(lane: Lane, shown: range) -> Iterator[Item]:
    """The items of a lane that lie within what is shown, numbered from its beginning."""
    for item in lane.items:
        if item.last >= shown.start and item.first < shown.stop:
            first, last = max(item.first, shown.start), min(item.last, shown.stop - 1)
            yield replace(item, first=first - shown.start, last=last - shown.start)


def law_states(run: RunResult) -> dict[str, str]:
    """Each law with how the run fared: ``kept``, ``broken``, ``waived`` or ``idle``."""
    states = {Outcome.PASSED: "kept", Outcome.FAILED: "broken", Outcome.INCONCLUSIVE: "idle"}
    return {
        law.check: "waived" if law.check in run.waived else states[law.outcome] for law in run.laws
    }


def say(event: Event) -> str:
    """What happened, without when and who: those have columns of their own.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> say(WaitEvent(seq=0, at_s=15.0, actor="user-1", seconds=2.5))
        'waits 2.5s'
    """
    line = describe(event)
    actor = line.index(event.actor)
    return line[actor + max(12, len(event.actor)) + 1 :]


def _verdict(run: RunResult, verdict: Verdict, shown: range) -> dict[str, Any]:
    # The last of its evidence is the moment at which it was decided.
    decided = max(verdict.evidence, default=-1)
    return {
        "check": verdict.check,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "expected": verdict.expected,
        "seen": verdict.seen,
        "line": run.line_of(verdict),
        "at": decided - shown.start if decided in shown else None,
    }


class _Numbered:
    """Words by number, in order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __getitem__(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    @property
    def words(self) -> list[str]:
        return list(self._numbers)
