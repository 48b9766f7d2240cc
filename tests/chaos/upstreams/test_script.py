"""What a model is told to say, as it is written down."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.upstreams.replies import Breaks, Calls, Refuses, Says, as_reply
from chaos.upstreams.script import ReplyScript


@pytest.mark.parametrize(
    ("written", "reply"),
    [
        pytest.param("Hello.", Says("Hello."), id="a text"),
        pytest.param({"say": {"open": True}}, Says('{"open": true}'), id="JSON"),
        pytest.param({"refuse": "No."}, Refuses("No."), id="a refusal"),
        pytest.param({"call": {"refund": {"order": 7}}}, Calls("refund", order=7), id="a call"),
        pytest.param(
            {"call": {"refund": {}, "mail": None}, "before": "Wait."},
            Calls("refund", before="Wait.") & Calls("mail"),
            id="two calls",
        ),
        pytest.param({"call": {"refund": "{broken"}}, Calls("refund", "{broken"), id="no JSON"),
        pytest.param(
            {"break": {"after": 2, "code": "x", "say": "Hi"}},
            Breaks(after=2, code="x", reply=Says("Hi")),
            id="a break",
        ),
        pytest.param({"break": {}}, Breaks(), id="a break like any other"),
    ],
)
def test_plain_data_becomes_a_reply(written: Any, reply: Any) -> None:
    """What a file can hold says the same as an object."""
    assert as_reply(written) == reply
    assert as_reply(reply) is reply


@pytest.mark.parametrize(
    "written",
    [3, None, {}, {"say": "a", "refuse": "b"}, {"call": {}}, {"call": 3}, {"break": {"now": 1}}],
)
def test_what_is_no_reply_is_refused(written: Any) -> None:
    """The message says how replies are written."""
    with pytest.raises(ValueError, match="expected a text"):
        as_reply(written)


def test_first_part_that_fits_decides() -> None:
    """The order of a script is that of its rules, and capitals do not matter."""
    script = ReplyScript({"Printer": "One.", "print": "Two.", "": "Three."})

    said = [script.reply(question, turn=0) for question in ("my PRINTER", "reprint", "else")]

    assert said == [Says("One."), Says("Two."), Says("Three.")]


def test_last_turn_is_repeated() -> None:
    """After its last turn, the model goes on as in it."""
    script = ReplyScript(["One.", "Two."])

    assert [script.reply("?", turn=turn) for turn in range(3)] == [
        Says("One."),
        Says("Two."),
        Says("Two."),
    ]


def test_question_that_no_part_fits_is_left_to_the_model() -> None:
    """A script need not know every question, and an empty one knows none."""
    assert ReplyScript({"printer": "One."}).reply("VPN", turn=0) is None
    assert ReplyScript().reply("VPN", turn=0) is None
    assert ReplyScript().is_empty
    assert not ReplyScript("One.").is_empty


def test_function_is_asked_each_time() -> None:
    """A function sees question and turn, and may leave a question to the model."""
    script = ReplyScript(lambda question, turn: f"{question} {turn}" if turn else None)

    assert script.reply("VPN", turn=0) is None
    assert script.reply("VPN", turn=2) == Says("VPN 2")
    assert not script.is_empty


def test_script_without_turns_is_refused() -> None:
    """A rule has to say something."""
    with pytest.raises(ValueError, match="without turns"):
        ReplyScript({"printer": []})
