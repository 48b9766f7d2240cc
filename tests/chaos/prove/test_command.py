"""`chaos prove` as its user meets it, on a few scenarios and defects of the helpdesk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from chaos.commands.prove import prove
from chaos.errors import ChaosError

SCENARIOS = Path(__file__).parents[3] / "scenarios"
FEW = [
    str(SCENARIOS / "breaker" / "opens-after-exactly-five.yaml"),
    str(SCENARIOS / "retry" / "retry-after-in-seconds.yaml"),
    str(SCENARIOS / "index" / "stale-copy-is-served-and-said.yaml"),
]
THEIRS = (
    "threshold-off-by-one or no-half-open-gate or retry-after-ignored or stale-not-said-by-the"
)

app = typer.Typer()
app.command()(prove)


@pytest.mark.slow
def test_prove_finds_what_a_few_scenarios_catch_and_miss(tmp_path: Path) -> None:
    """Three scenarios catch three defects of five; the two survivors end the command with 1."""
    written = tmp_path / "proof.json"

    done = CliRunner().invoke(app, [*FEW, "-k", THEIRS, "--json", str(written), "-j", "2"])

    assert done.exit_code == 1, done.output
    fates = {each["name"]: each["fate"] for each in json.loads(written.read_text())["defects"]}
    assert fates == {
        "threshold-off-by-one": "killed",
        "no-half-open-gate": "survived",
        "retry-after-ignored": "killed",
        "stale-not-said-by-the-model": "killed",
        "stale-not-said-by-the-fallback": "survived",
    }
    assert "5 defects: 3 killed, 2 survived" in done.output


def test_prove_writes_json_alone_to_standard_output() -> None:
    """The lines for people go to the other stream."""
    done = CliRunner().invoke(app, [*FEW[:1], "-k", "threshold-off-by-one", "--json", "-"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["counts"]["killed"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "no-such-defect"], "defects matches -k 'no-such-defect'"),
        (["--scenarios", "no-such-one"], "no scenario matches 'no-such-one'"),
    ],
    ids=["no defect", "no scenario"],
)
def test_prove_says_that_nothing_matches(arguments: list[str], message: str) -> None:
    """Nothing to prove is a mistake in the arguments, not a proof."""
    done = CliRunner().invoke(app, [*FEW, *arguments])

    assert isinstance(done.exception, ChaosError)
    assert message in str(done.exception)
