"""What a judgement costs grows with the run, and not with its square.

Lines are counted, not seconds: they are the same on a machine that has other things to do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from chaos.checks.laws.answers import NoFabricatedSuccess
from chaos.choices import Seeded
from chaos.faults.injector import Injector
from chaos.ports import Operation, Promises
from chaos.scenario.faults import ConnectionRefusedFault
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.checks.story import Story, passed


def lines_of(work: Callable[[], object], module: str) -> int:
    """How many lines of a module it takes, those of comprehensions each time round."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.endswith(module):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_twice_as_many_answers_take_twice_as_long_to_judge() -> None:
    """Each has questions and words of its own, which are found and not looked for."""

    def judged(asks: int) -> int:
        story = Story()
        for number in range(1, asks + 1):
            story = story.asks(number).says("Reboot it.").answer(text="Reboot it.")
        verdicts = []
        lines = lines_of(
            lambda: verdicts.append(story.judged_by(NoFabricatedSuccess, Promises())),
            "checks/laws/answers.py",
        )
        assert passed(verdicts[0])
        return lines

    assert judged(80) < 2.2 * judged(40)


@pytest.mark.parametrize("faults", [10, 20])
def test_call_does_not_ask_faults_that_cannot_strike_it(faults: int) -> None:
    """Those of connections are asked when somebody connects."""
    injector = Injector(Seeded(1))
    for _ in range(faults):
        injector.inject(
            ConnectionRefusedFault(upstream="openai", fault="connection_refused"), now_s=0.0
        )

    lines = lines_of(
        lambda: injector.decide(OpenAIUpstream(), Operation("chat.completions"), call=1),
        "faults/injector.py",
    )

    assert lines < 10
