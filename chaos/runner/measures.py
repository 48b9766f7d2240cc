"""The numbers a run comes down to, and which way each of them is better.

They are what ``scenarios/baseline.json`` records and what `chaos gate` and `chaos diff` compare.
Runs are deterministic, so numbers are compared exactly: there is no tolerance to tune.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from chaos.checks import spending
from chaos.checks.measure import Window, measure
from chaos.trace.events import AnswerEvent, AskEvent, RequestEvent, ResponseEvent, WaitEvent
from chaos.trace.trace import Trace
from chaos.units import format_duration
from chaos.verdict import Outcome

Value = str | int | float | None
"""What was measured; None where the run gave no occasion to."""

Measures = Mapping[str, Value]
"""Everything measured of one run, by the key of the measure."""


class Better(Enum):
    """Which way a measure is better."""

    LESS = "less"
    MORE = "more"


class MeasureKind(Enum):
    """What a measure is about, which decides when a change of it is for the better."""

    GOOD = "good"
    """What users get. Nothing else is better where this has fallen."""

    EFFORT = "effort"
    """What answers cost: calls, waits, time. Less is better only if nothing was left undone."""

    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is measured of every run.

    Attributes:
        key: As the baseline writes it; a name ending in ``_s`` is in seconds.
        label: As tables show it.
        better: Which way a change is for the better, as far as one number can tell.
        kind: What it is about.
        absent: What a run that lacks the measure is compared as; with None, appearing or
            vanishing is neither better nor worse.
    """

    key: str
    label: str
    better: Better
    kind: MeasureKind = MeasureKind.OTHER
    absent: float | None = None

    def show(self, value: Value) -> str:
        """The value as a person would write it.

        Example:
            >>> describe_measure("waited_s").show(62.5), describe_measure("calls.gcs").show(None)
            ('1m2.5s', 'none')
        """
        if value is None:
            return "none"
        if self.key.endswith("_s") and not isinstance(value, str):
            return format_duration(value)
        return f"{value:g}" if isinstance(value, float) else str(value)


VERDICT = Measure(key="verdict", label="verdict", better=Better.LESS)
BEST_ANSWERS = Measure(
    key="best_answers", label="best answers", better=Better.MORE, kind=MeasureKind.GOOD
)
"""The share of the questions that were answered as the target answers while all is well."""

QUESTIONS = Measure(
    key="questions", label="single questions", better=Better.LESS, kind=MeasureKind.EFFORT
)
"""What became of each question, in words: only in a baseline. See `chaos.compare.questions`."""

_CALLS = Measure(
    key="calls.", label="calls to ", better=Better.LESS, kind=MeasureKind.EFFORT, absent=0
)
_FIXED = (
    VERDICT,
    Measure(key="waits", label="waits", better=Better.LESS, kind=MeasureKind.EFFORT),
    Measure(key="waited_s", label="waited in all", better=Better.LESS, kind=MeasureKind.EFFORT),
    Measure(
        key="slowest_answer_s", label="slowest answer", better=Better.LESS, kind=MeasureKind.EFFORT
    ),
    Measure(
        key="time_to_open_s", label="time to open", better=Better.LESS, kind=MeasureKind.EFFORT
    ),
    # A service that never recovered took for ever.
    Measure(
        key="time_to_recover_s", label="time to recover", better=Better.LESS, absent=float("inf")
    ),
    Measure(key="availability", label="availability", better=Better.MORE, kind=MeasureKind.GOOD),
    BEST_ANSWERS,
)
_SPENT = (
    Measure(key="cost", label="dollars", better=Better.LESS, kind=MeasureKind.EFFORT),
    Measure(
        key="tokens_wasted",
        label="tokens wasted",
        better=Better.LESS,
        kind=MeasureKind.EFFORT,
        absent=0,
    ),
)
"""What is paid; absent where no provider bills anything, or nobody has put a price on it."""

_BY_KEY = {each.key: each for each in (*_FIXED, *_SPENT, QUESTIONS)}
REQUIRED = frozenset(each.key for each in _FIXED)
"""What every run is measured by, whichever upstreams it called."""

