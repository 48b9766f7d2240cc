"""What a window of a run shows under each key that scenarios can expect something of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chaos.checks import spending
from chaos.extensions import ExtensionKind, found
from chaos.scenario.vocabulary import MODES
from chaos.trace.events import (
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    Event,
    FaultEvent,
    IndexEvent,
    ObservationEvent,
    RequestEvent,
    ResponseEvent,
    WaitEvent,
)
from chaos.trace.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a run that an expectation speaks of.

    Attributes:
        trace: The whole run so far.
        first: Sequence number of the first event that counts.
        asks: Questions whose events count; None for every event from ``first`` on.
        actor: Only what this actor caused counts, where ``asks`` is None; None for all.
        best_mode: How the service answers while all is well; see ``Vocabulary.best_mode``.
    """

    trace: Trace
    first: int = 0
    asks: frozenset[int] | None = None
    actor: str | None = None
    best_mode: str = MODES[0]

    def events(self) -> list[Event]:
        """The events that count, in order."""
        rest = self.trace[self.first :]
        if self.asks is not None:
            return [event for event in rest if event.ask in self.asks]
        if self.actor is not None:
            return [event for event in rest if event.actor == self.actor]
        return list(rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was seen.

    Attributes:
        values: One value, or one for each answer where each must hold.
        missing: Why there was nothing to see; None when there was.
        evidence: Sequence numbers of the events behind the values.
    """

    values: tuple[object, ...] = ()
    missing: str | None = None
    evidence: tuple[int, ...] = ()


Measure = Callable[[Window, Sequence[str]], Measured]
"""Looks at a window; the second argument is what follows the key's first word."""


def measure(key: str, window: Window) -> Measured:
    """What the window shows under ``key``.

    A key that is neither built in nor added by others is an observable of the target: its last
    observation counts.

    Example:
        >>> measure("calls.openai", Window(trace=Trace())).values
        (0,)
    """
    added = found(ExtensionKind.EXPECTATION).get(key)
    if added is not None:
        return _measured(added().measure(window), key)
    first, *rest = key.split(".")
    if first in _BY_FIRST_WORD and not _is_of_target(key, window):
        return _BY_FIRST_WORD[first](window, rest)
    if key.endswith(".breaker.transitions"):
        return _transitions(window, key.removesuffix(".breaker.transitions"))
    return _observation(window, key)


def _measured(said: object, key: str) -> Measured:
    if not isinstance(said, Measured):
        raise TypeError(f"measure() of {key!r} gave {said!r}, not a Measured")
    return said


def _is_of_target(key: str, window: Window) -> bool:
    """Whether a target has an observable of its own by the name of one about money."""
    return key.startswith(("cost", "tokens")) and any(
        event.key == key for event in window.trace.of(ObservationEvent)
    )


def _answers(window: Window, rest: Sequence[str]) -> Measured:
    answers = [event for event in window.events() if isinstance(event, AnswerEvent)]
    evidence = tuple(event.seq for event in answers)
    if not answers:
        return Measured(missing="no question was asked")
    counts = Counter(event.mode for event in answers)
    if rest:
        return Measured(values=(counts[rest[0]],), evidence=evidence)
    return Measured(values=(_Counts(counts),), evidence=evidence)


class _Counts(dict[str, int]):
    """Counts by mode; a mode that never occurred counts 0."""

    def __missing__(self, mode: str) -> int:
        return 0

    def get(self, key: str, default: int | None = None) -> int:  # type: ignore[override] # 0 for absent
        del default
        return self[key]


_FIELDS: dict[str, str] = {"elapsed": "elapsed_s"}


def _answer(window: Window, rest: Sequence[str]) -> Measured:
    answers = [event for event in window.events() if isinstance(event, AnswerEvent)]
    if not answers:
        return Measured(missing="no question was asked")
    field = _FIELDS.get(rest[0], rest[0])
    return Measured(
        values=tuple(getattr(event, field) for event in answers),
        evidence=tuple(event.seq for event in answers),
    )


def _calls(window: Window, rest: Sequence[str]) -> Measured:
    upstream, operation = rest[0], ".".join(rest[1:])
    calls = [
        event
        for event in window.events()
        if isinstance(event, RequestEvent)
        and event.upstream == upstream
        and _within(event.operation, operation)
    ]
    return Measured(values=(len(calls),), evidence=tuple(event.seq for event in calls))


def _within(operation: str, wanted: str) -> bool:
    return not wanted or operation == wanted or operation.startswith(f"{wanted}.")


def _waits(window: Window, rest: Sequence[str]) -> Measured:
    waits = [
        event
        for event in window.events()
        if isinstance(event, WaitEvent) and event.upstream == rest[0]
    ]
    return Measured(
        values=([event.seconds for event in waits],), evidence=tuple(event.seq for event in waits)
    )


def _transitions(window: Window, upstream: str) -> Measured:
    # A breaker changes state in whoever's call it was, so nobody's window is narrower than time.
    changes = [
        event
        for event in window.trace[window.first :].of(BreakerEvent)
        if event.upstream == upstream and event.what == "transition"
    ]
    return Measured(
        values=([f"{event.old} -> {event.state}" for event in changes],),
        evidence=tuple(event.seq for event in changes),
    )


def _availability(window: Window, rest: Sequence[str]) -> Measured:
    del rest
    events = window.events()
    asked = [event for event in events if isinstance(event, AskEvent)]
    if not asked:
        return Measured(missing="no question was asked")
    answers = [event for event in events if isinstance(event, AnswerEvent)]
    served = {answer.ask for answer in answers if answer.mode != "error"}
    ended = {answer.ask: answer.seq for answer in answers}
    unserved = (ask for ask in asked if ask.ask not in served)
    return Measured(
        values=(len(served) / len(asked),),
        evidence=tuple(sorted(ended.get(ask.ask, ask.seq) for ask in unserved)),
    )


def _amplification(window: Window, rest: Sequence[str]) -> Measured:
    asked = sum(isinstance(event, AskEvent) for event in window.events())
    if not asked:
        return Measured(missing="no question was asked")
    calls = _calls(window, rest)
    (count,) = calls.values
    assert isinstance(count, int)
    return Measured(values=(count / asked,), evidence=calls.evidence)


def _slowest_answer(window: Window, rest: Sequence[str]) -> Measured:
    del rest
    answers = [event for event in window.events() if isinstance(event, AnswerEvent)]
    if not answers:
        return Measured(missing="no question was asked")
    slowest = max(answers, key=lambda event: event.elapsed_s)
    return Measured(values=(slowest.elapsed_s,), evidence=(slowest.seq,))


def _time_to_open(window: Window, rest: Sequence[str]) -> Measured:
    del rest
    began = next((e for e in window.trace.of(FaultEvent) if e.what == "injected"), None)
    if began is None:
        return Measured(missing="no fault was injected")
    opened = next(
        (
            e
            for e in window.trace.of(BreakerEvent)
            if e.what == "transition" and e.state == "open" and e.seq > began.seq
        ),
        None,
    )
    if opened is None:
        return Measured(missing="no breaker opened")
    return Measured(values=(opened.at_s - began.at_s,), evidence=(began.seq, opened.seq))


def _time_to_recover(window: Window, rest: Sequence[str]) -> Measured:
    del rest
    healed = [event for event in window.trace.of(FaultEvent) if event.what == "healed"]
    if not healed:
        return Measured(missing="no fault was healed")
    last = healed[-1]
    served = next(
        (
            event
            for event in window.trace.of(AnswerEvent)
            if event.mode == window.best_mode and event.seq > last.seq
        ),
        None,
    )
    if served is None:
        return Measured(missing=f"no answer was in mode {window.best_mode!r} after the last heal")
    return Measured(values=(served.at_s - last.at_s,), evidence=(last.seq, served.seq))


def _observation(window: Window, key: str) -> Measured:
    seen = [event for event in window.trace.of(ObservationEvent) if event.key == key]
    if not seen:
        return Measured(missing=f"{key} was never observed")
    story = [event.seq for event in window.events() if _tells_of(key, event)]
    return Measured(values=(seen[-1].value,), evidence=(*story, seen[-1].seq))


def _tells_of(key: str, event: Event) -> bool:
    """Whether the event is part of how an observable came to its value."""
    if isinstance(event, BreakerEvent):
        return event.what == "transition" and key.startswith(f"{event.upstream}.breaker.")
    return isinstance(event, IndexEvent) and event.what != "served" and key.startswith("index.")


def _per_question(window: Window) -> Iterator[tuple[list[ResponseEvent], AnswerEvent | None]]:
    """For each question of the window, the calls that cost something, and its answer."""
    events = window.events()
    answers = {each.ask: each for each in events if isinstance(each, AnswerEvent)}
    calls = spending.billed(events)
    for asked in events:
        if isinstance(asked, AskEvent):
            yield [call for call in calls if call.ask == asked.ask], answers.get(asked.ask)


def _nothing_to_pay(window: Window) -> str | None:
    """Why there is nothing to say about money and tokens; None if there is."""
    if not any(isinstance(event, AskEvent) for event in window.events()):
        return "no question was asked"
    if not spending.billed(window.trace):
        return "no provider billed anything in this run"
    return None


def _cost(window: Window, rest: Sequence[str]) -> Measured:
    del rest
    missing = _nothing_to_pay(window)
    calls = [call for mine, _ in _per_question(window) for call in mine]
    if unpriced := spending.without_price(calls):
        (upstream, model), *_ = unpriced
        missing = (
            f"model {model!r} of {upstream} has no price; add 'given: {{{upstream}: {{prices: "
            f"{{{model}: {{input: 0.15, output: 0.6}}}}}}}}', in dollars per million tokens"
        )
    if missing is not None:
        return Measured(missing=missing)
    values = tuple(spending.cost(mine) for mine, _ in _per_question(window))
    return Measured(values=values, evidence=tuple(call.seq for call in calls))


def _tokens(window: Window, rest: Sequence[str]) -> Measured:
    assert list(rest) == ["wasted"]
    if (missing := _nothing_to_pay(window)) is not None:
        return Measured(missing=missing)
    values = tuple(
        spending.wasted(mine, answer, best_mode=window.best_mode)
        for mine, answer in _per_question(window)
    )
    calls = [call for mine, _ in _per_question(window) for call in mine]
    return Measured(values=values, evidence=tuple(call.seq for call in calls))


_BY_FIRST_WORD: dict[str, Measure] = {
    "cost": _cost,
    "tokens": _tokens,
    "answer": _answer,
    "answers": _answers,
    "calls": _calls,
    "waits": _waits,
    "availability": _availability,
    "amplification": _amplification,
    "slowest_answer": _slowest_answer,
    "time_to_open": _time_to_open,
    "time_to_recover": _time_to_recover,
}

BUILT_IN_WORDS = frozenset({*_BY_FIRST_WORD, "index", "eventually", "leads_to"})
"""What keys of the harness begin with."""
