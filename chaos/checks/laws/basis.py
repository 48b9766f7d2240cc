"""What a law rests on: a promise of the target without which it has nothing to judge.

A suite owes a test to each law that one of its targets has promised something about, and to no
other. A service without a breaker need not show what its breaker does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from chaos.ports import Promises

Modes: TypeAlias = Collection[str]
"""What the answers of a target may be; see ``Vocabulary.modes``."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A kind of promise.

    Attributes:
        words: The promise, to follow "rests on".
        is_given: Whether a target with these promises and modes gives it.

    Example:
        >>> MODEL.words, MODEL.is_given(Promises(), ("llm", "error"))
        ('the mode `llm`', True)
    """

    words: str
    is_given: Callable[[Promises, Modes], bool]


ANSWERS = Basis("no promise: every target owes it", lambda *_: True)

LOOPS = Basis("no promise: it is judged wherever an event loop runs", lambda *_: False)

RETRIES = Basis("`retries`", lambda promises, _: bool(promises.retries))

WAITS = Basis(
    "`retries` of more than one attempt",
    lambda promises, _: any(policy.attempts > 1 for policy in promises.retries.values()),
)

REFUSALS = Basis(
    "`retries` with statuses that are `never_retried`",
    lambda promises, _: any(policy.never_retried for policy in promises.retries.values()),
)

BREAKERS = Basis("`breakers`", lambda promises, _: bool(promises.breakers))

CACHES = Basis("`caches`", lambda promises, _: bool(promises.caches))

MODEL = Basis("the mode `llm`", lambda _, modes: "llm" in modes)


def _can_recover(promises: Promises, modes: Modes) -> bool:
    due_s = [policy.retry_failed_after_max_s for policy in promises.caches.values()]
    return "llm" in modes or (bool(due_s) and None not in due_s)


RECOVERY = Basis("the mode `llm`, or `caches` with `retry_failed_after_max_s`", _can_recover)
