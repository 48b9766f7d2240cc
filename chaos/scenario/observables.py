"""Everything an expectation can be about: the built-in observables and those of a target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cache

from chaos import extensions
from chaos.extensions import ExtensionKind
from chaos.scenario.kinds import Kind
from chaos.scenario.vocabulary import Observable, Vocabulary

BREAKER_STATES = ("closed", "open", "half_open")
BREAKER_TRANSITIONS = (
    "closed -> open",
    "open -> half_open",
    "half_open -> closed",
    "half_open -> open",
)
COPY_STATES = ("fresh", "stale", "absent")


class Place(Enum):
    """Where an observable may be expected; the value says it in a message."""

    ANYWHERE = "in any expect"
    ASKING = "in a step that asks, or in the closing expect"
    OVER_TIME = "in a bare expect step, or in the closing expect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that can be observed.

    Attributes:
        key: As it stands in a scenario.
        kind: What sort of value it has.
        doc: One line for the reference.
        values: Every text it (or an item of it) can be; empty if any.
        place: Where it may be expected.
        is_live: Whether the target is asked for it; else it is read from the trace.
    """

    key: str
    kind: Kind
    doc: str
    values: tuple[str, ...] = ()
    place: Place = Place.ANYWHERE
    is_live: bool = False


def probes(vocabulary: Vocabulary) -> dict[str, Probe]:
    """Every key that a scenario for this target may expect something of, in reading order.

    Example:
        >>> from chaos.ports import Vocabulary
        >>> toy = Vocabulary(upstreams={"openai": ()}, observables={}, settings={})
        >>> probes(toy)["waits.openai"].kind.value
        'a list of durations'
    """
    unseen = _never_seen(vocabulary)
    known = {key: probe for key, probe in possible_probes(vocabulary).items() if key not in unseen}
    for key, observable in vocabulary.observables.items():
        _check_is_free(key)
        known[key] = Probe(
            key=key,
            kind=_kind(observable),
            doc=observable.doc,
            values=observable.values or (known[key].values if key in known else ()),
            is_live=True,
        )
    return known


def probes_of_any_target() -> dict[str, Probe]:
    """The keys that mean the same whatever the target is, but for the modes of its answers."""
    fixed = (probe for probe in _fields_of_answers(()) if probe.key != "answer.mode")
    return {probe.key: probe for probe in (*fixed, *_RUN, *_added(()))}


def possible_probes(vocabulary: Vocabulary) -> dict[str, Probe]:
    """Every key that a target with these upstreams and modes may give a meaning to."""
    return {probe.key: probe for probe in _built_in(vocabulary)}


def _never_seen(vocabulary: Vocabulary) -> set[str]:
    """Keys about breakers that the target does not show."""
    unseen: set[str] = set()
    for upstream in vocabulary.upstreams:
        keys = {probe.key for probe in _breaker(upstream)} - vocabulary.observables.keys()
        if _state(upstream) in vocabulary.observables:
            # They are read from the trace.
            keys.discard(f"{upstream}.breaker.transitions")
        unseen |= keys
    return unseen


def _kind(observable: Observable) -> Kind:
    if observable.duration or observable.type is timedelta:
        return Kind.DURATION
    return _KINDS.get(observable.type, Kind.TEXT)


_KINDS = {bool: Kind.FLAG, int: Kind.COUNT, float: Kind.NUMBER}


def _built_in(vocabulary: Vocabulary) -> Iterator[Probe]:
    yield from _answers(vocabulary)
    for upstream, operations in vocabulary.upstreams.items():
        yield from _traffic(upstream, operations)
    for upstream in vocabulary.upstreams:
        yield from _breaker(upstream)
    yield from _RUN
    yield from LIVENESS
    yield from _added(vocabulary.brings)


def _added(brings: Sequence[type[extensions.Extension]]) -> Iterator[Probe]:
    """What others let scenarios expect, and what the target brings."""
    others = extensions.of_others(ExtensionKind.EXPECTATION, brings)
    for name, each in extensions.found(ExtensionKind.EXPECTATION).items():
        if name not in others:
            values = tuple(each.values)
            yield Probe(key=name, kind=each.kind, doc=each.doc, values=values, place=each.place)


def _check_is_free(key: str) -> None:
    added = extensions.found(ExtensionKind.EXPECTATION).get(key)
    if added is not None:
        raise extensions.ExtensionError(
            f"expectation '{added.__module__}:{added.__qualname__}' is called {key!r}, and so is "
            "an observable of the target; expected a name of its own; rename one of them"
        )


