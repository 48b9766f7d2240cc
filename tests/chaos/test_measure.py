"""What a window of a run shows under each key."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.checks.measure import Measured, Window, measure
from chaos.trace.events import (
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    Event,
    FaultEvent,
    ObservationEvent,
    RequestEvent,
    WaitEvent,
)
from chaos.trace.trace import Trace


class Story:
    """Builds a trace, event by event."""

    def __init__(self) -> None:
        self.trace = Trace()

    def add(self, kind: type[Event], at_s: float = 0.0, **fields: Any) -> Story:
        """Add an event of user-1, unless told otherwise."""
        fields.setdefault("actor", "user-1")
        self.trace.append(kind(seq=len(self.trace), at_s=at_s, **fields))
        return self

    def ask(self, number: int, mode: str, *, at_s: float = 0.0, elapsed_s: float = 1.0) -> Story:
        """Ask, call OpenAI twice with a wait between, and answer."""
        self.add(AskEvent, at_s, ask=number, question="?", step="method[0]")
        self.add(RequestEvent, at_s, ask=number, call=1, upstream="openai", operation="chat.a")
        self.add(WaitEvent, at_s, ask=number, seconds=2.0, upstream="openai")
        self.add(RequestEvent, at_s, ask=number, call=2, upstream="openai", operation="chatter")
        at_s += elapsed_s
        return self.add(AnswerEvent, at_s, ask=number, mode=mode, elapsed_s=elapsed_s)

    def seen(self, key: str, asks: set[int] | None = None, first: int = 0) -> Measured:
        """Measure."""
        window = Window(
            trace=self.trace, first=first, asks=None if asks is None else frozenset(asks)
        )
        return measure(key, window)


@pytest.fixture
def story() -> Story:
    """Two questions, one of each mode."""
    return Story().ask(1, "llm").ask(2, "error", at_s=10.0, elapsed_s=3.0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("answers.llm", (1,)),
        ("answers.fallback", (0,)),
        ("answer.mode", ("llm", "error")),
        ("answer.elapsed", (1.0, 3.0)),
        ("calls.openai", (4,)),
        ("calls.openai.chat", (2,)),
        ("calls.openai.chat.a", (2,)),
        ("calls.gcs", (0,)),
        ("waits.openai", ([2.0, 2.0],)),
        ("availability", (0.5,)),
        ("amplification.openai", (2.0,)),
        ("slowest_answer", (3.0,)),
    ],
)
def test_measure_sees_the_whole_run(story: Story, key: str, expected: tuple[object, ...]) -> None:
    """Without a narrower window everything counts; an operation counts what is below it."""
    assert story.seen(key).values == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("calls.openai", (2,)), ("answer.mode", ("error",)), ("waits.openai", ([2.0],))],
)
def test_measure_keeps_to_the_questions_of_a_step(
    story: Story, key: str, expected: tuple[object, ...]
) -> None:
    """What other users do at the same time does not mix in."""
    assert story.seen(key, asks={2}).values == expected


def test_counts_by_mode_know_absent_modes(story: Story) -> None:
    """A mode that never occurred counts 0, rather than being unknown."""
    (counts,) = story.seen("answers").values

    assert isinstance(counts, dict)
    assert (counts["llm"], counts["fallback"]) == (1, 0)
    assert counts.get("fallback") == 0


@pytest.mark.parametrize(
    "key",
    ["answers", "answer.mode", "availability", "slowest_answer", "amplification.openai"],
)
def test_measure_over_no_answers_is_missing(key: str) -> None:
    """Nothing to see is said, not counted as zero."""
    assert Story().seen(key).missing == "no question was asked"


def test_time_to_open_runs_from_the_first_fault() -> None:
    """From injection to opening; missing without either."""
    story = Story()
    assert story.seen("time_to_open").missing == "no fault was injected"

    story.add(FaultEvent, 5.0, fault="a", what="injected")
    assert story.seen("time_to_open").missing == "no breaker opened"

    story.add(BreakerEvent, 12.0, upstream="openai", what="transition", old="closed", state="open")
    assert story.seen("time_to_open").values == (7.0,)
    assert story.seen("openai.breaker.transitions").values == (["closed -> open"],)
    assert story.seen("gcs.breaker.transitions").values == ([],)


def test_time_to_recover_runs_from_the_last_heal() -> None:
    """A good answer before the last heal is not the recovery."""
    story = Story().ask(1, "llm")
    story.add(FaultEvent, 20.0, fault="a", what="healed")
    assert story.seen("time_to_recover").missing is not None

    story.ask(2, "fallback", at_s=30.0).ask(3, "llm", at_s=40.0)

    assert story.seen("time_to_recover").values == (21.0,)


def test_time_to_recover_waits_for_the_best_mode_of_the_target() -> None:
    """A target that has no model recovers, too: with the mode it has when all is well."""
    story = Story().add(FaultEvent, 20.0, fault="a", what="healed")
    story.ask(1, "guessed", at_s=30.0)
    window = Window(trace=story.trace, best_mode="told")
    assert measure("time_to_recover", window).missing == (
        "no answer was in mode 'told' after the last heal"
    )

    story.ask(2, "told", at_s=40.0)

    assert measure("time_to_recover", window).values == (21.0,)


def test_observation_is_the_last_one() -> None:
    """The target's own words are looked up among observations."""
    story = Story()
    assert story.seen("index.state").missing == "index.state was never observed"

    story.add(ObservationEvent, key="index.state", value="stale")
    story.add(ObservationEvent, key="index.state", value="fresh")

    assert story.seen("index.state").values == ("fresh",)
