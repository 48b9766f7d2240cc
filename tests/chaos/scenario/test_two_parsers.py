"""The quick parser and the exact one read the same, or the quick one leaves it to the other.

To search longer::

    CHAOS_FUZZ=10000 pytest tests/chaos/scenario/test_two_parsers.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaos.scenario.reader import Reading, _read_exactly, _read_quickly, read_text

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "scenarios").rglob("*.yaml"))
PLAIN = [path.read_text(encoding="utf-8") for path in FILES]

searched = settings(
    max_examples=int(os.environ.get("CHAOS_FUZZ", "150")),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

pieces = st.text(alphabet="\n -:'\"#{}[],|>&*!%@`?~\\abc0.<=é/+\t\r\x85\u2028", max_size=3)


@st.composite
def torn(draw: st.DrawFn) -> str:
    """A few lines of a scenario, with something else in them."""
    lines = draw(st.sampled_from(PLAIN)).split("\n")
    begin = draw(st.integers(0, max(0, len(lines) - 3)))
    text = "\n".join(lines[begin : begin + draw(st.integers(1, 8))])
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(pieces) + text[at + draw(st.integers(0, 2)) :]
    return text


def known(reading: Reading | None) -> object:
    """All that is known of a text; the data as written, because 1 is equal to true."""
    assert reading is not None
    return repr(reading.data), reading.findings.source, reading.findings.problems


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_scenario_is_read_quickly(path: Path) -> None:
    """Otherwise a suite takes fifteen times as long to read."""
    text = path.read_text(encoding="utf-8")

    assert known(_read_quickly(text, "a.yaml")) == known(_read_exactly(text, "a.yaml"))


@searched
@given(torn())
def test_what_is_read_quickly_is_read_the_same(text: str) -> None:
    """Data, and the position of each node; and nothing wrong was passed over."""
    quick = _read_quickly(text, "a.yaml")

    if quick is not None:
        assert known(quick) == known(_read_exactly(text, "a.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &x 1", id="anchor"),
        pytest.param("a: !!str 1", id="tag"),
        pytest.param("a: 1\na: 2", id="key twice"),
        pytest.param("a: [1", id="not closed"),
        pytest.param("a:\tb", id="tab"),
        pytest.param("a: 1\r\nb: 2", id="carriage return"),
        pytest.param("%YAML 1.1\n---\na: on", id="directive"),
        pytest.param("a: 1\n---\nb: 2", id="second document"),
        pytest.param('a: "x\x85y"', id="line break of YAML 1.1"),
        pytest.param("", id="nothing"),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_exact_parser(text: str) -> None:
    """It knows best what is wrong."""
    assert _read_quickly(text, "a.yaml") is None
    assert known(read_text(text, "a.yaml")) == known(_read_exactly(text, "a.yaml"))
