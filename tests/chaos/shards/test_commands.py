"""Shards of every command, merged: what one machine gives, to the byte."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chaos.cli import app
from chaos.shards.file import KEYS, ShardFile
from tests.chaos.incidents.test_command import HEADER
from tests.chaos.incidents.test_comparison import SHORT
from tests.chaos.test_many_processes import without_real_time, write

SHOP = "tests.chaos.shards.shop_target:Guarded"
QUICK = "tests.chaos.explorer.targets:WatchedToy"
TIRED = "tests.chaos.explorer.targets:TiredToy"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder outside of any CI."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def suite(here: Path) -> Path:
    """Five scenarios of the toy; the fourth fails."""
    (here / "scenarios").mkdir()
    for number in range(5):
        write(here / "scenarios", f"s{number}", calls=2 if number == 3 else 1)
    return here


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite with both of its shards, played once for all who break them."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "scenarios").mkdir()
    for number in range(5):
        write(folder / "scenarios", f"s{number}", calls=2 if number == 3 else 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shards(2, "run", "-j", "1")
    return folder


@pytest.fixture
def parts(here: Path, played: Path) -> list[str]:
    """The files of both shards in a copy of the suite, which is the current folder."""
    shutil.copytree(played, here, dirs_exist_ok=True)
    return ["part-2.json", "part-1.json"]


@pytest.fixture
def shop(here: Path) -> Path:
    """Two scenarios of the shop that notice two of its three defects."""
    (here / "scenarios").mkdir()
    for question, price in (("one", 7), ("some", 21)):
        (here / "scenarios" / f"{question}.yaml").write_text(
            f"version: 1\nname: {question}\nhypothesis: It tells the price.\ntarget: {SHOP}\n"
            f"method:\n  - ask: {question}\n    expect: {{answer.text: '{price}'}}\n",
            encoding="utf-8",
        )
    return here


def chaos(*words: str) -> Result:
    """Run a command here; one process, so that a test takes no longer than it must."""
    return CliRunner().invoke(app, list(words))


def shards(number: int, *words: str) -> list[str]:
    """Play every shard of a command; return their files, the last first."""
    files = [f"part-{each}.json" for each in range(1, number + 1)]
    for each, file in enumerate(files, start=1):
        played = chaos(*words, "--shard", f"{each}/{number}", "--shard-file", file)
        assert Path(file).exists(), played.output
    return files[::-1]


def without_what_one_machine_says(text: str) -> str:
    """An output without real times and bars."""
    return re.sub(r"\s+", " ", without_real_time(text))


@pytest.mark.parametrize(
    ("of", "options"),
    [(1, ()), (2, ("-x",)), (3, ("-k", "s1 or s3"))],
    ids=["alone", "until the first failure", "with nothing for one of them"],
)
def test_merged_run_is_that_of_one_machine(suite: Path, of: int, options: tuple[str, ...]) -> None:
    """Exit code, output, JSON, JUnit, report and traces; also with more shards than scenarios."""
    reports = ("--json", "r.json", "--html", "r.html", "--junit", "r.xml", "--traces", "traces")
    alone = chaos("run", "-v", *options, *reports, "-j", "1")
    (suite / "traces").rename(suite / "alone")
    written = {each: (suite / each).read_bytes() for each in ("r.json", "r.html")}

    merged = chaos("merge", *shards(of, "run", *options, "-j", "1"), *reports, "-v")

    assert (merged.exit_code, alone.exit_code) == (1, 1), merged.output
    assert without_real_time(merged.output) == without_real_time(alone.output)
    assert {each: (suite / each).read_bytes() for each in written} == written
    for trace in (suite / "alone").iterdir():
        assert (suite / "traces" / trace.name).read_bytes() == trace.read_bytes()


def test_merged_gate_is_that_of_one_machine(suite: Path) -> None:
    """A change, a new scenario and one that has vanished, each told once and as by one machine."""
    (suite / "scenarios" / "s3.yaml").unlink()
    recorded = chaos("gate", "--update", "-j", "1")
    write(suite / "scenarios", "s1", calls=2, times=2)
    write(suite / "scenarios", "s8", calls=1)
    (suite / "scenarios" / "s0.yaml").unlink()
    reports = ("--json", "r.json", "--summary", "r.md", "--sarif", "r.sarif")
    alone = chaos("gate", *reports, "-j", "1")
    written = {each: (suite / each).read_bytes() for each in ("r.json", "r.sarif", "r.md")}
    (suite / "r.md").unlink()

    merged = chaos("merge", *shards(3, "gate", "-j", "1"), *reports)

    assert recorded.exit_code == 0
    assert merged.exit_code == alone.exit_code == 1, merged.output
    assert without_real_time(merged.output) == without_real_time(alone.output)
    assert "s0" in merged.output
    assert {each: (suite / each).read_bytes() for each in written} == written


def test_shard_of_a_gate_does_not_miss_the_scenarios_of_others(suite: Path) -> None:
    """Each passes by itself; only the file that is gone is missed, by whoever looks."""
    (suite / "scenarios" / "s3.yaml").unlink()
    chaos("gate", "--update", "-j", "1")

    played = [chaos("gate", "--shard", f"{each}/2", "-j", "1") for each in (1, 2)]

    assert [each.exit_code for each in played] == [0, 0], played[0].output + played[1].output
    assert "missing" not in played[0].output + played[1].output
    (suite / "scenarios" / "s0.yaml").unlink()
    missed = chaos("gate", "--shard", "1/2", "-j", "1")
    assert missed.exit_code == 1
    assert "s0" in missed.output


def test_merged_gate_records_a_baseline(suite: Path) -> None:
    """What no shard alone may: the file is the one that one machine records."""
    (suite / "scenarios" / "s3.yaml").unlink()
    chaos("gate", "--update", "-j", "1")
    recorded = (suite / "scenarios" / "baseline.json").read_bytes()
    files = shards(2, "gate", "-j", "1")
    (suite / "scenarios" / "baseline.json").unlink()

    merged = chaos("merge", *files, "--update")

    assert merged.exit_code == 0, merged.output
    assert (suite / "scenarios" / "baseline.json").read_bytes() == recorded


@pytest.mark.parametrize("of", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_merged_proof_is_that_of_one_machine(shop: Path, of: int) -> None:
    """Two defects are killed and one survives, whoever has planted which."""
    alone = chaos("prove", "--json", "p.json", "-j", "1", "--matrix")
    proof = (shop / "p.json").read_bytes()

    merged = chaos("merge", *shards(of, "prove", "-j", "1", "--matrix"), "--json", "p.json")

    assert (merged.exit_code, alone.exit_code) == (1, 1), merged.output
    assert (shop / "p.json").read_bytes() == proof
    assert json.loads(proof)["counts"]["killed"] == 2


def test_merged_proof_of_a_service_that_is_not_sound_plants_nothing(shop: Path) -> None:
    """As on one machine: the scenarios that do not pass are named."""
    path = shop / "scenarios" / "one.yaml"
    path.write_text(path.read_text().replace("'7'", "'8'"), encoding="utf-8")
    alone = chaos("prove", "-j", "1")

    merged = chaos("merge", *shards(2, "prove", "-j", "1"))

    assert (merged.exit_code, alone.exit_code) == (1, 1)
    assert without_real_time(merged.output) == without_real_time(alone.output)
    assert "1 of 2 scenarios do not pass without any defect: one" in merged.output


@pytest.mark.slow
def test_merged_mutants_are_those_of_one_machine(shop: Path) -> None:
    """The same sample, the same fates."""
    sample = ("prove", "--mutants", "5", "--seed", "2", "-j", "1")
    alone = chaos(*sample, "--json", "m.json")
    campaign = (shop / "m.json").read_bytes()

    merged = chaos("merge", *shards(2, *sample), "--json", "m.json")

    assert merged.exit_code == alone.exit_code, merged.output
    assert (shop / "m.json").read_bytes() == campaign
    assert len(json.loads(campaign)["mutants"]) == 5


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (QUICK, ("--faults", "2")),
        pytest.param(TIRED, ("--faults", "2", "--runs", "15"), marks=pytest.mark.slow),
        pytest.param(TIRED, ("--random", "--runs", "12"), marks=pytest.mark.slow),
        pytest.param(TIRED, ("-x",), marks=pytest.mark.slow),
    ],
    ids=["whole and pruned", "cut short", "at random", "until the first finding"],
)
def test_merged_search_is_that_of_one_machine(
    here: Path, target: str, options: tuple[str, ...]
) -> None:
    """Runs, coverage, what was saved and what was found, and the file of what was found."""
    write(here, "w", calls=1, target=target, times=3)
    menu = ("--menu", "timeout,http_error-503,rate_limit-5s")
    search = ("explore", "w.yaml", *menu, *options, "-j", "1")
    alone = chaos(*search, "--json", "e.json", "--into", "alone")
    found = json.loads((here / "e.json").read_text())

    merged = chaos("merge", *shards(3, *search), "--json", "e.json", "--into", "merged")

    assert merged.exit_code == alone.exit_code, merged.output
    assert _timeless(json.loads((here / "e.json").read_text())) == _timeless(found)
    assert _texts(here / "merged") == _texts(here / "alone") != {}


@pytest.mark.slow
def test_merged_incidents_are_those_of_one_machine(here: Path) -> None:
    """Rows in the order of the library, whoever has played them."""
    library = here / "scenarios" / "incidents"
    library.mkdir(parents=True)
    (library / "short.yaml").write_text(HEADER + SHORT, encoding="utf-8")
    what = ("incidents", "run", "--target", "no-retry", "--target", "retry-only", "-j", "1")
    alone = chaos(*what, "--json", "i.json", "--svg", "i.svg")
    written = (here / "i.json").read_bytes(), (here / "i.svg").read_bytes()

    merged = chaos("merge", *shards(3, *what), "--json", "i.json", "--svg", "i.svg")

    assert merged.exit_code == alone.exit_code == 0, merged.output
    assert ((here / "i.json").read_bytes(), (here / "i.svg").read_bytes()) == written


def test_file_of_a_shard_is_what_the_page_says(here: Path, parts: list[str]) -> None:
    """Every key is described, and what was played is what is here."""
    kept = json.loads((here / parts[0]).read_text())

    page = (Path(__file__).parents[3] / "docs" / "shards.md").read_text(encoding="utf-8")
    assert tuple(kept) == KEYS
    assert all(f"| `{key}` |" in page for key in KEYS)
    assert sorted(kept["made_of"]["files"]) == [f"scenarios/s{each}.yaml" for each in range(5)]


def _again(path: str, change: Change) -> None:
    """Change a shard as somebody else's chaos would have written it, with a digest that fits."""
    kept = json.loads(Path(path).read_text())
    change(kept)
    read = ShardFile.read(Path(path))
    Path(path).write_text(
        ShardFile(
            shard=type(read.shard)(**kept["shard"]),
            command=kept["command"],
            options=kept["options"],
            made_of=kept["made_of"],
            results=kept["results"],
        ).dump()
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda kept: kept["shard"].update(of=3), "one is shard 2/3, the other 1/2"),
        (lambda kept: kept.update(command="gate"), "one is of `chaos gate`, the other of"),
        (lambda kept: kept["options"].update(seed=7), "seed is 7 in one, and None in the other"),
        (
            lambda kept: kept["made_of"]["files"].update({"a.yaml": "0"}),
            "file 'a.yaml' is not",
        ),
        (lambda kept: kept["made_of"]["chaos"].update(version="9"), r"chaos \(9 and .*\) is not"),
        (
            lambda kept: kept["made_of"]["targets"].clear(),
            "the code of target 'tests",
        ),
        (lambda kept: kept["shard"].update(number=1), "are both shard 1/2"),
        (lambda kept: kept.update(results=[]), "does not hold results of `chaos run`"),
        (lambda kept: kept["results"]["runs"][0].update(digest="0"), "has another digest"),
        (lambda kept: kept["results"]["runs"].pop(), "no shard has a result of 's3'"),
    ],
    ids=["n", "command", "seed", "file", "version", "target", "twice", "none", "trace", "lacks"],
)
def test_shards_that_do_not_fit_are_refused(parts: list[str], change: Change, told: str) -> None:
    """With one message that names what does not fit."""
    _again("part-2.json", change)

    refused = chaos("merge", *parts)

    assert refused.exception is not None
    assert re.search(told, str(refused.exception)), refused.exception
    assert refused.exception.exit_code == 2  # type: ignore[attr-defined] # a ChaosError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not the file of a shard: line 1 column 1"),
        ("[]", "is not the file of a shard: it has no 'format'"),
        ('{"format": "chaos-shard-9"}', "its format is 'chaos-shard-9'"),
        ('{"outcome": "passed", "scenarios": []}', "it has no 'format'"),
        ('{"format": "chaos-shard-1"}', "is damaged: its digest is"),
    ],
)
def test_what_is_no_shard_is_refused(here: Path, text: str, told: str) -> None:
    """Results of another kind, of another version, or half of a file."""
    (here / "x.json").write_text(text, encoding="utf-8")

    refused = chaos("merge", "x.json")

    assert told in str(refused.exception)