def _fields_of_answers(modes: tuple[str, ...]) -> Iterator[Probe]:
    for key, kind, doc, values in (
        ("mode", Kind.TEXT, "how the question was answered", modes),
        ("text", Kind.TEXT, "the answer itself", ()),
        ("elapsed", Kind.DURATION, "time from question to answer", ()),
        ("reason", Kind.TEXT, "why it is not in the best mode; null if it is", ()),
        ("stale", Kind.FLAG, "whether the copy behind it was stale", ()),
        ("truncated", Kind.FLAG, "whether the model stopped at its token limit", ()),
        ("sources", Kind.TEXTS, "ids of the sources used, best first", ()),
        ("index_state", Kind.TEXT, "state of the copy behind it", COPY_STATES),
    ):
        yield Probe(key=f"answer.{key}", kind=kind, doc=doc, values=values, place=Place.ASKING)


def _answers(vocabulary: Vocabulary) -> Iterator[Probe]:
    yield from _fields_of_answers(vocabulary.modes)
    yield Probe(
        key="answers",
        kind=Kind.MODES,
        doc="how many answers there were of each mode",
        values=vocabulary.modes,
        place=Place.ASKING,
    )
    for mode in vocabulary.modes:
        doc = f"how many answers were of mode {mode}"
        yield Probe(key=f"answers.{mode}", kind=Kind.COUNT, doc=doc, place=Place.ASKING)
    yield from _SPENDING


_SPENDING = (
    Probe(
        key="cost",
        kind=Kind.NUMBER,
        doc="dollars that the question cost, at the prices in 'given'",
        place=Place.ASKING,
    ),
    Probe(
        key="tokens.wasted",
        kind=Kind.COUNT,
        doc="tokens billed for answers to the question that were lost or discarded",
        place=Place.ASKING,
    ),
)


@cache
def _traffic(upstream: str, operations: tuple[str, ...]) -> tuple[Probe, ...]:
    about = f"requests sent to {upstream}"
    waits = f"waits between attempts at {upstream}, in order"
    each = f"{about}, per question"
    return (
        Probe(key=f"calls.{upstream}", kind=Kind.COUNT, doc=about),
        *(
            Probe(
                key=f"calls.{upstream}.{operation}",
                kind=Kind.COUNT,
                doc=f"{operation} requests sent to {upstream}",
            )
            for operation in operations
        ),
        Probe(key=f"waits.{upstream}", kind=Kind.DURATIONS, doc=waits),
        Probe(key=f"amplification.{upstream}", kind=Kind.NUMBER, doc=each, place=Place.OVER_TIME),
    )


def _state(upstream: str) -> str:
    return f"{upstream}.breaker.state"


@cache
def _breaker(upstream: str) -> tuple[Probe, ...]:
    breaker = f"{upstream}.breaker"
    return (
        Probe(
            key=_state(upstream), kind=Kind.TEXT, doc="state of the breaker", values=BREAKER_STATES
        ),
        Probe(key=f"{breaker}.failures", kind=Kind.COUNT, doc="consecutive failures counted"),
        Probe(
            key=f"{breaker}.transitions",
            kind=Kind.TEXTS,
            doc="changes of state, in order",
            values=BREAKER_TRANSITIONS,
        ),
        Probe(
            key=f"{breaker}.retry_after",
            kind=Kind.DURATION,
            doc="time until it permits a trial; null if it is not open",
        ),
    )


LIVENESS = (
    Probe(
        key="eventually",
        kind=Kind.EVENTUALLY,
        doc="what happens eventually, counted from the last heal",
        place=Place.OVER_TIME,
    ),
    Probe(
        key="leads_to",
        kind=Kind.LEADS_TO,
        doc="what follows each time something else happens",
        place=Place.OVER_TIME,
    ),
)
"""They are about the order of events; see `chaos.scenario.liveness`."""

_RUN = tuple(
    Probe(key=key, kind=kind, doc=doc, place=Place.OVER_TIME)
    for key, kind, doc in (
        ("availability", Kind.SHARE, "share of questions that did not end in an error"),
        ("slowest_answer", Kind.DURATION, "longest time from question to answer"),
        ("time_to_open", Kind.DURATION, "time from the first fault to the breaker's opening"),
        (
            "time_to_recover",
            Kind.DURATION,
            "time from the last heal to the first answer in the target's first mode",
        ),
    )
)
