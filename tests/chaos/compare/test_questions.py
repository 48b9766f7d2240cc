"""What became of each question, compared one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.compare.baseline import Baseline
from chaos.compare.changes import Trend, changes
from chaos.compare.questions import MOST_GROUPS, courses, turn
from chaos.runner.measures import take
from chaos.runner.suite import SuiteResult
from chaos.trace.events import AnswerEvent, AskEvent, Event, RequestEvent
from chaos.trace.trace import Trace
from tests.chaos.reports import examples

WELL = {"best_answers": 1.0}


def tale(*calls: int, mode: str = "llm") -> examples.Tale:
    """Questions that made so many calls each."""
    told = examples.Tale()
    for ask, number in enumerate(calls, start=1):
        told.asks(ask)
        for _ in range(number):
            told.call()
        told.answer(mode)
    return told


def test_courses_say_mode_calls_and_time() -> None:
    """Questions that came to the same stand together."""
    assert courses(tale(1, 1, 3).trace) == "2*llm openai=1 time=0s; llm openai=3 time=0s"


def test_courses_of_many_different_questions_are_a_hash() -> None:
    """A line that nobody can read says no more, and takes more room."""
    text = courses(tale(*(1 + number % 2 for number in range(MOST_GROUPS + 1))).trace)

    assert text.startswith(f"#{MOST_GROUPS + 1} ")
    assert text != courses(tale(*(2 - number % 2 for number in range(MOST_GROUPS + 1))).trace)


def test_two_changes_that_cancel_each_other_are_seen() -> None:
    """No sum moves: one question costs a call more, and another one less."""
    was, now = tale(1, 2).trace, tale(2, 1).trace
    before, after = take(was, best_mode="llm"), take(now, best_mode="llm")
    assert changes("smoke", before, after) == []

    parted = turn(courses(was), courses(now), after)

    assert parted is not None
    assert parted.trend is Trend.DIFFERENT
    assert parted.was == "no. 1: llm openai=1 time=0s"
    assert parted.now == "no. 1: llm openai=2 time=0s"


@pytest.mark.parametrize(
    ("was", "now", "trend"),
    [
        pytest.param("2*llm a=3", "llm a=3; llm a=1", Trend.BETTER, id="one is cheaper"),
        pytest.param("llm a=1 b=1", "llm a=1", Trend.BETTER, id="one provider less"),
        pytest.param("llm a=1", "llm a=1 b=1", Trend.DIFFERENT, id="one provider more"),
        pytest.param("llm time=2s", "llm time=1.5s", Trend.BETTER, id="sooner"),
        pytest.param("llm time=1.5s", "llm time=2s", Trend.DIFFERENT, id="later"),
        pytest.param("llm a=1", "fallback", Trend.DIFFERENT, id="another mode"),
        pytest.param("2*llm a=1", "llm a=1", Trend.DIFFERENT, id="not asked"),
        pytest.param("#30 aa", "#30 bb", Trend.DIFFERENT, id="hashes"),
        pytest.param("llm a=1; llm a=1", "2*llm a=1", None, id="the same in other words"),
    ],
)
def test_turn_is_better_only_where_no_question_is_worse(
    was: str, now: str, trend: Trend | None
) -> None:
    """What one gained, another may have lost."""
    parted = turn(was, now, WELL)

    assert (parted and parted.trend) is trend


def test_turn_is_not_better_where_answers_are_less_than_the_best() -> None:
    """Fewer calls may be effort that is no longer made."""
    parted = turn("fallback a=3", "fallback a=1", {"best_answers": 0.0})

    assert parted is not None
    assert parted.trend is Trend.DIFFERENT


def asked_once(mode: str, calls: int) -> str:
    """One question that was answered so, after so many calls."""
    events: list[Event] = [
        AskEvent(seq=0, at_s=0, actor="u", ask=1, question="?", step="method[0]"),
        *(
            RequestEvent(
                seq=number, at_s=0, actor="u", ask=1, upstream="a", operation="get", call=number
            )
            for number in range(1, calls + 1)
        ),
        AnswerEvent(seq=calls + 1, at_s=0, actor="u", ask=1, mode=mode, elapsed_s=0),
    ]
    return courses(Trace(events))


@pytest.mark.parametrize("mode", ["best effort", "4*", "a;b", "x=1", "#1", "größte Mühe"])
def test_any_name_of_a_mode_can_be_compared(mode: str) -> None:
    """It stands in a line among words, stars and semicolons of ours."""
    more, less = (turn(asked_once(mode, 1), asked_once(mode, calls), WELL) for calls in (2, 0))
    other = turn(asked_once(mode, 1), asked_once(f"{mode} 2", 0), WELL)

    assert more is not None
    assert more.trend is Trend.DIFFERENT
    assert less is not None
    assert less.trend is Trend.BETTER
    assert other is not None
    assert other.trend is Trend.DIFFERENT


def test_line_that_nobody_here_has_written_is_different() -> None:
    """Nothing can be said of it, least of all that nothing has changed."""
    parted = turn("a*b c=1", "a*b c=2", WELL)

    assert parted is not None
    assert parted.trend is Trend.DIFFERENT


def of(told: examples.Tale) -> SuiteResult:
    """A suite of one scenario that went so."""
    suite = examples.mixed()
    first = suite.results[0]
    return replace(suite, results=(replace(first, trace=told.trace),))


def test_gate_is_shut_by_changes_that_cancel_each_other() -> None:
    """And opens again once they are recorded."""
    recorded = Baseline.of(of(tale(1, 2)), Path())

    comparison = recorded.compare(of(tale(2, 1)), [Path("scenarios")])

    assert [each.key for each in comparison.changes] == ["questions"]
    assert not comparison.holds
    assert Baseline.of(of(tale(2, 1)), Path()).compare(of(tale(2, 1)), [Path("scenarios")]).holds


def test_baseline_of_an_earlier_release_says_nothing_of_single_questions() -> None:
    """It goes on to hold, and has them once it is recorded anew."""
    recorded = Baseline.of(of(tale(1, 2)), Path())
    earlier = Baseline(
        {name: replace(each, questions=None) for name, each in recorded.entries.items()}
    )

    read = Baseline.parse(earlier.dump(), "baseline.json")

    assert read.compare(of(tale(2, 1)), [Path("scenarios")]).holds


def test_line_of_questions_cannot_be_taken_out_or_changed_by_hand() -> None:
    """The checksum knows it."""
    text = Baseline.of(of(tale(1, 2)), Path()).dump()
    line = next(each for each in text.splitlines() if '"questions"' in each)

    for other in ("", line.replace("openai=1", "openai=2")):
        with pytest.raises(Exception, match="edited by hand"):
            Baseline.parse(text.replace(f"{line}\n", f"{other}\n"), "baseline.json")
