"""`chaos explore` and `chaos replay`, from arguments to exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from chaos.commands.explore import explore
from chaos.commands.replay import replay
from chaos.errors import ChaosError

EXAMPLES = Path(__file__).parents[3] / "examples/parcels/scenarios"

app = typer.Typer()
app.command()(explore)
app.command()(replay)


@pytest.fixture
def trusting(tmp_path: Path) -> Path:
    """The workload of the example, for the desk that trusts its carrier."""
    path = tmp_path / "three-parcels.yaml"
    text = (EXAMPLES / "three-parcels.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("target:Parcels", "target:TrustingParcels"), encoding="utf-8")
    return path


def test_explore_finds_writes_and_fails(trusting: Path, tmp_path: Path) -> None:
    """Exit code 1, a file, and the command that replays it; which fails as well."""
    into = tmp_path / "found"

    result = CliRunner().invoke(
        app, ["explore", str(trusting), "--faults", "1", "--into", str(into)]
    )

    (written,) = into.iterdir()
    assert result.exit_code == 1
    assert "covered: every run with 1 fault" in result.output
    assert f"replay it with: chaos replay {written}" in result.output
    again = CliRunner().invoke(app, ["replay", str(written)])
    assert again.exit_code == 1
    assert "every-ask-is-answered" in again.output


def test_explore_within_its_budget_finds_nothing_and_says_how_far_it_came(
    tmp_path: Path,
) -> None:
    """Exit code 0, and no word of having covered what it did not."""
    path = EXAMPLES / "three-parcels.yaml"

    result = CliRunner().invoke(
        app, ["explore", str(path), "--runs", "30", "--into", str(tmp_path)]
    )

    assert result.exit_code == 0
    assert "not covered, because --runs was reached first" in result.output
    assert "found: nothing" in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--random"], "a random search never ends"),
        (["--menu", "tiemout"], "did you mean 'timeout'"),
        (["--reduce"], "none are searched; add --preemptions"),
        (["--reduce", "--preemptions", "1", "--orders", "1"], "leave out one of"),
        (
            ["--reduce", "--preemptions", "1", "--shard", "1/2"],
            "depends on what the other shards see",
        ),
        (["--reduce", "--preemptions", "1", "--random", "--runs", "9"], "leave out one of"),
    ],
    ids=[
        "random without a limit",
        "no such fault",
        "reduced without interruptions",
        "reduced with a limit for turns",
        "reduced in shards",
        "reduced at random",
    ],
)
def test_explore_refuses_what_makes_no_sense(options: list[str], told: str) -> None:
    """A mistake of its user is told, not searched."""
    path = EXAMPLES / "three-parcels.yaml"

    result = CliRunner().invoke(app, ["explore", str(path), *options])

    assert isinstance(result.exception, ChaosError)
    assert told in str(result.exception)


@pytest.mark.slow
def test_findings_of_one_name_do_not_overwrite_each_other(trusting: Path, tmp_path: Path) -> None:
    """A second search numbers its file."""
    into = tmp_path / "found"
    arguments = ["explore", str(trusting), "--faults", "1", "--into", str(into)]

    for _ in range(2):
        CliRunner().invoke(app, arguments)

    names = sorted(path.stem for path in into.iterdir())
    assert names == [
        "three-parcels-every-ask-is-answered",
        "three-parcels-every-ask-is-answered-2",
    ]


@pytest.mark.slow
def test_explore_searches_several_scenarios_and_closes_with_a_table(
    trusting: Path, tmp_path: Path
) -> None:
    """Each by itself, one line each in the end; one finding among them fails the command."""
    sound = EXAMPLES / "carrier-down.yaml"
    options = ["--faults", "1", "--menu", "malformed", "--into", str(tmp_path / "found")]
    wide = CliRunner(env={"COLUMNS": "160"})

    result = wide.invoke(app, ["explore", str(sound), str(trusting), *options])

    assert result.exit_code == 1
    _, _, closing = result.output.partition("What was searched")
    rows = [line.split() for line in closing.splitlines()[2:]]
    assert {row[0]: row[-1] for row in rows if row} == {
        "carrier-down": "none",
        "three-parcels": "every-ask-is-answered",
    }
    assert all("up to 1 fault" in " ".join(row) for row in rows if row)


@pytest.mark.slow
def test_explore_writes_what_it_has_come_to_as_json(trusting: Path, tmp_path: Path) -> None:
    """On standard output, with nothing beside it: how much, how far, and where findings are."""
    into = tmp_path / "found"
    options = ["--runs", "120", "--into", str(into), "--json", "-"]

    result = CliRunner().invoke(app, ["explore", str(trusting), *options])

    (search,) = json.loads(result.stdout)["searches"]
    assert search["runs"] == 120
    assert search["per_second"] > 0
    assert search["covered"][0] == 1
    assert search["not_covered"]["because"] == "--runs"
    assert search["not_covered"]["runs"] < search["not_covered"]["of"]
    (finding,) = search["findings"]
    assert (finding["check"], finding["fails_by_itself"]) == ("every-ask-is-answered", True)
    assert [Path(finding["file"])] == list(into.iterdir())
