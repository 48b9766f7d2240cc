"""What the methods of a target return, as a trace keeps it; or what is wrong with it.

``told`` is what a method is called in messages, such as ``shop.ask()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chaos.errors import TargetError
from chaos.ports import Answer
from chaos.trace.events import Scalar
from chaos.trace.scalars import is_scalar, shown


def answer(told: str, given: Answer) -> Answer:
    """The answer: a number is its digits, and no text is an empty one.

    Raises:
        TargetError: It holds what no trace can keep.
    """
    sources: object = given.sources
    if not isinstance(sources, list | tuple) or not all(isinstance(each, str) for each in sources):
        raise _unkept(told, "sources", sources, "a tuple of texts")
    return replace(
        given,
        text=_text(told, "text", given.text) or "",
        reason=_text(told, "reason", given.reason),
        index_state=_text(told, "index_state", given.index_state),
        stale=_flag(told, "stale", given.stale),
        truncated=_flag(told, "truncated", given.truncated),
        sources=tuple(sources),
    )


def detail(told: str, given: object) -> Mapping[str, Scalar]:
    """What an action came to; whoever has nothing to say often says nothing.

    Raises:
        TargetError: It is no mapping, or holds what no trace can keep.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(map(is_scalar, given.values())):
        raise TargetError(
            f"{told} returned {shown(given)}; expected a mapping of words to texts, numbers, "
            "true, false or None; return {} for nothing"
        )
    return given


def check_observation(told: str, given: object) -> None:
    """Raise what is wrong with a value, or a list of them, that was looked at.

    Raises:
        TargetError: No trace can keep it.
    """
    if not all(map(is_scalar, given if isinstance(given, list | tuple) else [given])):
        raise TargetError(
            f"{told} returned {shown(given)}; expected text, a number, true, false, None, or a "
            "list of these; convert it"
        )


def _text(told: str, name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise _unkept(told, name, value, "a text")


def _flag(told: str, name: str, value: object) -> bool:
    if value is None or isinstance(value, int):
        return bool(value)
    raise _unkept(told, name, value, "True or False")


def _unkept(told: str, name: str, value: object, expected: str) -> TargetError:
    return TargetError(
        f"{told} answered with {shown(value)} as {name!r}; expected {expected}; convert it"
    )
