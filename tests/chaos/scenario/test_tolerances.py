"""Tolerances: what they accept, how they are read and written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.ports import Vocabulary
from chaos.scenario.expectations import Expectation, expecting
from chaos.scenario.kinds import Kind
from chaos.scenario.problems import ScenarioError
from chaos.scenario.reader import read_text
from chaos.scenario.source import Findings
from chaos.scenario.tolerance_parser import ToleranceParser
from chaos.scenario.tolerances import Equals, Modes, Range, Tolerance


def parse_tolerance(value: object, kind: Kind, words: tuple[str, ...] = ()) -> Tolerance:
    """The value of an expectation, as the loader reads it."""
    findings = Findings()
    tolerance = ToleranceParser(findings, words).tolerance(value, kind, ())
    if tolerance is None:
        raise ScenarioError(findings.problems)
    return tolerance


@pytest.mark.parametrize(
    ("kind", "value", "accepted", "refused"),
    [
        (Kind.COUNT, 3, [3, 3.0], [2, 4, True, "3", None]),
        (Kind.COUNT, {"at_least": 1}, [1, 9], [0, True, None]),
        (Kind.COUNT, {"at_least": 1, "at_most": 3, "not": 2}, [1, 3], [0, 2, 4]),
        (Kind.COUNT, {"one_of": [1, 3]}, [1, 3], [2]),
        (Kind.DURATION, "15s", [15.0, 15.0000001], [14.99, 15.01, None]),
        (Kind.DURATION, {"at_most": "50ms"}, [0, 0.05], [0.051]),
        (Kind.DURATION, {"between": ["2s", "3s"]}, [2.0, 3.0], [1.9, 3.1]),
        (Kind.DURATION, None, [None], [0.0]),
        (Kind.SHARE, {"at_least": 0.99}, [0.99, 1], [0.98]),
        (Kind.NUMBER, -1.5, [-1.5], [1.5]),
        (Kind.TEXT, "open", ["open"], ["half_open", None]),
        (Kind.TEXT, {"contains": "VPN"}, ["the VPN is"], ["vpn", None]),
        (Kind.TEXT, {"matches": "^[a-z]+$"}, ["abc"], ["ABC", 5, None]),
        (Kind.TEXT, {"not": {"one_of": ["a", "b"]}}, ["c", None], ["a"]),
        (Kind.FLAG, True, [True], [False, 1, None]),
        (Kind.FLAG, {"not": True}, [False], [True]),
        (Kind.TEXTS, ["a", "b"], [["a", "b"], ("a", "b")], [["b", "a"], ["a"], "ab"]),
        (Kind.TEXTS, [], [[]], [["a"], ""]),
        (Kind.TEXTS, {"contains": "a"}, [["b", "a"]], [["b"], []]),
        (Kind.TEXTS, {"one_of": [["a"], ["b"]]}, [["b"]], [["a", "b"]]),
        (Kind.DURATIONS, [{"between": ["2s", "3s"]}, "4s"], [[2.5, 4]], [[4, 4], [2.5]]),
        (Kind.DURATIONS, {"contains": {"at_least": "7s"}}, [[2, 7]], [[2]]),
    ],
)  # fmt: skip
def test_tolerance_accepts_what_it_says(
    kind: Kind, value: Any, accepted: list[object], refused: list[object]
) -> None:
    """And nothing else: not a number for a text, not true for one."""
    tolerance = parse_tolerance(value, kind)

    assert [each for each in accepted if not tolerance.accepts(each)] == []
    assert [each for each in refused if tolerance.accepts(each)] == []


@pytest.mark.parametrize(
    ("value", "accepted", "refused"),
    [
        ({"fallback": 5}, [{"fallback": 5}, {"fallback": 5, "llm": 1}], [{"fallback": 4}, {}]),
        ({"error": 0}, [{}, {"llm": 3}], [{"error": 1}]),
        ({"llm": "all"}, [{"llm": 3}, {"llm": 3, "error": 0}], [{"llm": 3, "error": 1}, {}]),
        ({"llm": {"at_least": 2}, "error": 0}, [{"llm": 2}], [{"llm": 1}, {"llm": 2, "error": 1}]),
    ],
)
def test_counts_of_modes_are_accepted_as_they_say(
    value: Any, accepted: list[object], refused: list[object]
) -> None:
    """A mode that is not named is free; ``all`` leaves none over, and is more than nothing."""
    tolerance = parse_tolerance(value, Kind.MODES, ("llm", "fallback", "error"))

    assert [each for each in accepted if not tolerance.accepts(each)] == []
    assert [each for each in refused if tolerance.accepts(each)] == []


def _scalars(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case Kind.DURATION:
            return st.integers(0, 10_000).map(lambda ms: f"{ms}ms")
        case Kind.COUNT:
            return st.integers(0, 1000)
        case Kind.FLAG:
            return st.booleans()
        case Kind.TEXT:
            return st.text(min_size=1, max_size=8)
        case _:
            return st.integers(0, 1)


@st.composite
def tolerances(draw: st.DrawFn) -> tuple[Kind, Any]:
    """A kind and the value of an expectation for it."""
    # Those have forms of their own.
    apart = {Kind.MODES, Kind.EVENTUALLY, Kind.LEADS_TO}
    kind = draw(st.sampled_from([k for k in Kind if k not in apart]))
    scalars = _scalars(kind.item or kind)
    if kind.item is not None:
        return kind, draw(st.lists(scalars, max_size=3) | scalars.map(lambda s: {"contains": s}))
    forms = [scalars, scalars.map(lambda s: {"not": s})]
    if kind is not Kind.FLAG:
        forms.append(st.lists(scalars, min_size=1, max_size=3).map(lambda s: {"one_of": s}))
    if kind is Kind.TEXT:
        forms.append(scalars.map(lambda s: {"contains": s, "not": s}))
    if kind in {Kind.DURATION, Kind.COUNT, Kind.NUMBER, Kind.SHARE}:
        forms += [
            scalars.map(lambda s: {"at_least": s}),
            scalars.map(lambda s: {"between": [s, s]}),
        ]
    return kind, draw(st.one_of(forms))


@settings(deadline=None, database=None)
@given(tolerances())
def test_description_is_read_back(case: tuple[Kind, Any]) -> None:
    """A tolerance is described as a scenario writes it, in one line: reports can be pasted."""
    kind, value = case
    tolerance = parse_tolerance(value, kind)

    described = tolerance.describe()
    reading = read_text(f"[{described}]", "a.yaml")

    assert "\n" not in described
    assert parse_tolerance(reading.data[0], kind) == tolerance


def test_bounds_are_merged() -> None:
    """Two bounds are described as one range."""
    tolerance = parse_tolerance({"at_least": 1, "at_most": 3}, Kind.COUNT)

    assert tolerance == Range(kind=Kind.COUNT, at_least=1, at_most=3)


def test_mistakes_of_one_value_come_together() -> None:
    """A tolerance with three mistakes is refused with three problems."""
    with pytest.raises(ScenarioError) as caught:
        parse_tolerance([{"at_mots": "1s"}, "2", {"between": ["3s", "x"]}], Kind.DURATIONS)

    assert [problem.code for problem in caught.value.problems] == [
        "unknown-tolerance",
        "duration-unit",
        "bad-duration",
    ]


def test_expectations_can_be_written_in_code(toy: Vocabulary) -> None:
    """In the words of a file, and without a location."""
    claims = expecting({"calls.openai": 3, "answers": {"llm": 1}}, toy)

    assert claims == (
        Expectation("calls.openai", Equals(3, Kind.COUNT)),
        Expectation("answers", Modes((("llm", Equals(1, Kind.COUNT)),))),
    )


def test_mistaken_expectations_in_code_are_refused(toy: Vocabulary) -> None:
    """With the same words as in a file, but for the place."""
    with pytest.raises(ScenarioError, match=r"^unknown observable 'calls.opanai'; expected"):
        expecting({"calls.opanai": 3}, toy)
