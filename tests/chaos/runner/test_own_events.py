"""What a target records of its service is checked before it gets into the trace."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.runner.own_events import OwnEvents
from chaos.trace.events import (
    ActionEvent,
    BreakerEvent,
    Event,
    GivenUpEvent,
    IndexEvent,
    ResponseEvent,
)
from chaos.trace.recorder import TraceRecorder
from chaos.trace.said import Said

GRANTED = {"upstream": "weather", "what": "granted", "state": "closed"}


def recorded(kind: Any, values: dict[str, Any]) -> tuple[list[Event], list[str]]:
    """What got into the trace, and what was kept as a violation."""
    recorder, violations = TraceRecorder(lambda: (0.0, "user-1", 1)), list[str]()
    OwnEvents(recorder, ("weather", "maps"), violations.append).record(kind, **values)
    return list(recorder.trace), violations


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (BreakerEvent, {**GRANTED, "permit": 1, "sequence": None}),
        (BreakerEvent, {**GRANTED, "actor": "worker", "ask": None}),
        (IndexEvent, {"what": "served", "state": "fresh", "generation": "1", "age_s": 2}),
        (ActionEvent, {"action": "given", "detail": (("generation", 1), ("cached", True))}),
        (
            ResponseEvent,
            {
                "call": 1,
                "upstream": "maps",
                "operation": "get",
                "said": Said(text=None, whole=False, ended="failed"),
            },
        ),
    ],
)
def test_event_that_a_law_can_read_is_recorded(kind: type[Event], values: dict[str, Any]) -> None:
    """As it is."""
    trace, violations = recorded(kind, values)

    assert [type(event) for event in trace] == [kind]
    assert not violations


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("breaker", {}, "'breaker'; expected an event of chaos.trace.events; write its class"),
        (Event, {}, "Event; expected an event of chaos.trace.events; write its class"),
        (
            BreakerEvent,
            {**GRANTED, "upstream": "wether"},
            "BreakerEvent of 'wether'; expected one of: maps, weather; did you mean 'weather'?",
        ),
        (
            BreakerEvent,
            {**GRANTED, "what": "grantd"},
            "with what='grantd'; expected one of: granted, refused, settled, transition; did you",
        ),
        (BreakerEvent, {**GRANTED, "permitt": 1}, "BreakerEvent with 'permitt'; expected one"),
        (BreakerEvent, {**GRANTED, "seq": 3}, "BreakerEvent with 'seq'; expected one of:"),
        (
            GivenUpEvent,
            {"upstream": "maps"},
            "GivenUpEvent without one of: attempt, reason; expected all of them; add what is",
        ),
        (
            IndexEvent,
            {"what": "served", "sha256": b"ab"},
            "IndexEvent with a bytes as 'sha256'; expected text, a number, true, false or",
        ),
        (ActionEvent, {"action": "given", "detail": {"a": 1}}, "with a dict as 'detail'; exp"),
    ],
)
def test_event_that_no_law_would_heed_is_a_violation(
    kind: Any, values: dict[str, Any], said: str
) -> None:
    """With the nearest word, and not in the trace."""
    trace, violations = recorded(kind, values)

    assert not trace
    assert len(violations) == 1
    assert violations[0].startswith("the target records ")
    assert said in violations[0]
