"""The baseline: recorded, read, compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chaos.compare.baseline import Baseline, Comparison, conclude
from chaos.compare.changes import Change, Trend, changes
from chaos.compare.recorded import BaselineEntry
from chaos.errors import ChaosError
from chaos.runner.measures import Measures, Value, in_order, take
from chaos.verdict import Outcome, Verdict
from tests.chaos.reports import examples

HERE = [Path("scenarios")]
REPOSITORY = Path()


def baseline(**measures: Measures) -> Baseline:
    """Return a baseline of scenarios in the folder of the examples."""
    return Baseline(
        {
            name: BaselineEntry(path=f"scenarios/breaker/{name}.yaml", measures=each)
            for name, each in measures.items()
        }
    )


def test_measures_of_a_run_are_its_numbers() -> None:
    """Two failed waits of 2.5 s, three calls and one, an outage healed after 5 s."""
    assert take(examples.outage(), Outcome.FAILED, best_mode="llm") == {
        "verdict": "failed",
        "calls.openai": 4,
        "waits": 2,
        "waited_s": 5.0,
        "slowest_answer_s": 5.0,
        "time_to_open_s": 5.0,
        "time_to_recover_s": 60.0,
        "availability": 1.0,
        "best_answers": 0.5,
    }


def test_measures_that_had_no_occasion_are_none() -> None:
    """A run without faults recovered from nothing; it did not recover at once."""
    taken = take(examples.calm(), Outcome.PASSED, best_mode="llm")

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
        pytest.param("waits", 3, 2, Trend.BETTER, id="one wait less"),
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
    well = {"best_answers": 1.0}

    (change,) = changes("outage", {**well, key: was}, {**well, key: now})

    assert change.trend is trend


def test_equal_measures_are_no_change() -> None:
    """An integer that became the same float is no change, either."""
    assert changes("calm", {"waited_s": 5, "waits": 2}, {"waited_s": 5.0, "waits": 2}) == []


def test_baseline_of_a_suite_compares_as_equal() -> None:
    """What was just recorded holds."""
    suite = examples.mixed()

    comparison = Baseline.of(suite, REPOSITORY).compare(suite, HERE)

    assert comparison == Comparison()
    assert comparison.holds
    assert not comparison.outdated


def test_baseline_survives_being_written_and_read() -> None:
    """What is read equals what was written."""
    recorded = Baseline.of(examples.mixed(), REPOSITORY)

    assert Baseline.parse(recorded.dump(), "baseline.json") == recorded


def test_baseline_reads_well_in_a_diff() -> None:
    """Sorted by name, one number a line, ended by a newline, whatever order it was played in."""
    one, other, last = examples.mixed().results

    text = Baseline.of(examples.suite(last, other, one), REPOSITORY).dump()

    assert text == Baseline.of(examples.mixed(), REPOSITORY).dump()
    assert list(json.loads(text)["scenarios"]) == ["calm", "idle", "outage"]
    assert '      "calls.openai": 4,\n      "waits": 2,\n' in text
    assert text.endswith("}\n")


def edited(path: str, value: object) -> str:
    """Return the text of a baseline in which one thing was changed by hand."""
    document = json.loads(Baseline.of(examples.mixed(), REPOSITORY).dump())
    *folders, last = path.split("/")
    place = document
    for each in folders:
        place = place[each]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document, indent=2) + "\n"


GONE = object()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", r"b\.json:1:1: this is not a baseline", id="empty"),
        pytest.param('{"version": 2, "scen', r"b\.json:1:\d+: ", id="cut off"),
        pytest.param("[]", r"b\.json:1:1: this is not a baseline", id="a list"),
        pytest.param('{"scenarios": {}}', r"b\.json:1:1: .*version None", id="no version"),
        pytest.param('{"version": 2}', r"b\.json:1:1: .*no scenarios", id="no scenarios"),
        pytest.param(
            '{"version": 2, "scenarios": []}', r"b\.json:1:29: .*no scenarios", id="in a list"
        ),
        pytest.param(
            edited("scenario", {}), r"b\.json:\d+:\d+: unknown key 'scenario'", id="another key"
        ),
        pytest.param(
            edited("scenarios/calm/path", GONE), r"b\.json:\d+:\d+: the path", id="no path"
        ),
        pytest.param(
            edited("scenarios/calm/path", 1), r"b\.json:5:15: the path", id="a number for a path"
        ),
        pytest.param(
            edited("scenarios/calm/waits", GONE),
            r"b\.json:4:13: 'waits' is missing",
            id="a measure less",
        ),
        pytest.param(
            edited("scenarios/calm/price", 1),
            r"b\.json:\d+:\d+: price is 1; expected the name",
            id="no such measure",
        ),
        pytest.param(
            edited("scenarios/calm/calls.openai", "two"),
            r'b\.json:7:23: calls\.openai is "two"; expected a number',
            id="a number as text",
        ),
        pytest.param(
            edited("scenarios/calm/waits", []), r"b\.json:\d+:\d+: waits is", id="a list"
        ),
        pytest.param(
            edited("scenarios/calm/waits", bool(1)), r"b\.json:\d+:\d+: waits is true", id="yes"
        ),
        pytest.param(
            edited("scenarios/calm/waits", -1), r"b\.json:\d+:\d+: waits is -1", id="negative"
        ),
        pytest.param(
            edited("scenarios/calm/verdict", "fine"),
            r'b\.json:\d+:\d+: verdict is "fine"; expected one of',
            id="no verdict",
        ),
        pytest.param(
            edited("scenarios/calm/waits", 7),
            r"b\.json:\d+:\d+: the checksum of 'calm' does not match",
            id="edited by hand",
        ),
    ],
)
def test_damaged_baseline_is_told_with_its_place(text: str, said: str) -> None:
    """Whatever happened to the file, its reader is told where, and what to do."""
    with pytest.raises(ChaosError, match=said) as caught:
        Baseline.parse(text, "b.json")

    assert str(caught.value).endswith("record it with: chaos gate --update")


def test_every_mistake_of_a_baseline_is_told_at_once() -> None:
    """One edit can mend them all."""
    text = edited("scenarios/calm/waits", "none").replace('"waited_s": 5.0', '"waited_s": -5')

    with pytest.raises(ChaosError) as caught:
        Baseline.parse(text, "b.json")

    assert str(caught.value).count("b.json:") == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('"waits": 2,', '"waits": 2,\n      "waits": 2,', "waits", id="a measure"),
        pytest.param('    "idle": {', '    "calm": {},\n    "idle": {', "calm", id="a scenario"),
    ],
)
def test_what_stands_twice_in_a_baseline_is_a_mistake(old: str, new: str, said: str) -> None:
    """JSON would take the last of two in silence."""
    text = Baseline.of(examples.mixed(), REPOSITORY).dump()
    assert text.count(old) == 1

    with pytest.raises(ChaosError, match=rf"b\.json:\d+:\d+: .*{said}"):
        Baseline.parse(text.replace(old, new), "b.json")


def test_two_scenarios_of_one_file_are_a_mistake() -> None:
    """One of them is gone, and would be missed for ever, or never."""
    recorded = Baseline.of(examples.mixed(), REPOSITORY)
    twice = Baseline({**recorded.entries, "other": recorded.entries["calm"]})

    with pytest.raises(ChaosError, match="'other' has the file of 'calm'"):
        Baseline.parse(twice.dump(), "b.json")


def test_baseline_of_another_version_is_refused() -> None:
    """A file from a newer chaos is not damaged, and says so."""
    with pytest.raises(ChaosError, match="has version 3; expected 2"):
        Baseline.parse('{"version": 3, "scenarios": {}}', "b.json")


@pytest.mark.parametrize(
    ("was", "now", "trend"),
    [
        pytest.param(1.0, 1.0, Trend.BETTER, id="all are best"),
        pytest.param(0.5, 0.5, Trend.DIFFERENT, id="as many are best"),
        pytest.param(0.5, 1.0, Trend.DIFFERENT, id="more are best"),
        pytest.param(1.0, 0.5, Trend.WORSE, id="fewer are best"),
        pytest.param(None, None, Trend.DIFFERENT, id="nobody knows"),
    ],
)
def test_less_effort_is_better_only_if_nothing_is_left_undone(
    was: Value, now: Value, trend: Trend
) -> None:
    """A retry that was dropped saves a call, too."""
    before: Measures = {"calls.openai": 3, "best_answers": was}
    after: Measures = {"calls.openai": 1, "best_answers": now}

    found = {change.key: change.trend for change in changes("outage", before, after)}

    assert found["calls.openai"] is trend


def test_nothing_is_better_where_fewer_answers_are_good() -> None:
    """Whoever answers more questions worse has traded one for the other."""
    was: Measures = {"availability": 0.5, "best_answers": 0.5, "time_to_recover_s": 60.0}
    now: Measures = {"availability": 1.0, "best_answers": 0.25, "time_to_recover_s": 30.0}

    found = {change.key: change.trend for change in changes("outage", was, now)}

    assert found == {
        "availability": Trend.DIFFERENT,
        "best_answers": Trend.WORSE,
        "time_to_recover_s": Trend.DIFFERENT,
    }


def test_nothing_is_better_in_a_run_that_failed() -> None:
    """The number may be the very one that an expectation was broken by."""
    well: Measures = {"best_answers": 1.0}
    was: Measures = {"verdict": "passed", "calls.openai": 3, **well}
    now: Measures = {"verdict": "failed", "calls.openai": 1, **well}

    trends = [change.trend for change in changes("outage", was, now)]

    assert trends == [Trend.WORSE, Trend.DIFFERENT]


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


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the scenarios that the suite is made of, each with a file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scenarios" / "breaker"
    folder.mkdir(parents=True)
    for result in examples.mixed().results:
        (folder / f"{result.name}.yaml").touch()
    return folder


def test_scenarios_that_were_not_asked_for_are_not_missed(files: Path) -> None:
    """Gating one folder compares that folder, and counts the rest."""
    suite = examples.suite(examples.mixed().results[0])
    recorded = Baseline.of(examples.mixed(), REPOSITORY)

    comparison = recorded.compare(suite, [files / "calm.yaml"])

    assert comparison == Comparison(elsewhere=2)
    assert comparison.holds


def test_scenario_whose_file_is_gone_is_missed_wherever_it_was(files: Path) -> None:
    """Also by a gate that was asked about another folder."""
    suite = examples.suite(examples.mixed().results[0])
    recorded = Baseline.of(examples.mixed(), REPOSITORY)
    (files / "idle.yaml").unlink()

    comparison = recorded.compare(suite, [files / "calm.yaml"])

    assert comparison == Comparison(missing=("idle",), elsewhere=1)
    assert not comparison.holds


def test_baseline_says_the_same_from_every_folder(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its paths begin where it lies, not where somebody called the gate."""
    recorded = Baseline.of(examples.mixed(), Path("scenarios"))
    assert recorded.entries["calm"].path == "breaker/calm.yaml"
    suite = examples.suite()
    monkeypatch.chdir(files)

    comparison = Baseline.parse(recorded.dump(), "../baseline.json").compare(suite, [Path()])

    assert comparison.missing == ("calm", "idle", "outage")


