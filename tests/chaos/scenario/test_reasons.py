"""Whether a text gives a reason."""

from __future__ import annotations

import pytest

from chaos.scenario.reasons import is_reason


@pytest.mark.parametrize(
    "text",
    [
        "The outage outlasts the run.",
        "Ausfall überdauert Lauf",
        "No 2nd attempt: see #14",
        "故障が長引くため",
        "Потому что сбой долгий",
        "It is shed.",
    ],
)
def test_sentence_is_a_reason(text: str) -> None:
    """In any language; what it says is for readers to judge."""
    assert is_reason(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "x",
        "todo",
        "TODO: write why",
        "TBD",
        "n/a",
        "because",
        "no no no no",
        "1 2 3 4",
        "fixme later, please",
        "not now",
        "?",
        "ja ja",
        "\u200b\u200b",
    ],
)
def test_shrug_is_no_reason(text: str) -> None:
    """A placeholder, a word or two, a word again and again."""
    assert not is_reason(text)
