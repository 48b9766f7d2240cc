"""Lanes: who did what from when to when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chaos.reports.lane import Item, Lane
from chaos.reports.lanes import lanes
from chaos.trace.trace import Trace
from tests.chaos.checks.story import Story
from tests.chaos.reports import examples


@pytest.fixture(scope="module")
def drawn() -> dict[str, Lane]:
    """Return the lanes of the outage, by label."""
    return {lane.label: lane for lane in lanes(examples.outage(), "llm")}


def looks(lane: Lane) -> list[tuple[str, float, float]]:
    """Return each item's look with its begin and end."""
    return [(item.look, item.begin_s, item.end_s) for item in lane.items]


def test_lanes_follow_the_script_down_to_the_state(drawn: dict[str, Lane]) -> None:
    """What was done to the service stands above what came of it."""
    assert list(drawn) == [
        *("script", "outage", "user-1", "user-2"),
        *("openai", "openai breaker", "index"),
    ]


def test_calls_of_a_question_read_as_one_line_with_its_waits(drawn: dict[str, Lane]) -> None:
    """Call, wait, call, wait, call: all in one lane, at their times."""
    assert looks(drawn["openai"]) == [
        ("server", 0.0, 0.0),
        ("wait", 0.0, 2.5),
        ("server", 2.5, 2.5),
        ("wait", 2.5, 5.0),
        ("server", 5.0, 5.0),
        ("ok", 65.0, 65.0),
    ]


def test_fault_lasts_from_injection_to_healing(drawn: dict[str, Lane]) -> None:
    """The window of a fault is its bar."""
    assert looks(drawn["outage"]) == [("fault", 0.0, 5.0)]


def test_breaker_states_leave_no_gap(drawn: dict[str, Lane]) -> None:
    """Closed from the start, then open, then half open to the end; the failure is a mark."""
    *states, failure = drawn["openai breaker"].items

    assert [(item.look, item.first, item.last) for item in states] == [
        ("closed", 0, 14),
        ("open", 14, 17),
        ("half_open", 17, 21),
    ]
    assert (failure.look, failure.label, failure.is_mark) == ("counted", "1", True)


def test_answers_are_told_apart_by_mode_and_staleness(drawn: dict[str, Lane]) -> None:
    """A fallback looks otherwise than an answer of the model, and a stale one is marked."""
    assert [item.look for item in drawn["user-1"].items] == ["lesser", "stale"]
    assert [item.look for item in drawn["user-2"].items] == ["good"]


@pytest.mark.parametrize(
    ("status", "error", "faults", "look"),
    [
        pytest.param(200, None, (), "ok", id="well"),
        pytest.param(200, None, ("bent",), "bent", id="well by its status alone"),
        pytest.param(404, None, (), "client", id="refused"),
        pytest.param(429, None, (), "limited", id="rate limited"),
        pytest.param(503, None, ("f",), "server", id="server error"),
        pytest.param(None, "ReadTimeout", (), "lost", id="no response"),
    ],
)
def test_call_looks_like_its_outcome(
    status: int | None, error: str | None, faults: tuple[str, ...], look: str
) -> None:
    """What became of a call can be seen without reading."""
    trace = Story().asks(1).call(status, error=error, faults=faults).answer().trace

    (lane,) = [lane for lane in lanes(trace) if lane.group == "calls"]

    assert [item.look for item in lane.items] == [look]


def test_call_that_is_given_up_ends_with_a_mark() -> None:
    """On the line of its attempts, after the last."""
    trace = Story().asks(1).call(503).gives_up("attempts_used", 1).answer("fallback").trace

    (lane,) = [lane for lane in lanes(trace) if lane.group == "calls"]

    assert [(item.look, item.is_mark) for item in lane.items] == [
        ("server", False),
        ("given_up", True),
    ]


def test_calls_at_one_time_never_overlap_in_a_lane() -> None:
    """Three users at once need three lanes; the one after them needs no fourth."""
    story = Story()
    calls = {ask: story.asks(ask).request() for ask in (1, 2, 3)}
    story.at(1.0)
    for ask, call in calls.items():
        story.by(ask).response(call).answer()
    story.asks(4).call().answer()

    drawn = [lane for lane in lanes(story.trace) if lane.group == "calls"]

    assert [lane.label for lane in drawn] == ["openai", "", ""]
    assert sum(len(lane.items) for lane in drawn) == 4
    for lane in drawn:
        for one, other in pairwise(lane.items):
            assert one.last < other.first


def test_what_never_ended_lasts_to_the_end_of_the_trace() -> None:
    """A question without answer, a call without response and a fault unhealed are not lost."""
    story = Story().by("script").fault("injected").asks(1)
    story.request()
    trace = story.at(9.0).by("script").action("restart").trace

    ends = {item.look: item.end_s for lane in lanes(trace) for item in lane.items}

    assert ends == {"fault": 9.0, "unanswered": 9.0, "lost": 9.0, "action": 9.0}


def test_users_come_in_the_order_of_their_numbers() -> None:
    """The tenth user stands below the second."""
    story = Story()
    for ask in (10, 2, 1):
        story.asks(ask).answer()

    assert [lane.label for lane in lanes(story.trace)] == ["user-1", "user-2", "user-10"]


def test_empty_trace_has_no_lanes() -> None:
    """A run that was stopped before anything happened draws nothing."""
    assert lanes(Trace()) == []


def test_every_item_lies_within_the_trace() -> None:
    """Positions can be used as indices of events without a check."""
    trace = examples.outage()

    def inside(item: Item) -> bool:
        return 0 <= item.first <= item.last < len(trace)

    assert all(inside(item) for lane in lanes(trace) for item in lane.items)
