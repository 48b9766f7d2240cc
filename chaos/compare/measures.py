"""The numbers a run comes down to, and which way each of them is better.

They are what ``scenarios/baseline.json`` records and what `chaos gate` and `chaos diff` compare.
Runs are deterministic, so numbers are compared exactly: there is no tolerance to tune.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from chaos.checks.measure import Window, measure
from chaos.trace.events import RequestEvent, WaitEvent
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
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is measured of every run.

    Attributes:
        key: As the baseline writes it; a name ending in ``_s`` is in seconds.
        label: As tables show it.
        better: Which way a change is for the better.
        absent: What a run that lacks the measure is compared as; with None, appearing or
            vanishing is neither better nor worse.
    """

    key: str
    label: str
    better: Better
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
_CALLS = Measure(key="calls.", label="calls to ", better=Better.LESS, absent=0)
_FIXED = (
    VERDICT,
    # Neither way: one wait less may be a retry that has gone missing.
    Measure(key="waits", label="waits", better=Better.NEITHER),
    Measure(key="waited_s", label="waited in all", better=Better.LESS),
    Measure(key="slowest_answer_s", label="slowest answer", better=Better.LESS),
    Measure(key="time_to_open_s", label="time to open", better=Better.LESS),
    # A service that never recovered took for ever.
    Measure(
        key="time_to_recover_s", label="time to recover", better=Better.LESS, absent=float("inf")
    ),
    Measure(key="availability", label="availability", better=Better.MORE),
)
_BY_KEY = {each.key: each for each in _FIXED}
_ORDER = (VERDICT.key, _CALLS.key, *(each.key for each in _FIXED[1:]))
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
        return Measure(
            key=key, label=_CALLS.label + upstream, better=_CALLS.better, absent=_CALLS.absent
        )
    return _BY_KEY[key]


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys of measures in the order in which tables and the baseline show them."""

    def rank(key: str) -> tuple[int, str]:
        return (_ORDER.index(_CALLS.key if key.startswith(_CALLS.key) else key), key)

    return sorted(set(keys), key=rank)


def take(trace: Trace, outcome: Outcome | None = None) -> dict[str, Value]:
    """Measure a run.

    Args:
        trace: What happened.
        outcome: What it was judged to be; None leaves the verdict out, for traces that come
            without one.

    Example:
        >>> take(Trace(), Outcome.PASSED)["verdict"]
        'passed'
    """
    window = Window(trace=trace)
    waits = trace.of(WaitEvent)
    taken: dict[str, Value] = {
        "waits": len(waits),
        "waited_s": _rounded(sum(wait.seconds for wait in waits)),
        "slowest_answer_s": _single("slowest_answer", window),
        "time_to_open_s": _single("time_to_open", window),
        "time_to_recover_s": _single("time_to_recover", window),
        "availability": _single("availability", window),
    }
    for upstream in {request.upstream for request in trace.of(RequestEvent)}:
        taken[_CALLS.key + upstream] = _single(f"calls.{upstream}", window)
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