def test_damaged_and_missing_shards_are_refused(here: Path, parts: list[str]) -> None:
    """One letter of a result is enough; and so is one file less."""
    missing = chaos("merge", parts[0])
    text = (here / parts[0]).read_text()
    (here / parts[0]).write_text(text.replace('"outcome": "failed"', '"outcome": "passed"', 1))
    (here / "cut.json").write_text(text[: len(text) // 2])

    damaged, cut = chaos("merge", *parts), chaos("merge", parts[1], "cut.json")

    assert "shard 1/2 is missing; expected 2 files" in str(missing.exception)
    assert "is damaged" in str(damaged.exception)
    assert "is not the file of a shard" in str(cut.exception)


def test_scenario_that_was_changed_since_is_refused(here: Path, parts: list[str]) -> None:
    """A report would point at lines that nobody has played."""
    write(here / "scenarios", "s3", calls=1)

    refused = chaos("merge", *parts)

    assert "not played with the files that are here: the file 'scenarios/s3.yaml'" in str(
        refused.exception
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("gate", "--update"), "--shard cannot be combined with --update"),
        (("run", "--watch"), "--shard cannot be combined with --watch"),
        (("run", "--check-order"), "--shard cannot be combined with --check-order"),
        (("explore", "scenarios", "--seconds", "1"), "--shard cannot be combined with --seconds"),
        (("run", "--shard-file", "scenarios/s0.yaml"), "--shard-file 'scenarios/s0.yaml'"),
    ],
    ids=lambda words: words[-1] if isinstance(words, tuple) else "",
)
def test_shard_of_what_has_no_parts_is_refused(
    suite: Path, words: tuple[str, ...], told: str
) -> None:
    """Before anything is played."""
    refused = chaos(*words, "--shard", "1/2")

    assert told in str(refused.exception), refused.output


