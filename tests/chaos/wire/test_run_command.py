"""`chaos run` on the wire, as a user meets it: disagreements, and that nothing is left out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from chaos import cli, session
from chaos.faults.delivery import Answered
from chaos.tiers.tier import Tier
from chaos.tiers.wire.carrier import WireCarrier
from chaos.tiers.wire.locate import LocatedToxiproxy
from chaos.verdict import Outcome

pytestmark = pytest.mark.wire

EXAMPLES = Path(__file__).parents[3] / "examples/parcels/scenarios"
SCENARIO = """\
version: 1
name: {name}
hypothesis: The toy asks once.
target: tests.chaos.toy:Toy
seed: 7
method:
  - ask: How is it?
    expect: {{answer.mode: {mode}}}
"""
Play = Callable[..., tuple[int, str]]


def write(folder: Path, name: str, mode: str = "llm") -> Path:
    """Write a scenario that passes, or fails if another mode is expected."""
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.format(name=name, mode=mode))
    return path


@pytest.fixture
def play(
    location: LocatedToxiproxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Play:
    """Run the command in this process; exit code and output."""
    del location

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["chaos", "run", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert isinstance(left.value.code, int)
        return left.value.code, capsys.readouterr().out

    return run


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call takes three seconds more, on the wire only."""

    def carry(carrier: WireCarrier, answered: Answered, *args: Any) -> None:
        punctual(carrier, answered.delayed(3.0, by="nothing"), *args)

    punctual = WireCarrier.carry
    monkeypatch.setattr(WireCarrier, "carry", carry)


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("columns", [60, 140])
def test_disagreement_is_shown_side_by_side(
    tmp_path: Path, play: Play, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Two columns as wide as the terminal allows, the line of the scenario, and the replay."""
    monkeypatch.setenv("COLUMNS", str(columns))
    path = write(tmp_path, "late")

    code, output = play(path, "--tier", "both")

    assert code == 1
    lines = output.splitlines()
    heading = next(at for at, line in enumerate(lines) if line.split() == ["simulated", "wire"])
    beside = lines[heading + 1]
    assert max(map(len, lines[heading : heading + 3])) <= columns
    assert ("<- weather 200 after 3s" in beside[lines[heading].index("wire") :]) == (columns > 100)
    assert ["at_s", "0.0", "3.0"] in [line.split() for line in lines]
    assert f"{path}:7: - ask: How is it?" in output
    assert f"replay: chaos run {path} --seed 7 --tier both" in output


@pytest.mark.usefixtures("late")
def test_disagreement_is_shown_side_by_side_in_files_too(tmp_path: Path, play: Play) -> None:
    """JSON and JUnit have the columns as text."""
    saved, junit = tmp_path / "results.json", tmp_path / "junit.xml"

    play(write(tmp_path, "late"), "--tier", "both", "--json", saved, "--junit", junit)

    _, wire = json.loads(saved.read_text())["scenarios"]
    shown = [v["side_by_side"] for v in wire["verdicts"] if v["check"] == "parity"]
    assert shown[0].split()[:2] == ["simulated", "wire"]
    (_, case) = next(iter(JUnitXml.fromfile(str(junit))))
    for row in shown[0].splitlines():
        assert row in case.result[0].text


def test_summary_counts_the_runs_of_each_tier(tmp_path: Path, play: Play) -> None:
    """Whoever reads it sees that no scenario was left out."""
    write(tmp_path, "one")
    write(tmp_path, "two")
    saved = tmp_path / "results.json"

    code, output = play(tmp_path, "--tier", "both", "--json", saved)

    assert code == 0
    assert "4 passed (2 simulated, 2 wire)" in output
    assert json.loads(saved.read_text())["tiers"] == {"simulated": 2, "wire": 2}


def test_stop_at_the_first_stops_before_the_next_tier(tmp_path: Path, play: Play) -> None:
    """What was to be seen has been seen; the wire would take its time to show it again."""
    write(tmp_path, "bad", mode="fallback")

    code, output = play(tmp_path, "--tier", "both", "-x")

    assert code == 1
    assert "0 passed, 1 failed;" in output


@pytest.mark.usefixtures("location")
def test_explored_interleavings_run_on_the_wire_as_well() -> None:
    """A call over a socket is one step of a schedule, as it is in the simulated tier."""
    loaded = session.load([EXAMPLES / "two-at-once.yaml"])

    simulated, wire = session.run(loaded, tier=Tier.BOTH).results

    explored = [
        next(verdict for verdict in result.verdicts if verdict.check == "interleavings")
        for result in (simulated, wire)
    ]
    assert explored[0] == explored[1]
    assert wire.verdicts[-1].check == "parity"
    assert wire.outcome is Outcome.PASSED
