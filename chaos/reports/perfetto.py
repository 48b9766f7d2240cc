"""Traces in the Chrome trace format, for ui.perfetto.dev and chrome://tracing.

A scenario is a process, a lane is a thread, and one microsecond is one virtual microsecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chaos.reports.lane import Item, Lane
from chaos.reports.lanes import lanes
from chaos.reports.report import Report
from chaos.trace.text import describe
from chaos.trace.trace import Trace

Event = dict[str, Any]


def render(report: Report) -> str:
    """One document of all traces, by the names of their scenarios."""
    best = {run.name: run.best_mode for run in report.runs}
    events = [
        event
        for pid, (name, trace) in enumerate(report.traces.items(), start=1)
        for event in _process(pid, name, trace, best.get(name, ""))
    ]
    document = {"displayTimeUnit": "ms", "traceEvents": events}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _process(pid: int, name: str, trace: Trace, best_mode: str) -> Iterator[Event]:
    yield _named("process_name", pid, 0, name)
    for tid, lane in enumerate(lanes(trace, best_mode), start=1):
        yield _named("thread_name", pid, tid, f"{lane.group}: {lane.label}")
        yield {
            "ph": "M",
            "name": "thread_sort_index",
            "pid": pid,
            "tid": tid,
            "args": {"sort_index": tid},
        }
        for item in lane.items:
            yield _event(pid, tid, lane, item, trace)


def _event(pid: int, tid: int, lane: Lane, item: Item, trace: Trace) -> Event:
    begin_us = _us(item.begin_s)
    event: Event = {
        "name": item.label or item.look,
        "cat": f"{lane.group},{item.look}",
        "pid": pid,
        "tid": tid,
        "ts": begin_us,
        "args": {"seq": item.first, "what": describe(trace[item.first]).strip()},
    }
    if item.is_mark:
        return event | {"ph": "i", "s": "t"}
    if item.last != item.first:
        event["args"]["end"] = describe(trace[item.last]).strip()
    return event | {"ph": "X", "dur": _us(item.end_s) - begin_us}


def _named(what: str, pid: int, tid: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": name}}


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
