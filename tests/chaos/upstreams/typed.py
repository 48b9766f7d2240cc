"""The types of an SDK's requests, gone through key by key."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

Path = tuple[str, ...]

_DEEPEST = 5
"""Requests contain requests (a schema, a batch); nobody declares parameters deeper than this."""


def keys(kind: Any) -> frozenset[str]:
    """Every key that a request may have: of a union, those of its members."""
    if is_typeddict(kind):
        return frozenset(get_type_hints(kind))
    return frozenset().union(*(keys(each) for each in get_args(kind)))


def examples(kind: Any, depth: int = 0) -> Iterator[tuple[Path, Any]]:
    """Requests of a type, each with one optional key; the path says which, from the outside in.

    The first has none of them.
    """
    kind = _bare(kind)
    origin: Any = get_origin(kind)
    if is_typeddict(kind):
        yield from _of_a_dict(kind, depth)
    elif origin in (Union, types.UnionType):
        for each in get_args(kind):
            yield from examples(each, depth)
    elif origin is Literal:
        yield from (((f"={value}",), value) for value in get_args(kind))
    elif _is_list(kind):
        for path, example in examples(next(iter(get_args(kind)), str), depth):
            yield ("[]", *path), [example]
    else:
        yield (), _SIMPLE.get(origin or kind, "text")


_SIMPLE: Mapping[Any, Any] = {
    str: "text",
    int: 1,
    float: 1.0,
    bool: True,
    type(None): None,
    dict: {},
    object: "text",
}


def _of_a_dict(kind: Any, depth: int) -> Iterator[tuple[Path, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    # Where annotations are texts, `__required_keys__` does not know which keys are required.
    needed = {key: hint for key, hint in hints.items() if _origin(hint) is Required}
    least = {key: _first(hint) for key, hint in needed.items()}
    yield (), least
    if depth == _DEEPEST:
        return
    for key, hint in hints.items():
        for path, example in examples(hint, depth + 1):
            yield (key, *path), {**least, key: example}


def _origin(hint: Any) -> Any:
    return get_origin(hint)


def _first(hint: Any) -> Any:
    """The least that can stand for a required key."""
    return next((example for _, example in examples(hint, _DEEPEST)), "text")


def _bare(kind: Any) -> Any:
    """A type without what says whether it is required, and without annotations."""
    while get_origin(kind) in (Required, NotRequired) or hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    return kind


def _is_list(kind: Any) -> bool:
    origin = get_origin(kind)
    named = getattr(kind, "__name__", "") or getattr(origin, "__name__", "")
    return origin in (list, Iterable, Sequence) or named == "SequenceNotStr"