def test_merge_refuses_to_write_what_its_shards_cannot(parts: list[str]) -> None:
    """Incidents have a picture, runs have not; what a CI job names for all steps is no request."""
    refused = chaos("merge", *parts, "--svg", "a.svg")
    summary = chaos("merge", *parts, "--summary", "a.md")

    assert "--svg is not for shards of `chaos run`" in str(refused.exception)
    assert "--summary is not for shards of `chaos run`" in str(summary.exception)


@pytest.mark.slow
def test_shards_that_saw_another_service_are_refused(shop: Path) -> None:
    """Each looks at the sound service by itself; if they differ, so do the machines."""
    files = shards(2, "prove", "-j", "1")
    _again(files[0], lambda kept: kept["results"]["sound"][0].update(outcome="inconclusive"))

    refused = chaos("merge", *files)

    assert "the shards disagree about the sound service" in str(refused.exception)


def test_runs_that_no_shard_has_played_are_played_by_the_merge(here: Path) -> None:
    """A search is whole even if a shard has left out a run that turns out to be needed."""
    write(here, "w", calls=1, target=QUICK, times=2)
    search = ("explore", "w.yaml", "--menu", "timeout,http_error-503", "--faults", "1", "-j", "1")
    alone = chaos(*search, "--json", "e.json")
    found = json.loads((here / "e.json").read_text())
    files = shards(2, *search)
    _again(files[0], lambda kept: kept["results"]["searches"][0]["runs"].pop())

    merged = chaos("merge", *files, "--json", "e.json")

    assert "played here: 1 run that no shard could know" in merged.output
    assert merged.exit_code == alone.exit_code
    assert _timeless(json.loads((here / "e.json").read_text())) == _timeless(found)


def test_shards_that_disagree_about_a_run_are_refused(here: Path) -> None:
    """All have played the ordinary run: what differs there, differs everywhere."""
    write(here, "w", calls=1, target=QUICK)
    files = shards(2, "explore", "w.yaml", "--menu", "timeout", "--faults", "1", "-j", "1")
    _again(files[0], lambda kept: kept["results"]["searches"][0]["runs"][0].__setitem__(-2, 9.5))

    refused = chaos("merge", *files)

    assert "the shards disagree about the run with deviations ()" in str(refused.exception)


def _timeless(searches: dict[str, Any]) -> dict[str, Any]:
    for search in searches["searches"]:
        del search["real_s"], search["per_second"]
        for finding in search["findings"]:
            finding["file"] = finding["file"] and Path(finding["file"]).name
    return searches


def _texts(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text(encoding="utf-8") for each in sorted(folder.glob("*"))}
