"""What a target records of its service, checked before it gets into the trace.

Laws pass over an event of an upstream that nobody promised anything about, and over a word that
they do not know. So a slip of the pen would silence them, and an odd value would break whoever
writes the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chaos.scenario.problems import listed, quoted, suggest
from chaos.trace.bill import Bill
from chaos.trace.events import EVENT_TYPES, Event
from chaos.trace.recorder import TraceRecorder
from chaos.trace.said import Said
from chaos.trace.scalars import is_scalar
from chaos.trace.trace import Trace


class OwnEvents:
    """A recorder for targets: what is wrong is kept as a violation, and not recorded.

    Args:
        recorder: Writes the trace.
        upstreams: The names of the target's upstreams.
        violate: Called with each mistake.
    """

    def __init__(
        self,
        recorder: TraceRecorder,
        upstreams: Collection[str],
        violate: Callable[[str], object],
    ) -> None:
        self._recorder = recorder
        self._upstreams = upstreams
        self._violate = violate

    @property
    def trace(self) -> Trace:
        """All that was recorded so far, by whomever."""
        return self._recorder.trace

    def record(self, kind: type[Event], /, **values: Any) -> None:  # noqa: ANN401 - each kind's own
        """Add an event; see `chaos.ports.Recorder`."""
        mistake = next(self._mistakes(kind, values), None)
        if mistake is None:
            self._recorder.record(kind, **values)
        else:
            self._violate(f"the target records {mistake}")

    def _mistakes(self, kind: Any, values: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401 - as is
        if kind not in _KINDS:
            told = kind.__name__ if isinstance(kind, type) else quoted(kind)
            yield f"{told}; expected an event of chaos.trace.events; write its class"
            return
        name = kind.__name__
        required, optional, words = _fields(kind)
        known = required | optional
        for key, value in values.items():
            if key not in known:
                fix = suggest(key, known, "remove it")
                yield f"{name} with {key!r}; expected {listed(known)}; {fix}"
            elif key in words and value not in words[key]:
                fix = suggest(str(value), words[key], "write one of them")
                yield f"{name} with {key}={value!r}; expected {listed(words[key])}; {fix}"
            elif key == "upstream" and value not in self._upstreams:
                fix = suggest(str(value), self._upstreams, "name an upstream of the target")
                yield f"{name} of {value!r}; expected {listed(self._upstreams)}; {fix}"
            elif not _can_be_kept(value):
                yield (
                    f"{name} with a {type(value).__name__} as {key!r}; expected text, a number, "
                    "true, false or None; convert it"
                )
        if missing := required - values.keys():
            yield f"{name} without {listed(missing)}; expected all of them; add what is missing"


_KINDS = frozenset(EVENT_TYPES.values())

_GIVEN = {"seq", "at_s"}
"""Fields that the recorder fills in, and nobody else."""


_Words = dict[str, tuple[str, ...]]


@cache
def _fields(
    kind: type[Event],
) -> tuple[frozenset[str], frozenset[str], dict[str, tuple[str, ...]]]:
    """The fields that must be given, those that may be, and the words that some are limited to."""
    hints = get_type_hints(kind)
    required: set[str] = set()
    optional, words = {"actor", "ask"}, _Words()
    for field in fields(kind):
        if field.name in _GIVEN | optional:
            continue
        is_required = field.default is MISSING and field.default_factory is MISSING
        (required if is_required else optional).add(field.name)
        if get_origin(hints[field.name]) is Literal:
            words[field.name] = get_args(hints[field.name])
    return frozenset(required), frozenset(optional), words


def _can_be_kept(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_can_be_kept, value))
    return is_scalar(value) or isinstance(value, Said | Bill)