def test_update_of_a_part_keeps_the_rest(files: Path) -> None:
    """Recording one folder anew does not forget the others; what is gone from it goes."""
    suite = examples.suite(examples.result("calm", examples.calm()))
    old = Baseline(
        {
            "gone": BaselineEntry(path="scenarios/breaker/gone.yaml", measures={}),
            "moved": BaselineEntry(path="scenarios/retry/moved.yaml", measures={}),
            "other": BaselineEntry(path="scenarios/retry/other.yaml", measures={}),
        }
    )
    other = files.parent / "retry" / "other.yaml"
    other.parent.mkdir()
    other.touch()

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
        pytest.param(worse(Trend.DIFFERENT), Outcome.FAILED, id="different"),
        pytest.param(worse(Trend.WORSE), Outcome.FAILED, id="worse"),
        pytest.param(Comparison(new=("calm",)), Outcome.FAILED, id="new"),
        pytest.param(Comparison(missing=("gone",)), Outcome.FAILED, id="missing"),
    ],
)
def test_gate_on_a_suite_that_passed_goes_by_the_baseline(
    comparison: Comparison, outcome: Outcome
) -> None:
    """Only better leaves it open."""
    suite = examples.suite(examples.result("calm", examples.calm(), passed()))

    assert conclude(suite, comparison) is outcome


def test_gate_is_shut_by_a_failed_scenario_whatever_the_baseline_says() -> None:
    """A failure that is recorded is still one."""
    suite = examples.mixed()

    assert conclude(suite, Baseline.of(suite, REPOSITORY).compare(suite, HERE)) is Outcome.FAILED


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
    document: dict[str, Any] = json.loads(Baseline.of(examples.mixed(), REPOSITORY).dump())

    assert document["version"] == 2
    assert document["scenarios"]["calm"]["path"] == "scenarios/breaker/calm.yaml"
