"""What a law rests on: a promise of the target without which it has nothing to judge.

A suite owes a test to each law that one of its targets has promised something about, and to no
other. A service without a breaker need not show what its breaker does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chaos.ports import Promises
from chaos.trace.events import FaultEvent, ResponseEvent
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Basis:
    """A kind of promise.

    Attributes:
        words: The promise, to follow "rests on".
        is_given: Whether a target with these promises gives it, or what happened in a run of its
            does.

    Example:
        >>> BREAKERS.words, BREAKERS.is_given(Promises(), Trace())
        ('`breakers`', False)
    """

    words: str
    is_given: Callable[[Promises, Trace], bool]


ANSWERS = Basis("no promise: it applies to every target", lambda *_: True)

REQUESTS = Basis("no promise: it applies wherever a request is answered", lambda *_: False)

LOOPS = Basis("no promise: it applies wherever an event loop runs", lambda *_: False)

MODELS = Basis(
    "no promise: it applies wherever a stand-in reports what a model said",
    lambda _, trace: any(
        response.said is not None and response.said.text is not None
        for response in trace.of(ResponseEvent)
    ),
)

DEEDS = Basis(
    "no promise: it applies wherever a stand-in marks a request as one with an effect",
    lambda _, trace: any(response.deed is not None for response in trace.of(ResponseEvent)),
)

FAULTS_THAT_END = Basis(
    "no promise: it applies wherever a fault is healed and a question comes long enough "
    "afterwards",
    lambda promises, trace: (
        bool(promises.breakers)
        or promises.recovers_within_s is not None
        or any(event.what == "healed" for event in trace.of(FaultEvent))
    ),
)

RETRIES = Basis("`retries`", lambda promises, _: bool(promises.retries))

WAITS = Basis(
    "`retries` with more than one attempt",
    lambda promises, _: any(policy.attempts > 1 for policy in promises.retries.values()),
)

BUDGETS = Basis(
    "`retries` with a `budget`",
    lambda promises, _: any(policy.budget is not None for policy in promises.retries.values()),
)

AMPLIFICATION = Basis("`requests_per_ask`", lambda promises, _: bool(promises.requests_per_ask))

BREAKERS = Basis("`breakers`", lambda promises, _: bool(promises.breakers))

CACHES = Basis("`caches`", lambda promises, _: bool(promises.caches))
