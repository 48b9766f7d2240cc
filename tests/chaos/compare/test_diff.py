"""`chaos diff` and `chaos report`: saved runs, read again, compared and drawn."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from chaos.commands.diff import diff
from chaos.commands.report import report
from chaos.compare.runs import Side, bare, compare_runs, sides
from chaos.compare.saved_results import read_results
from chaos.compare.traces import first_difference
from chaos.errors import ChaosError
from chaos.reports import as_json
from chaos.reports.formats import FormatsCommand
from chaos.reports.report import Report
from chaos.runner.measures import take
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.trace import ndjson
from chaos.trace.events import AnswerEvent, WaitEvent
from chaos.trace.trace import Trace
from chaos.verdict import Outcome
from tests.chaos.checks.story import Story
from tests.chaos.reports import examples


def longer(trace: Trace) -> Trace:
    """Return the same trace with its first wait a second longer."""
    events = list(trace)
    first = trace.of(WaitEvent)[0]
    events[first.seq] = dataclasses.replace(first, seconds=first.seconds + 1.0)
    return Trace(events)


def well_answered(trace: Trace) -> Trace:
    """Return the same trace with the best of answers."""
    return Trace(
        dataclasses.replace(event, mode="llm") if isinstance(event, AnswerEvent) else event
        for event in trace
    )


def save(suite: SuiteResult, folder: Path) -> Path:
    """Save a suite as `chaos run --json … --traces …` does; return its results."""
    (folder / "traces").mkdir(parents=True)
    for result in suite.results:
        path = folder / "traces" / f"{result.name}.ndjson"
        path.write_text(ndjson.dump(result.trace), encoding="utf-8")
    results = folder / "results.json"
    results.write_text(as_json.render(Report.of(suite)), encoding="utf-8")
    return results


@pytest.fixture
def chaos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return the two commands, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(diff)
    app.command(cls=FormatsCommand)(report)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


def test_saved_results_are_read_back_as_they_were(tmp_path: Path) -> None:
    """All but the file's text, the real time and what was promised, which are not saved."""
    results = save(examples.mixed(), tmp_path)

    read = read_results(results)

    def saved(run: RunResult) -> dict[str, object]:
        names = {field.name for field in dataclasses.fields(run)}
        names -= {"source", "real_s", "promised"}
        return {name: getattr(run, name) for name in names} | {"trace": tuple(run.trace)}

    assert list(map(saved, read)) == list(map(saved, examples.runs()))


def test_verdict_that_somebody_edited_is_not_believed(tmp_path: Path) -> None:
    """An outcome is what the verdicts come to; one that was typed says so."""
    results = save(examples.mixed(), tmp_path)
    document = json.loads(results.read_text(encoding="utf-8"))
    document["scenarios"][1]["outcome"] = "passed"
    results.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(ChaosError, match="outage is passed in the results, but its verdicts"):
        read_results(results)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param("{", "cannot be read", id="cut off"),
        pytest.param("[]", "does not hold results", id="something else"),
        pytest.param('{"scenarios": [{}]}', "does not hold results", id="half of it"),
        pytest.param(None, "no results at", id="missing"),
    ],
)
def test_damaged_results_are_one_clear_message(
    tmp_path: Path, damage: str | None, message: str
) -> None:
    """Whatever is wrong with the file, its reader is told which one."""
    results = tmp_path / "results.json"
    if damage is not None:
        results.write_text(damage, encoding="utf-8")

    with pytest.raises(ChaosError, match=message):
        read_results(results)


def test_trace_of_another_run_is_refused(tmp_path: Path) -> None:
    """Results and traces that do not belong together are not drawn as if they did."""
    results = save(examples.mixed(), tmp_path)
    trace = tmp_path / "traces" / "outage.ndjson"
    trace.write_text(ndjson.dump(longer(examples.outage())), encoding="utf-8")

    with pytest.raises(ChaosError, match=r"the trace of outage .* is of another run"):
        read_results(results)


def test_equal_traces_do_not_part() -> None:
    """Equal is equal."""
    assert first_difference(examples.outage(), examples.outage()) is None


def test_first_difference_names_the_event_and_its_fields() -> None:
    """The wait at event 7 is longer; nothing before it differs."""
    parting = first_difference(examples.outage(), longer(examples.outage()))

    assert parting is not None
    assert parting.seq == 7
    assert parting.differences == (("seconds", 2.5, 3.5),)


def test_trace_that_ends_early_parts_at_its_end() -> None:
    """The event that only one of them has is the difference."""
    parting = first_difference(examples.outage()[:5], examples.outage())

    assert parting is not None
    assert (parting.seq, parting.was) == (5, None)
    assert parting.now == examples.outage()[5]


def test_runs_that_are_equal_pass() -> None:
    """Every scenario is counted as the same, event for event."""
    compared = compare_runs(sides(examples.runs()), sides(examples.runs()))

    assert (compared.same, compared.outcome) == (3, Outcome.PASSED)


def test_runs_of_which_one_got_worse_fail() -> None:
    """A longer wait is for the worse."""
    compared = compare_runs(
        bare("outage", examples.outage()), bare("outage", longer(examples.outage()))
    )

    assert compared.outcome is Outcome.FAILED
    assert [change.key for change in compared.changes] == ["waited_s"]


def test_runs_of_which_one_got_better_pass() -> None:
    """The same the other way round is for the better, where every answer is the best."""
    calm = well_answered(examples.outage())
    was, now = [
        {"outage": Side(trace=trace, measures=take(trace, Outcome.PASSED, best_mode="llm"))}
        for trace in (longer(calm), calm)
    ]

    compared = compare_runs(was, now)

    assert compared.outcome is Outcome.PASSED
    assert len(compared.differences) == 1


