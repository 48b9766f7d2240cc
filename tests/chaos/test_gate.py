"""`chaos gate`, from its arguments to its exit code."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from chaos import session
from chaos.commands.gate import gate
from chaos.compare.baseline import Baseline
from chaos.errors import ChaosError
from chaos.ports import Promises
from chaos.reports.formats import GateCommand
from chaos.runner.result import RunResult
from chaos.runner.suite import SuiteResult
from chaos.verdict import Outcome
from tests.chaos.reports import examples
from tests.chaos.toy import Toy

SMOKE = Path(__file__).parents[2] / "scenarios" / "smoke" / "all-is-well.yaml"

Gate = Callable[..., Result]


@pytest.fixture
def run_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Return a gate that runs in an empty folder, outside of any CI."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    app.command(cls=GateCommand)(gate)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


@pytest.fixture
def plays(monkeypatch: pytest.MonkeyPatch) -> Callable[[SuiteResult], None]:
    """Return what decides which results the gate will see."""

    def played(suite: SuiteResult) -> None:
        def run(
            _: object, *, on_result: Callable[[RunResult], None], **_how: object
        ) -> SuiteResult:
            for result in suite.results:
                on_result(result)
            return suite

        monkeypatch.setattr(session, "collect", lambda _: session.Loaded([]))
        monkeypatch.setattr(session, "run", run)

    return played


def well() -> SuiteResult:
    """Return a suite that passed, and put every law to the test."""
    return examples.suite(
        examples.result("calm", examples.calm(), examples.verdict(Outcome.PASSED)),
        examples.result("outage", examples.outage(), examples.verdict(Outcome.PASSED)),
    )


def record(suite: SuiteResult) -> None:
    """Write the baseline of a suite where the gate looks for it."""
    Path("scenarios").mkdir()
    recorded = Baseline.of(suite, Path("scenarios"))
    Path("scenarios/baseline.json").write_text(recorded.dump(), encoding="utf-8")


def record_another(scenario: str, key: str, value: float) -> None:
    """Record that one number was another one when it was measured."""
    path = Path("scenarios/baseline.json")
    baseline = Baseline.read(path)
    entry = baseline.entries[scenario]
    other = replace(entry, measures={**entry.measures, key: value})
    new = replace(baseline, entries={**baseline.entries, scenario: other})
    path.write_text(new.dump(), encoding="utf-8")


def test_gate_passes_when_everything_is_as_recorded(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """Exit code 0, and a line that says so."""
    plays(well())
    record(well())

    result = run_gate()

    assert result.exit_code == 0, result.output
    assert "every number is as the baseline records it" in result.output
    assert "gate: passed" in result.output


def test_gate_shows_what_got_worse_and_fails(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """One call more is a regression: exit code 1, with what it was and is."""
    plays(well())
    record(well())
    record_another("outage", "calls.openai", 3)

    result = run_gate()

    assert result.exit_code == 1
    assert "worse  outage    calls to openai  3    4" in result.output
    assert "record it with: chaos gate --update" in result.output


def test_gate_tells_junit_what_got_worse(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """A CI server that reads nothing else must not show green."""
    plays(well())
    record(well())
    record_another("outage", "calls.openai", 3)

    run_gate("--junit", "junit.xml")

    text = Path("junit.xml").read_text(encoding="utf-8")
    assert 'message="not as the baseline records: calls to openai"' in text
    assert 'failures="1"' in text


def test_gate_shows_what_got_better_and_passes(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """An improvement shuts nothing, but wants to be recorded."""
    plays(well())
    record(well())
    record_another("calm", "slowest_answer_s", 9.0)

    result = run_gate()

    assert result.exit_code == 0
    assert "better  calm      slowest answer  9s   0ms" in result.output


def test_gate_fails_on_a_scenario_the_baseline_lacks(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """A new scenario is recorded on purpose, never by the way."""
    plays(well())
    record(examples.suite(well().results[0]))

    result = run_gate()

    assert result.exit_code == 1
    assert "not in the baseline: outage" in result.output


def test_gate_without_a_baseline_plays_nothing(
    run_gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so at once, not after a minute."""

    def load(_: Sequence[Path]) -> None:
        pytest.fail("a scenario was loaded")

    monkeypatch.setattr(session, "collect", load)

    result = run_gate()

    assert isinstance(result.exception, ChaosError)
    assert result.exception.exit_code == 2


