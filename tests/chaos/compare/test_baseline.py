"""The baseline: recorded, read, compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chaos.compare.baseline import Baseline, Comparison, Entry, conclude
from chaos.compare.changes import Change, Trend, changes
from chaos.compare.measures import Measures, Value, in_order, take
from chaos.errors import ChaosError
from chaos.verdict import Outcome, Verdict
from tests.chaos.reports import examples

HERE = [Path("scenarios")]


def baseline(**measures: Measures) -> Baseline:
    """Return a baseline of scenarios in the folder of the examples."""
    return Baseline(
        {
            name: Entry(path=f"scenarios/breaker/{name}.yaml", measures=each)
            for name, each in measures.items()
        }
    )


def test_measures_of_a_run_are_its_numbers() -> None:
    """Two failed waits of 2.5 s, three calls and one, an outage healed after 5 s."""
    assert take(examples.outage(), Outcome.FAILED) == {
        "verdict": "failed",
        "calls.openai": 4,
        "waits": 2,
        "waited_s": 5.0,
        "slowest_answer_s": 5.0,
        "time_to_open_s": 5.0,
        "time_to_recover_s": 60.0,
        "availability": 1.0,
    }


def test_measures_that_had_no_occasion_are_none() -> None:
    """A run without faults recovered from nothing; it did not recover at once."""
    taken = take(examples.calm(), Outcome.PASSED)

    assert taken["time_to_open_s"] is None
    assert taken["time_to_recover_s"] is None
    assert taken["slowest_answer_s"] == 0.0


def test_measures_are_exact_to_the_microsecond_and_no_further() -> None:
    """Three waits of 0.1 s are 0.3 s: noise of adding floats would be a change of its own."""
    tale = examples.Tale().asks(1)
    for _ in range(3):
        tale.waits(0.1)

    assert take(tale.answer(elapsed_s=0.1234567).trace) == {
        "waits": 3,
        "waited_s": 0.3,
        "slowest_answer_s": 0.123457,
        "time_to_open_s": None,
        "time_to_recover_s": None,
        "availability": 1.0,
    }


def test_measures_come_in_one_order() -> None:
    """Verdict first, then calls by upstream, however they were found."""
    assert in_order(["waits", "calls.openai", "verdict", "calls.gcs", "waits"]) == [
        *("verdict", "calls.gcs", "calls.openai", "waits"),
    ]


@pytest.mark.parametrize(
    ("key", "was", "now", "trend"),
    [
        pytest.param("verdict", "passed", "failed", Trend.WORSE, id="verdict fell"),
        pytest.param("verdict", "passed", "inconclusive", Trend.WORSE, id="verdict in doubt"),
        pytest.param("verdict", "failed", "inconclusive", Trend.BETTER, id="verdict rose"),
        pytest.param("calls.openai", 3, 4, Trend.WORSE, id="one call more"),
        pytest.param("calls.openai", 4, 3, Trend.BETTER, id="one call less"),
        pytest.param("calls.gcs", None, 1, Trend.WORSE, id="a new upstream is called"),
        pytest.param("waits", 3, 2, Trend.DIFFERENT, id="one wait less"),
        pytest.param("waited_s", 6.0, 6.000001, Trend.WORSE, id="a microsecond longer"),
        pytest.param("slowest_answer_s", 9.0, 8.0, Trend.BETTER, id="faster"),
        pytest.param("time_to_open_s", 5.0, None, Trend.DIFFERENT, id="no longer opens"),
        pytest.param("time_to_recover_s", 60.0, None, Trend.WORSE, id="no longer recovers"),
        pytest.param("time_to_recover_s", None, 60.0, Trend.BETTER, id="recovers at last"),
        pytest.param("availability", 1.0, 0.99, Trend.WORSE, id="less available"),
        pytest.param("availability", 0.9, 1.0, Trend.BETTER, id="more available"),
    ],
)
def test_change_is_for_better_or_worse(key: str, was: Value, now: Value, trend: Trend) -> None:
    """Each measure knows which way it is better."""
    (change,) = changes("outage", {key: was}, {key: now})

    assert change.trend is trend


def test_equal_measures_are_no_change() -> None:
    """An integer that became the same float is no change, either."""
    assert changes("calm", {"waited_s": 5, "waits": 2}, {"waited_s": 5.0, "waits": 2}) == []


def test_baseline_of_a_suite_compares_as_equal() -> None:
    """What was just recorded holds."""
    suite = examples.mixed()

    comparison = Baseline.of(suite).compare(suite, HERE)

    assert comparison == Comparison()
    assert comparison.holds
    assert not comparison.outdated


def test_baseline_survives_being_written_and_read() -> None:
    """What is read equals what was written."""
    recorded = Baseline.of(examples.mixed())

    assert Baseline.parse(recorded.dump(), "baseline.json") == recorded


def test_baseline_reads_well_in_a_diff() -> None:
    """Sorted by name, one number a line, ended by a newline, whatever order it was played in."""
    one, other, last = examples.mixed().results

    text = Baseline.of(examples.suite(last, other, one)).dump()

    assert text == Baseline.of(examples.mixed()).dump()
    assert list(json.loads(text)["scenarios"]) == ["calm", "idle", "outage"]
    assert '      "calls.openai": 4,\n      "waits": 2,\n' in text
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('{"version": 1, "scen', id="cut off"),
        pytest.param("[]", id="a list"),
        pytest.param('{"scenarios": {}}', id="no version"),
        pytest.param('{"version": 1}', id="no scenarios"),
        pytest.param('{"version": 1, "scenarios": []}', id="scenarios in a list"),
        pytest.param('{"version": 1, "scenarios": {"a": {"waits": 1}}}', id="no path"),
        pytest.param('{"version": 1, "scenarios": {"a": {"path": 1}}}', id="a number for a path"),
        pytest.param('{"version": 1, "scenarios": {"a": {"path": "", "x": 1}}}', id="no measure"),
        pytest.param(
            '{"version": 1, "scenarios": {"a": {"path": "", "waits": []}}}', id="no number"
        ),
    ],
)
def test_damaged_baseline_is_one_clear_message(text: str) -> None:
    """Whatever happened to the file, its reader is told which file and what to do."""
    with pytest.raises(ChaosError, match=r"'b\.json' is damaged .* chaos gate --update"):
        Baseline.parse(text, "b.json")


def test_baseline_of_another_version_is_refused() -> None:
    """A file from a newer chaos is not damaged, and says so."""
    with pytest.raises(ChaosError, match="has version 2; expected 1"):
        Baseline.parse('{"version": 2, "scenarios": {}}', "b.json")


def test_missing_baseline_says_how_to_record_one(tmp_path: Path) -> None:
    """The first gate of a project tells what to do."""
    with pytest.raises(
        ChaosError, match=r"no baseline at .*; record one with: chaos gate --update"
    ):
        Baseline.read(tmp_path / "baseline.json")


def test_new_and_missing_scenarios_break_the_baseline() -> None:
    """A scenario that was renamed is one of each."""
    suite = examples.suite(examples.result("calm", examples.calm()))

    comparison = baseline(quiet={"waits": 0}).compare(suite, HERE)

    assert (comparison.new, comparison.missing) == (("calm",), ("quiet",))
    assert not comparison.holds


def test_scenarios_that_were_not_asked_for_are_not_missed() -> None:
    """Gating one folder compares that folder, and counts the rest."""
    suite = examples.suite(examples.mixed().results[0])
    recorded = Baseline.of(examples.mixed())

    comparison = recorded.compare(suite, [Path("scenarios/breaker/calm.yaml")])

    assert comparison == Comparison(elsewhere=2)
    assert comparison.holds


def test_update_of_a_part_keeps_the_rest() -> None:
    """Recording one folder anew does not forget the others; what is gone from it goes."""
    suite = examples.suite(examples.result("calm", examples.calm()))
    old = Baseline(
        {
            "gone": Entry(path="scenarios/breaker/gone.yaml", measures={}),
            "other": Entry(path="scenarios/retry/other.yaml", measures={}),
        }
    )

    new = old.updated(suite, [Path("scenarios/breaker")])

    assert sorted(new.entries) == ["calm", "other"]


def worse(trend: Trend) -> Comparison:
    """Return a comparison with one change."""
    return Comparison(changes=(Change(scenario="calm", key="waits", was=1, now=2, trend=trend),))


@pytest.mark.parametrize(
    ("comparison", "outcome"),
    [
        pytest.param(Comparison(), Outcome.PASSED, id="as recorded"),
        pytest.param(worse(Trend.BETTER), Outcome.PASSED, id="better"),
        pytest.param(worse(Trend.DIFFERENT), Outcome.PASSED, id="different"),
        pytest.param(worse(Trend.WORSE), Outcome.FAILED, id="worse"),
        pytest.param(Comparison(new=("calm",)), Outcome.FAILED, id="new"),
        pytest.param(Comparison(missing=("gone",)), Outcome.FAILED, id="missing"),
    ],
)
def test_gate_on_a_suite_that_passed_goes_by_the_baseline(
    comparison: Comparison, outcome: Outcome
) -> None:
    """Worse, new and missing shut it; better and different do not."""
    suite = examples.suite(examples.result("calm", examples.calm(), passed()))

    assert conclude(suite, comparison) is outcome


def test_gate_is_shut_by_a_failed_scenario_whatever_the_baseline_says() -> None:
    """A failure that is recorded is still one."""
    suite = examples.mixed()

    assert conclude(suite, Baseline.of(suite).compare(suite, HERE)) is Outcome.FAILED


@pytest.mark.parametrize(
    ("elsewhere", "outcome"),
    [
        pytest.param(0, Outcome.INCONCLUSIVE, id="the whole suite"),
        pytest.param(9, Outcome.PASSED, id="a part of it"),
    ],
)
def test_gate_wants_every_law_put_to_the_test_by_the_whole_suite(
    elsewhere: int, outcome: Outcome
) -> None:
    """A suite that never tested a law proves nothing about it; a part need not."""
    idle = tuple(
        Verdict(check=law.check, outcome=Outcome.INCONCLUSIVE, reason="no occasion")
        for law in examples.laws()
    )
    suite = examples.suite(examples.result("calm", examples.calm(), passed(), laws=idle))

    assert conclude(suite, Comparison(elsewhere=elsewhere)) is outcome


def passed() -> Verdict:
    """Return an expectation that held."""
    return examples.verdict(Outcome.PASSED)


def test_dump_has_a_version_and_paths_with_slashes() -> None:
    """A later chaos can tell what it reads, on any system."""
    document: dict[str, Any] = json.loads(Baseline.of(examples.mixed()).dump())

    assert document["version"] == 1
    assert document["scenarios"]["calm"]["path"] == "scenarios/breaker/calm.yaml"
