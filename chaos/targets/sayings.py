"""What is wrong with what a target says of itself: its modes, its promises.

A promise that names no upstream, or whose number is none, would be kept by every run: laws have
nothing to judge then, and nobody is told.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from numbers import Real
from typing import Any

from chaos.errors import TargetError
from chaos.ports import BreakerPolicy, CachePolicy, Promises, RetryBudget, RetryPolicy
from chaos.scenario.problems import listed, suggest
from chaos.scenario.vocabulary import Vocabulary
from chaos.trace.scalars import shown

_POLICIES = {"retries": RetryPolicy, "breakers": BreakerPolicy, "caches": CachePolicy}

_WHOLE = {"attempts", "failure_threshold", "half_open_max_calls", "at_least"}
"""What is counted."""

_FROM_ZERO = {"at_least"}
"""What may be none of them."""

_ABOVE_ZERO = {"deadline_s", "window_s", "multiplier", "trial_lease_s"}
"""What would be over before it began."""

_OPTIONAL = {
    "deadline_s",
    "recovers_within_s",
    "trial_lease_s",
    "retry_failed_after_max_s",
    "budget",
}
"""What may be None."""

_STATUSES = {"never_retried", "never_counted", "always_counted"}


def check_modes(told: str, words: Vocabulary) -> None:
    """Raise what is wrong with the modes.

    Raises:
        TargetError: They are no words, or the same word twice, or there are none.
    """
    modes = words.modes
    if isinstance(modes, str) or not all(isinstance(mode, str) and mode for mode in modes):
        raise TargetError(
            f"{told}: its modes are {modes!r}; expected a tuple of words, the best first; write "
            'for example modes = ("told", "guessed", "error")'
        )
    if not modes or len(set(modes)) < len(modes):
        wrong = "has no modes" if not modes else f"has a mode twice: {', '.join(modes)}"
        raise TargetError(
            f"{told} {wrong}; expected how it may answer, each once, the best first; write for "
            'example modes = ("told", "guessed", "error")'
        )


def check_promises(told: str, promises: Promises, upstreams: Collection[str]) -> None:
    """Raise what is wrong with the promises.

    Args:
        told: What the target is called in a message.
        promises: What it promises under some settings.
        upstreams: The names of its upstreams.

    Raises:
        TargetError: One is about an upstream that the target does not have, or no number, or
            one that nothing can be.
    """
    for wrong, expected, fix in _mistakes(promises, upstreams):
        raise TargetError(f"{told}: promises() {wrong}; expected {expected}; {fix}")


_Mistake = tuple[str, str, str]


def _mistakes(promises: Promises, upstreams: Collection[str]) -> Iterator[_Mistake]:
    yield from _numbers(promises, "")
    for key in (*_POLICIES, "requests_per_ask"):
        said = getattr(promises, key)
        if not isinstance(said, Mapping):
            yield (
                f"gives {shown(said)} as {key!r}",
                "a mapping of upstreams to what is promised of them",
                f"write for example {key}={{'weather': …}}",
            )
            continue
        for upstream, policy in said.items():
            if upstream not in upstreams:
                yield (
                    f"speaks of an upstream {upstream!r} in {key!r}",
                    listed(upstreams),
                    suggest(str(upstream), upstreams, "correct it, or name it in the vocabulary"),
                )
            yield from _of(key, upstream, policy)


def _of(key: str, upstream: str, policy: object) -> Iterator[_Mistake]:
    where = f"{key}[{upstream!r}]"
    kind = _POLICIES.get(key)
    if kind is None:
        if not _is_whole(policy, 0):
            yield (
                f"gives {shown(policy)} as {where}",
                "a whole number from 0",
                "write for example 3",
            )
    elif not isinstance(policy, kind):
        yield (
            f"gives {shown(policy)} as {where}",
            f"a chaos.ports.{kind.__name__}",
            f"write {kind.__name__}(…)",
        )
    else:
        yield from _numbers(policy, where + ".")
        budget = getattr(policy, "budget", None)
        if isinstance(budget, RetryBudget):
            yield from _numbers(budget, where + ".budget.")
        elif budget is not None:
            yield (
                f"gives {shown(budget)} as {where}.budget",
                "a chaos.ports.RetryBudget",
                "write RetryBudget(…)",
            )


def _numbers(said: Any, where: str) -> Iterator[_Mistake]:  # noqa: ANN401 - of a promise
    for field in fields(said):
        name, value = field.name, getattr(said, field.name)
        if name in {*_POLICIES, "requests_per_ask", "budget"}:
            continue
        if value is None and name in _OPTIONAL:
            continue
        if name in _STATUSES:
            if isinstance(value, str | bytes) or not _all_whole(value):
                yield (
                    f"gives {shown(value)} as {where}{name}",
                    "a set of statuses",
                    "write for example frozenset({400, 404})",
                )
        elif (expected := _expected_of(name, value)) is not None:
            unit = "seconds, " if name.endswith("_s") else ""
            fix = "write for example 3" if name in _WHOLE else "write for example 1.5"
            yield f"gives {shown(value)} as {where}{name}", f"{unit}{expected}", fix


def _expected_of(name: str, value: object) -> str | None:
    """What is expected instead of a value that cannot be; None if it can."""
    if name in _WHOLE:
        least = 0 if name in _FROM_ZERO else 1
        return None if _is_whole(value, least) else f"a whole number from {least}"
    if (
        not isinstance(value, Real)
        or isinstance(value, bool)
        or math.isnan(number := float(value))
    ):
        return "a number"
    if name == "shorter_by" and not 0 <= number <= 1:
        return "a share from 0 to 1"
    if name in _ABOVE_ZERO and number <= 0:
        return "a number above 0"
    return None if number >= 0 else "a number from 0"


def _all_whole(values: object) -> bool:
    return isinstance(values, Collection) and all(_is_whole(value, 0) for value in values)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
