"""A disagreement of the tiers in two columns."""

from __future__ import annotations

import pytest

from chaos.compare.tiers.differences import EventDifference
from chaos.compare.tiers.side_by_side import in_columns, sides_of
from chaos.trace.events import AnswerEvent, WaitEvent

LONG = "Open the settings, choose Security, then Password, and follow the steps. " * 3


def wait(seconds: float, *, at_s: float = 1.0) -> WaitEvent:
    """A user who waits."""
    return WaitEvent(seq=0, at_s=at_s, actor="user-1", seconds=seconds)


def answer(text: str) -> AnswerEvent:
    """An answer with that text."""
    return AnswerEvent(seq=0, at_s=0.0, actor="user-1", mode="llm", elapsed_s=1.0, text=text)


def test_both_events_stand_side_by_side_with_what_differs() -> None:
    """A person sees what, and how much, without looking at the traces."""
    difference = EventDifference(
        simulated=wait(2.0), wire=wait(4.0), fields=(("seconds", 2.0, 4.0),), line=12
    )

    heading, events, seconds = in_columns(sides_of(difference), width=120).splitlines()

    assert heading.split() == ["simulated", "wire"]
    assert events.split() == ["waits", "2s", "waits", "4s"]
    assert seconds.split() == ["seconds", "2.0", "4.0"]
    assert heading.index("wire") == events.index("waits 4s") == seconds.index("4.0")


def test_event_of_one_tier_stands_beside_an_empty_place() -> None:
    """When it came and whose it was is told, as nothing else tells it."""
    shown = in_columns(sides_of(EventDifference(simulated=None, wire=wait(4.0))))

    assert shown.splitlines()[1].split() == ["(nothing)", "1.000s", "user-1", "waits", "4s"]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Columns that are broken by a terminal are no columns."""
    one, other = answer(LONG + "once"), answer(LONG + "twice")
    difference = EventDifference(
        simulated=one, wire=other, fields=(("text", one.text, other.text),), line=12
    )

    shown = in_columns(sides_of(difference), width=width)

    assert max(map(len, shown.splitlines())) <= width


def test_long_texts_are_shown_where_they_part() -> None:
    """Two texts that begin alike would look the same if only their beginning was shown."""
    rows = [("text", LONG + "once", LONG + "twice")]

    shown = in_columns(rows, width=60)

    assert "once" in shown
    assert "twice" in shown


def test_text_that_goes_on_in_one_tier_only_is_shown_from_there() -> None:
    """An answer cut short on the wire ends where the other goes on."""
    rows = [("text", LONG + "the end", LONG)]

    shown = in_columns(rows, width=80)

    assert "the end" in shown


def test_line_breaks_do_not_break_a_row() -> None:
    """An error of several lines is one row like any other."""
    assert in_columns([("", "one\ntwo", "three")]).splitlines() == [f" {'one two':<49} three"]