def test_update_records_what_the_next_gate_finds_equal(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """Without any baseline, --update writes one that holds."""
    plays(well())
    Path("scenarios").mkdir()

    updated, again = run_gate("--update"), run_gate()

    assert updated.exit_code == 0, updated.output
    assert again.exit_code == 0, again.output


def test_update_mends_a_damaged_baseline(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """It is what the message about the damage says to do."""
    plays(well())
    record(well())
    Path("scenarios/baseline.json").write_text("{", encoding="utf-8")

    assert run_gate("--update").exit_code == 0
    folder = Path("scenarios")
    assert Baseline.read(folder / "baseline.json") == Baseline.of(well(), folder)


def test_update_refuses_a_suite_that_did_not_pass(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """A broken service never becomes what others are compared with."""
    plays(examples.mixed())

    result = run_gate("--update")

    assert result.exit_code == 1
    assert not Path("scenarios/baseline.json").exists()


def test_gate_writes_everything_it_is_asked_for(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """All outputs are written also, and above all, when the gate is shut."""
    plays(examples.mixed())
    record(examples.mixed())
    files = {name: f"out/gate.{name}" for name in ("junit", "sarif", "summary", "html", "json")}

    result = run_gate(
        *(word for name, file in files.items() for word in (f"--{name}", file)),
        *("--traces", "out/traces"),
    )

    assert result.exit_code == 1
    assert all(Path(file).stat().st_size for file in files.values())
    assert {path.name for path in Path("out/traces").iterdir()} == {
        *("calm.ndjson", "outage.ndjson", "idle.ndjson"),
    }
    found = json.loads(Path("out/gate.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert len(found) == 3


def test_gate_on_github_annotates_and_appends_to_the_step_summary(
    run_gate: Gate, plays: Callable[[SuiteResult], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What earlier steps wrote to the summary stays."""
    plays(examples.mixed())
    record(examples.mixed())
    Path("step.md").write_text("earlier\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "step.md")

    result = run_gate()

    assert "::error file=scenarios/breaker/outage.yaml,line=7," in result.output
    assert Path("step.md").read_text(encoding="utf-8").startswith("earlier\n## ❌ Chaos gate")


def test_gate_elsewhere_prints_no_workflow_commands(
    run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """A person's terminal is not a CI server."""
    plays(examples.mixed())
    record(examples.mixed())

    assert "::error" not in run_gate().output


def test_gate_plays_real_scenarios(run_gate: Gate) -> None:
    """From a YAML file to a recorded baseline and back, with nothing faked."""
    file = str(SMOKE)

    updated = run_gate(file, "--update", "--baseline", "b.json")
    again = run_gate(file, "--baseline", "b.json")

    # One scenario alone does not put every law to the test. It is recorded all the same.
    assert (updated.exit_code, again.exit_code) == (0, 3), again.output
    assert "gate:" not in updated.output
    assert "so the gate is inconclusive: bounded-attempts, " in again.output
    assert "every number is as the baseline records it" in again.output
    assert "all-is-well" in Baseline.read(Path("b.json")).entries


class Unpromising(Toy):
    """A service that promises to answer, and nothing about how it does it."""

    name = "unpromising"

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """No retries, no breaker, no cache."""
        return Promises(deadline_s=60)


OUTAGE = """\
version: 1
name: outage
hypothesis: It guesses while the provider is down, and knows once it is back.
target: TARGET
method:
  - inject: {id: outage, upstream: weather, fault: http_error, status: 503}
  - ask: And tomorrow?
    expect: {answer.mode: fallback}
  - heal: outage
  - ask: And tomorrow?
    expect: {answer.mode: llm}
"""


def test_gate_asks_nothing_of_a_service_that_it_has_not_promised(run_gate: Gate) -> None:
    """Without a breaker, a cache or a retry policy, no law about them keeps the gate shut."""
    file = Path("outage.yaml")
    file.write_text(OUTAGE.replace("TARGET", f"{__name__}:Unpromising"), encoding="utf-8")

    updated, again = [
        run_gate(str(file), "--baseline", "b.json", *more) for more in (["--update"], [])
    ]

    assert (updated.exit_code, again.exit_code) == (0, 0), again.output
    assert "gate: passed" in again.output


def test_gate_misses_a_law_that_is_promised_and_idle(run_gate: Gate) -> None:
    """Who promises not to repeat what is hopeless has to show it, and is told so by name."""
    file = Path("outage.yaml")
    file.write_text(OUTAGE.replace("TARGET", "tests.chaos.toy:Toy"), encoding="utf-8")

    run_gate(str(file), "--baseline", "b.json", "--update")
    result = run_gate(str(file), "--baseline", "b.json")

    assert result.exit_code == 3, result.output
    assert "so the gate is inconclusive: pauses-kept, no-doomed-retry\n" in result.output


@pytest.mark.parametrize("given", [[], ["scenarios", "--baseline", "my b.json"]])
def test_gate_says_how_to_record_what_it_was_asked_about(
    given: list[str], run_gate: Gate, plays: Callable[[SuiteResult], None]
) -> None:
    """The command it names is the one that was typed, with --update."""
    plays(well())
    record(examples.suite(well().results[0]))
    Path("my b.json").write_bytes(Path("scenarios/baseline.json").read_bytes())

    result = run_gate(*given)

    words = ["chaos", "gate", *given[:1], "--update", *given[1:]]
    assert f"record it with: {shlex.join(words)}\n" in result.output
