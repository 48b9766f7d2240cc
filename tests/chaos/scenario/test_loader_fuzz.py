"""Whatever a file holds, the loader ends with a scenario or with mistakes, never a traceback.

To search longer::

    CHAOS_FUZZ=10000 pytest tests/chaos/scenario/test_loader_fuzz.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaos.scenario.loader import Vocabularies, load_file, load_text
from chaos.scenario.problems import ScenarioError, render
from chaos.scenario.reader import read_bytes
from chaos.scenario.scalars import write
from tests.chaos.scenario.test_loader import LIFECYCLE

relaxed = settings(
    max_examples=int(os.environ.get("CHAOS_FUZZ", "60")),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

OTHER_WORDS = """
load advance restart clock publish_index refresh_index at name every users for step operation
calls toxicity latency as rate_limit corrupt completion at_least between one_of contains matches
not all because waive answer.reason waits.openai availability 5s -1h 4000d 1-2 .nan 1e999
99999999999999999999 null true 0 -1 1.5 [a- ( * & ! % @ ` | >
"""
WORDS = [word for word in re.split(r"[\s{},]+|: ", LIFECYCLE + OTHER_WORDS) if word]

scalars = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=6),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)
nodes = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
step_keys = ("ask", "load", "advance", "inject", "heal", "clock", "expect", "at", "restart")
steps = st.dictionaries(st.sampled_from(step_keys), nodes, max_size=2)
fault_keys = ("fault", "for", "calls", "toxicity", "status", "id", "as", "at", "after", "upstream")
faults = st.dictionaries(st.sampled_from(fault_keys), nodes).map(lambda fault: {"inject": fault})


def load(text: str, vocabularies: Vocabularies, file: Path | None = None) -> None:
    """Load a scenario, and show what is wrong with it if anything is."""
    try:
        if file is None:
            load_text(text, "a.yaml", vocabularies)
        else:
            load_file(file, vocabularies)
    except ScenarioError as error:
        told = error
    else:
        return
    assert len(str(told).splitlines()) == len(told.problems)
    for problem in told.problems:
        assert render(problem, text.splitlines())


@relaxed
@given(raw=st.binary(max_size=200))
def test_any_bytes_end_in_problems(raw: bytes) -> None:
    """A file of noise is read, or explained."""
    reading = read_bytes(raw, "a.yaml")

    for problem in reading.findings.problems:
        assert "\n" not in str(problem)


@relaxed
@given(text=st.text(st.sampled_from(" \n:-{}[]'\"&*!|>%@`#?,ab1.\t~\\")))
def test_any_yaml_ends_in_problems(text: str, vocabularies: Vocabularies) -> None:
    """Also what only looks like YAML."""
    load(text, vocabularies)


@relaxed
@given(parts=st.dictionaries(st.sampled_from(WORDS), nodes, max_size=6))
def test_any_mapping_ends_in_problems(parts: dict[str, Any], vocabularies: Vocabularies) -> None:
    """Well-formed YAML with the words of the language in the wrong places."""
    load("\n".join(f"{write(key)}: {write(value)}" for key, value in parts.items()), vocabularies)


@relaxed
@given(
    method=st.lists(steps | faults | nodes, max_size=5),
    expect=nodes,
    given_=nodes,
    waive=nodes,
)
def test_any_method_ends_in_problems(
    method: list[Any], expect: Any, given_: Any, waive: Any, vocabularies: Vocabularies
) -> None:
    """A sound head above anything."""
    body = {"method": method, "expect": expect, "given": given_, "waive": waive}
    head = "version: 1\nname: a\nhypothesis: It holds.\n"
    load(head + "\n".join(f"{key}: {write(value)}" for key, value in body.items()), vocabularies)


@relaxed
@given(data=st.data())
def test_any_change_to_a_sound_file_ends_in_problems(
    data: st.DataObject, vocabularies: Vocabularies, tmp_path: Path
) -> None:
    """Characters lost, doubled, or replaced by a word of the language."""
    text = LIFECYCLE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        put = data.draw(st.sampled_from(["", text[start:end] * 2, "\n", ": ", "- ", "\t", *WORDS]))
        text = text[:start] + put + text[end:]
    path = tmp_path / "breaker-lifecycle.yaml"
    path.write_text(text, encoding="utf-8")

    load(text, vocabularies, path)
