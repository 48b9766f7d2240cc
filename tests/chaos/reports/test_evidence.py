"""A failure is shown with the events that tell how it came to it, each of them once."""

from __future__ import annotations

import io

from rich.console import Console

from chaos.reports.console import ConsoleReport
from chaos.reports.evidence import EVENTS_SHOWN, events_to_show
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict
from tests.chaos.checks.story import Story
from tests.chaos.reports import examples


def long_run() -> tuple[Trace, list[int]]:
    """Twenty questions, each with a call; the numbers of the answers' events."""
    story = Story()
    for number in range(1, 21):
        story.asks(number).call(200).answer()
    answers = [event.seq for event in story.trace if event.kind == "answer"]
    return story.trace, answers


def failed(check: str, *evidence: int, line: int | None = 7) -> Verdict:
    """An expectation that was not met; a law, without a line."""
    return Verdict(
        check=check,
        outcome=Outcome.FAILED,
        reason="it is not",
        expected="a",
        seen="b",
        line=line,
        evidence=evidence,
    )


def test_whole_run_shows_what_led_to_the_first_deviation() -> None:
    """Not the last twelve events of the run: the first wrong answer, and a few that follow it."""
    trace, answers = long_run()
    wrong = answers[5:18]

    shown = events_to_show(trace, failed("expect answers", *wrong))

    assert len(shown) == EVENTS_SHOWN
    assert shown[-4:] == wrong[1:5]
    assert shown[:-4] == list(range(wrong[0] - 7, wrong[0] + 1))


def test_counted_events_of_a_whole_run_are_listed() -> None:
    """What there is too much of, from the first on, with nothing between."""
    trace, _ = long_run()
    calls = [event.seq for event in trace if event.kind == "request"]

    assert events_to_show(trace, failed("expect calls.openai", *calls)) == calls[:EVENTS_SHOWN]


def test_step_shows_what_led_to_its_first_wrong_answer() -> None:
    """Later answers of the same step mostly went the same way."""
    trace, answers = long_run()

    shown = events_to_show(trace, failed("method[1] answer.mode", *answers[5:9]))

    assert shown == list(range(answers[5] + 1 - EVENTS_SHOWN, answers[5] + 1))


def test_law_shows_where_it_began_and_what_led_to_its_end() -> None:
    """An opening long before the call that it should have kept out is still seen."""
    trace, _ = long_run()

    shown = events_to_show(trace, failed("no-call-while-open", 3, 60, line=None))

    assert shown == [3, *range(61 - EVENTS_SHOWN, 61)]


def test_failures_of_one_step_show_no_event_twice() -> None:
    """The second says what it adds, or that there is nothing to add."""
    trace, answers = long_run()
    text = io.StringIO()
    problems = [
        failed("method[1] answer.mode", answers[5]),
        failed("method[1] answer.stale", answers[5]),
        failed("method[1] calls.openai", answers[5] + 2),
    ]
    suite = examples.suite(examples.result("outage", trace, *problems))

    ConsoleReport(Console(file=text, width=200)).on_end(suite)

    said = text.getvalue()
    events = [line for line in said.splitlines() if "s  user-" in line]
    assert len(events) == len(set(events)) == EVENTS_SHOWN + 2
    assert said.count("what happened: see above") == 1
    assert said.count("what happened, besides the above:") == 1
