"""How the cost of a run grows with the calls, the users and the faults in it.

A run of so many, and of twice as many, and so on; what grows like a power is a straight line on
paper with two logarithmic scales, and its slope is the exponent: 1 if twice as many cost twice as
much, 2 if they cost four times as much. The service is the smallest of the examples, so that what
is measured is the harness.
"""

from __future__ import annotations

import gc
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from chaos import session

MOST_AT_ONCE = 1_000
"""More users cannot ask in one step."""

ROUNDS = 3
MOST = 1.1

_ASK = "ritz"
_Method = Sequence[Mapping[str, object]]


def _calls(size: int) -> _Method:
    return [{"ask": {"question": _ASK, "times": size}}]


def _users(size: int) -> _Method:
    return [{"ask": {"question": _ASK, "users": size}}]


def _faults(size: int) -> _Method:
    """So many in force at once, each for one call; the calls of each run are as many."""
    fault = {"upstream": "best", "fault": "http_error", "status": 503}
    injected = [{"inject": {**fault, "calls": number}} for number in range(1, size + 1)]
    return [*injected, {"ask": {"question": _ASK, "times": MOST_AT_ONCE}}]


_SIZES = (250, 500, 1_000, 2_000, 4_000)
_AT_ONCE = tuple(size * MOST_AT_ONCE // _SIZES[-1] for size in _SIZES)
METHODS: Mapping[str, tuple[Callable[[int], _Method], Sequence[int]]] = {
    "calls": (_calls, _SIZES),
    "users at once": (_users, _AT_ONCE),
    "faults at once": (_faults, _AT_ONCE),
}


def figures() -> Iterator[Figure]:
    """The exponent of each, with what the largest run cost."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    # What is imported once is no part of the first run.
    _cpu_s(_calls(1))
    for what, (method, sizes) in METHODS.items():
        took_s = [min(_cpu_s(method(size)) for _ in range(ROUNDS)) for size in sizes]
        (exponent, _), slopes = fitted(sizes, took_s)
        name = f"growth with {what}, to {sizes[-1]:,}"
        yield Figure(
            name, took_s[-1], "s", exponent, "as exponent", (min(slopes), max(slopes)), MOST
        )
    logging.disable(level)


def fitted(
    sizes: Sequence[int], took: Sequence[float]
) -> tuple[tuple[float, float], Sequence[float]]:
    """Slope and intercept of the line through the logarithms; and the slope of each piece.

    Example:
        >>> (slope, _), pieces = fitted([1, 2, 4], [3.0, 12.0, 48.0])
        >>> round(slope, 6), [round(each, 6) for each in pieces]
        (2.0, [2.0, 2.0])
    """
    x, y = np.log(sizes), np.log(took)
    slope, intercept = np.polyfit(x, y, 1)
    return (float(slope), float(intercept)), [float(each) for each in np.diff(y) / np.diff(x)]


def _cpu_s(method: _Method) -> float:
    scenario = {
        "version": 1,
        "name": "growth",
        "hypothesis": "Whoever asks is answered.",
        "target": "examples.filibuster.target:Expedia",
        "method": method,
        "expect": {"calls.best": {"at_least": 1}},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "growth.yaml"
        path.write_text(json.dumps(scenario), encoding="utf-8")
        loaded = session.load([path])
    gc.collect()
    began_s = time.process_time()
    (result,) = session.run(loaded).results
    seconds = time.process_time() - began_s
    if result.problems:
        raise SystemExit(f"the run was not what it should be: {result.problems[0]}")
    return seconds