def test_trace_by_itself_does_not_tell_what_is_better() -> None:
    """Less effort with answers of which nobody knows the worth is different, and no more."""
    compared = compare_runs(
        bare("outage", longer(examples.outage())), bare("outage", examples.outage())
    )

    assert compared.outcome is Outcome.INCONCLUSIVE


def test_runs_that_differ_in_no_measure_are_inconclusive() -> None:
    """An event that no measure counts is not worse, and does not go unseen."""
    stale = Story().asks(1).served("stale").says("Use the portal.").answer().trace

    compared = compare_runs(bare("calm", examples.calm()), bare("calm", stale))

    assert (compared.changes, compared.outcome) == ([], Outcome.INCONCLUSIVE)


def test_scenario_of_one_run_alone_is_inconclusive() -> None:
    """What is gone or new cannot be compared."""
    gone = compare_runs(bare("calm", examples.calm()), {})
    new = compare_runs({}, bare("calm", examples.calm()))

    assert (gone.only_before, gone.outcome) == (("calm",), Outcome.INCONCLUSIVE)
    assert (new.only_now, new.outcome) == (("calm",), Outcome.INCONCLUSIVE)


def test_diff_shows_where_the_runs_part_side_by_side(
    chaos: Callable[..., Result], tmp_path: Path
) -> None:
    """Exit code 1; the change, the first event that differs, and its field."""
    before = save(examples.mixed(), tmp_path / "before")
    slower = examples.result("outage", longer(examples.outage()))
    now = save(examples.suite(slower), tmp_path / "now")

    result = chaos("diff", str(before), str(now))

    assert result.exit_code == 1, result.output
    assert "worse   outage    waited in all  5s      6s" in result.output
    assert "outage: event 7 differs, at 0.000s" in result.output
    assert "waits 2.5s before openai is called again" in result.output
    assert "| " in result.output
    assert "seconds: 2.5 -> 3.5" in result.output
    assert "only before: calm, idle" in result.output


def test_diff_names_what_fails_now(chaos: Callable[..., Result], tmp_path: Path) -> None:
    """Where the same events are judged otherwise, the check that does so is shown."""
    passed = examples.result("outage", examples.outage(), examples.verdict(Outcome.PASSED))
    failed = examples.result("outage", examples.outage(), examples.verdict(Outcome.FAILED))
    before = save(examples.suite(passed), tmp_path / "before")
    now = save(examples.suite(failed), tmp_path / "now")

    result = chaos("diff", str(before), str(now))

    assert result.exit_code == 1
    assert "outage: the same events, judged differently" in result.output
    assert "failed now: method[1] calls.openai" in result.output


def test_diff_of_two_traces_needs_no_verdicts(
    chaos: Callable[..., Result], tmp_path: Path
) -> None:
    """Two bare traces are compared whatever their files are called."""
    for name, trace in (("old", examples.outage()), ("new", examples.outage())):
        (tmp_path / f"{name}.ndjson").write_text(ndjson.dump(trace), encoding="utf-8")

    result = chaos("diff", "old.ndjson", "new.ndjson")

    assert result.exit_code == 0, result.output
    assert "scenarios: 1 the same event for event, 0 not" in result.output


def test_diff_of_results_and_a_trace_is_refused(
    chaos: Callable[..., Result], tmp_path: Path
) -> None:
    """A whole run and one trace have nothing in common."""
    results = save(examples.mixed(), tmp_path / "before")

    result = chaos("diff", str(results), str(tmp_path / "before" / "traces" / "calm.ndjson"))

    assert isinstance(result.exception, ChaosError)


def test_report_draws_saved_results(chaos: Callable[..., Result], tmp_path: Path) -> None:
    """A page and a trace for Perfetto, from what an earlier run left behind."""
    results = save(examples.mixed(), tmp_path / "saved")

    result = chaos("report", str(results), "--html", "out/page.html", "--perfetto", "out/p.json")

    assert result.exit_code == 0, result.output
    assert "1 of 3 scenarios failed" in Path("out/page.html").read_text(encoding="utf-8")
    assert json.loads(Path("out/p.json").read_text(encoding="utf-8"))["traceEvents"]


def test_report_from_saved_results_is_the_report_of_the_run(
    chaos: Callable[..., Result], tmp_path: Path
) -> None:
    """Saving loses nothing that the page shows, as long as the files are there."""
    from chaos.reports.html import render  # noqa: PLC0415 - only this test renders itself

    results = save(examples.mixed(), tmp_path / "saved")
    for run in examples.runs():
        path = tmp_path / run.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(examples.YAML, encoding="utf-8")

    chaos("report", str(results), "--html", "page.html")

    page = Path("page.html").read_text(encoding="utf-8")
    assert page == render(Report.of(examples.mixed()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["calm.ndjson"], "nothing to write", id="no output"),
        pytest.param(["calm.ndjson", "--html", "p.html"], "bare trace", id="a page of a trace"),
        pytest.param(["none.ndjson", "--perfetto", "p.json"], "no trace at", id="no input"),
    ],
)
def test_report_says_what_it_needs(
    chaos: Callable[..., Result], arguments: list[str], message: str
) -> None:
    """Each mistake has a message of its own."""
    Path("calm.ndjson").write_text(ndjson.dump(examples.calm()), encoding="utf-8")

    result = chaos("report", *arguments)

    assert isinstance(result.exception, ChaosError)
    assert message in str(result.exception)
