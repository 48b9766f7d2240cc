"""Traces in the Chrome trace format."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from chaos.reports import perfetto
from chaos.reports.report import Report
from chaos.verdict import Outcome
from tests.chaos.reports import examples


def exported() -> list[dict[str, Any]]:
    """Return the events of two scenarios in one document."""
    traces = {"calm": examples.calm(), "outage": examples.outage()}
    report = Report(runs=(), outcome=Outcome.INCONCLUSIVE, traces=traces)
    document = json.loads(perfetto.render(report))
    assert set(document) == {"displayTimeUnit", "traceEvents"}
    events = document["traceEvents"]
    assert isinstance(events, list)
    return events


def test_scenarios_are_processes_and_lanes_are_threads() -> None:
    """The viewer groups by scenario and names each lane."""
    names = {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in exported()
        if event["ph"] == "M" and event["name"] != "thread_sort_index"
    }

    assert {name for (_, tid), name in names.items() if tid == 0} == {"calm", "outage"}
    assert [name for (pid, tid), name in names.items() if pid == 2 and tid][:3] == [
        *("steps: script", "faults: outage", "users: user-1"),
    ]


def test_time_is_in_virtual_microseconds() -> None:
    """A wait of two and a half seconds lasts that long in the viewer."""
    waits = [event for event in exported() if event.get("cat") == "calls,wait"]

    assert [(event["ts"], event["dur"]) for event in waits] == [
        (0, 2_500_000),
        (2_500_000, 2_500_000),
    ]


def test_every_event_is_one_the_format_knows() -> None:
    """Each has the members that its phase demands, in whole numbers that are not negative."""
    for event in exported():
        assert event["ph"] in {"M", "X", "i"}
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] != "M":
            assert isinstance(event["ts"], int)
            assert event["ts"] >= 0
        if event["ph"] == "X":
            assert isinstance(event["dur"], int)
            assert event["dur"] >= 0
        if event["ph"] == "i":
            assert event["s"] == "t"


def test_slices_of_a_thread_nest() -> None:
    """Slices that cross would be drawn wrongly: each ends before the next, or lies within it."""
    threads: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for event in exported():
        if event["ph"] == "X":
            key = (event["pid"], event["tid"])
            threads[key].append((event["ts"], event["ts"] + event["dur"]))

    for slices in threads.values():
        for begin, end in slices:
            for other_begin, other_end in slices:
                assert not begin < other_begin < end < other_end