_ORDER = (VERDICT.key, _CALLS.key, *(each.key for each in (*_FIXED[1:], *_SPENT, QUESTIONS)))
_VERDICTS = [outcome.value for outcome in (Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.FAILED)]


def describe_measure(key: str) -> Measure:
    """The measure with this key.

    Raises:
        KeyError: There is none.

    Example:
        >>> describe_measure("calls.openai").label
        'calls to openai'
    """
    upstream = key.removeprefix(_CALLS.key)
    if upstream != key:
        return replace(_CALLS, key=key, label=_CALLS.label + upstream)
    return _BY_KEY[key]


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys of measures in the order in which tables and the baseline show them."""

    def rank(key: str) -> tuple[int, str]:
        return (_ORDER.index(_CALLS.key if key.startswith(_CALLS.key) else key), key)

    return sorted(set(keys), key=rank)


def take(
    trace: Trace, outcome: Outcome | None = None, *, best_mode: str | None = None
) -> dict[str, Value]:
    """Measure a run.

    Args:
        trace: What happened.
        outcome: What it was judged to be; None leaves the verdict out, for traces that come
            without one.
        best_mode: How the target answers while all is well; None leaves out what depends on it.

    Example:
        >>> take(Trace(), Outcome.PASSED)["verdict"]
        'passed'
    """
    window = Window(trace=trace, best_mode=best_mode or "")
    waits = trace.of(WaitEvent)
    taken: dict[str, Value] = {
        "waits": len(waits),
        "waited_s": _rounded(sum(wait.seconds for wait in waits)),
        "slowest_answer_s": _single("slowest_answer", window),
        "time_to_open_s": _single("time_to_open", window),
        "availability": _single("availability", window),
    }
    if best_mode is not None:
        taken["time_to_recover_s"] = _single("time_to_recover", window)
        taken[BEST_ANSWERS.key] = _best_answers(trace, best_mode)
    for upstream in {request.upstream for request in trace.of(RequestEvent)}:
        taken[_CALLS.key + upstream] = _single(f"calls.{upstream}", window)
    taken |= _spent(trace, best_mode)
    if outcome is not None:
        taken[VERDICT.key] = outcome.value
    return {key: taken[key] for key in in_order(taken)}


def worth(measure: Measure, value: Value) -> float | None:
    """The value as a number to compare by; None if it cannot be compared."""
    if value is None:
        return measure.absent
    if isinstance(value, str):
        return float(_VERDICTS.index(value)) if value in _VERDICTS else None
    return float(value)


def _spent(trace: Trace, best_mode: str | None) -> dict[str, Value]:
    """Dollars for all calls, and tokens that went into no answer to any question."""
    calls = spending.billed(trace)
    taken: dict[str, Value] = {}
    if calls and not spending.without_price(calls):
        taken["cost"] = spending.cost(calls)
    if best_mode is None:
        return taken
    answers = {answer.ask: answer for answer in trace.of(AnswerEvent)}
    by_ask: dict[int | None, list[ResponseEvent]] = {}
    for call in calls:
        by_ask.setdefault(call.ask, []).append(call)
    wasted = sum(
        spending.wasted(mine, answers.get(ask), best_mode=best_mode)
        for ask, mine in by_ask.items()
        # What nobody asked for, nobody can be said not to have got.
        if ask is not None
    )
    return taken | ({"tokens_wasted": wasted} if wasted else {})


def _best_answers(trace: Trace, best_mode: str) -> Value:
    asked = len(trace.of(AskEvent))
    best = sum(answer.mode == best_mode for answer in trace.of(AnswerEvent))
    return _rounded(best / asked) if asked else None


def _single(key: str, window: Window) -> Value:
    measured = measure(key, window)
    if measured.missing is not None:
        return None
    (value,) = measured.values
    assert isinstance(value, int | float)
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: float) -> float:
    # Microseconds are what a trace can tell apart; the rest is noise of adding floats.
    return round(float(value), 6)
