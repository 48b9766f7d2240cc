"""What led to a failure: the few events that are shown with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from chaos.trace.events import AnswerEvent
from chaos.trace.text import describe
from chaos.trace.trace import Trace
from chaos.verdict import Verdict

EVENTS_SHOWN = 12
"""As many as one takes in at a glance; the whole trace is a command away."""

_OTHERS_SHOWN = 4
_DOTS = f"{'':>11}  …"


def stories(trace: Trace, problems: Sequence[Verdict]) -> Iterator[tuple[Verdict, list[str]]]:
    """Each problem of a run with what led to it: a heading, and a line an event.

    An event is shown with the first problem that it belongs to; where one adds nothing, its
    heading says so, or there is none.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> from chaos.verdict import Outcome
        >>> trace = Trace([WaitEvent(seq=0, at_s=1.0, actor="user-1", seconds=2.0)])
        >>> late = Verdict(check="late", outcome=Outcome.FAILED, reason="", evidence=(0,))
        >>> for _, story in stories(trace, [late, late]):
        ...     print(story)
        ['what happened:', '     1.000s  user-1       waits 2s']
        ['what happened: see above']
    """
    shown: set[int] = set()
    compared = [verdict for verdict in problems if verdict.sides]
    for verdict in problems:
        here = set(events_to_show(trace, verdict))
        # What led to the first difference of the tiers mostly led to those after it.
        if not here or verdict in compared[1:]:
            yield verdict, []
        elif here <= shown:
            yield verdict, ["what happened: see above"]
        else:
            heading = f"what happened{', besides the above' if here & shown else ''}:"
            yield verdict, [heading, *lines_of(trace, verdict, but=shown)]
            shown |= here


def events_to_show(trace: Trace, verdict: Verdict) -> list[int]:
    """Sequence numbers of the events that tell how it came to this verdict, in order.

    What is wrong with an answer is told by what led to the first such answer; of a whole run, the
    next ones are shown too. What a whole run has too many or too few of is listed. All else is
    told by what led to the last of its evidence; a law also by where it began.
    """
    evidence = [seq for seq in sorted(verdict.evidence) if seq < len(trace)]
    if not evidence:
        return _leading_to(len(trace) - 1)
    asked_for = verdict.line is not None and not verdict.sides
    of_answers = asked_for and all(isinstance(trace[seq], AnswerEvent) for seq in evidence)
    of_the_run = asked_for and verdict.check.startswith("expect ")
    if of_answers:
        others = evidence[1 : 1 + _OTHERS_SHOWN] if of_the_run else []
        return [*_leading_to(evidence[0], EVENTS_SHOWN - len(others)), *others]
    if of_the_run:
        return evidence[:EVENTS_SHOWN]
    leading = _leading_to(evidence[-1])
    # With all that came between, the beginning of a long story would be out of sight.
    return leading if asked_for else sorted({evidence[0], *leading})


def _leading_to(last: int, most: int = EVENTS_SHOWN) -> list[int]:
    return list(range(max(0, last + 1 - most), last + 1))


def lines_of(trace: Trace, verdict: Verdict, *, but: Collection[int] = ()) -> list[str]:
    """A line for each event to show, but for those; dots where some are left out.

    Example:
        >>> from chaos.trace.events import WaitEvent
        >>> from chaos.verdict import Outcome
        >>> waits = [WaitEvent(seq=n, at_s=n, actor="user-1", seconds=1) for n in range(30)]
        >>> late = Verdict(
        ...     check="expect waits.openai", outcome=Outcome.FAILED, reason="", line=9,
        ...     evidence=tuple(range(30)),
        ... )
        >>> lines_of(Trace(waits), late)[-2:]
        ['    11.000s  user-1       waits 1s', '             … and 18 more']
    """
    shown = events_to_show(trace, verdict)
    new = [seq for seq in shown if seq not in but]
    lines = []
    for before, seq in zip([None, *new], new, strict=False):
        if before is not None and not _are_adjacent(before, seq, verdict):
            lines.append(_DOTS)
        lines.append(describe(trace[seq]))
    more = len(set(verdict.evidence) - set(shown))
    if more and verdict.check.startswith("expect "):
        lines.append(f"{_DOTS} and {more} more")
    return lines


def _are_adjacent(before: int, seq: int, verdict: Verdict) -> bool:
    """Whether nothing is missing between the two; between listed ones nothing is expected."""
    return seq == before + 1 or {before, seq} <= set(verdict.evidence)
