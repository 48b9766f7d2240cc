"""Where commands write: what is refused before anything is played, and what `-` means."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

import pytest
import typer.main
from typer.core import TyperGroup

from chaos import cli
from chaos.commands.outputs import console_beside, write
from tests.chaos.test_cli import Chaos
from tests.chaos.test_cli import chaos as chaos  # noqa: PLC0414 - a fixture is found by its name
from tests.chaos.test_cli import write as write_scenario

HYPOTHESIS = "The toy tries again."


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario that passes, alone in the current folder."""
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    return write_scenario(Path(), "well")


def everything(folder: Path) -> dict[Path, bytes]:
    """Return each file below the folder with what is in it, and each folder."""
    return {each: each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "well.yaml", "--json", "."], "--json '.' cannot be written: it is a folder"),
        (["run", "well.yaml", "--sarif", "well.yaml/x/s"], "a file is where a folder must be"),
        (["run", "well.yaml", "--traces", "well.yaml"], "a file is where a folder must be"),
        (["run", "well.yaml", "--traces", "-"], "--traces takes a folder"),
        (["run", "well.yaml", "--html", "well.yaml"], "would be overwritten"),
        (["run", ".", "--html", "../{here}/well.yaml"], "would be overwritten"),
        (["run", "well.yaml", "--html", "new.YML"], "has the name of a scenario"),
        (["run", "well.yaml", "--html", "-", "--json", "-"], "--json and --html both write '-'"),
        (["run", "well.yaml", "--html", "x", "--json", "./x"], "--json and --html both write 'x'"),
        (["run", "well.yaml", "--json", "n" * 300], "cannot be written: File name too long"),
        (
            ["gate", "well.yaml", "--update", "--baseline", "well.yaml/b"],
            "--baseline 'well.yaml/b'",
        ),
        (["gate", "well.yaml", "--update", "--baseline", "."], "cannot"),
        (["gate", "well.yaml", "--update", "--summary", "."], "--summary '.' cannot"),
        (["explore", "well.yaml", "--into", "well.yaml/found"], "--into 'well.yaml/found' cannot"),
        (["explore", "well.yaml", "--json", "well.yaml"], "would be overwritten"),
        (["prove", "well.yaml", "--json", "."], "--json '.' cannot be written"),
        (["new", "well.yaml/new.yaml"], "'well.yaml/new.yaml' cannot be written"),
        (["schema", "well.yaml/s.json"], "'well.yaml/s.json' cannot be written"),
        (["report", "saved.json", "--html", "saved.json"], "would be overwritten"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_output_that_cannot_be_is_refused_before_anything_is_played(
    arguments: list[str], message: str, scenario: Path, chaos: Chaos
) -> None:
    """Exit 2 and one message; nothing was played, made or changed."""
    Path("saved.json").write_text("{}", encoding="utf-8")
    before = everything(Path())

    done = chaos(*(each.replace("{here}", Path.cwd().name) for each in arguments))

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(Path()) == before


def test_outputs_that_can_be_are_not_made_by_asking(tmp_path: Path) -> None:
    """Neither files nor folders; what a file holds stays there, and devices are shared."""
    kept = tmp_path / "kept.json"
    kept.write_text("mine", encoding="utf-8")

    console_beside(
        {
            "--json": kept,
            "--junit": tmp_path / "a" / "b" / "j.xml",
            "--html": Path(os.devnull),
            "--sarif": Path(os.devnull),
        },
        folders={"--traces": tmp_path / "a" / "traces"},
    )

    assert everything(tmp_path) == {kept: b"mine"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_is_not_opened_before_there_is_something_to_say(tmp_path: Path) -> None:
    """Whoever reads it would take the end of a trial for the end of everything."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    heard = select.poll()
    heard.register(reader)

    console_beside({"--json": tmp_path / "pipe"})

    assert heard.poll(0) == []
    os.close(reader)


@pytest.mark.parametrize("option", ["--json", "--junit", "--sarif", "--html"])
def test_dash_is_standard_output(option: str, scenario: Path, chaos: Chaos) -> None:
    """There is the document and nothing else; people are told on standard error."""
    done = chaos("run", scenario, option, "-")

    assert done.returncode == 0, done.stderr
    assert "1 passed" in done.stderr
    assert not Path("-").exists()
    if option in {"--json", "--sarif"}:
        json.loads(done.stdout)
    elif option == "--junit":
        assert ET.fromstring(done.stdout).tag == "testsuites"
    else:
        assert done.stdout.lower().startswith("<!doctype html>")


@pytest.mark.parametrize("option", ["--summary", "--sarif"])
def test_dash_is_standard_output_of_the_gate(
    option: str, scenario: Path, chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a CI server reads commands from what is said to people."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    chaos("gate", scenario, "--update", "--baseline", "b.json")
    write_scenario(Path(), "well", mode="fallback")

    done = chaos("gate", scenario, "--baseline", "b.json", option, "-")

    assert done.returncode == 1
    assert "::error" in done.stderr
    assert "gate: failed" in done.stderr
    assert "::error" not in done.stdout
    assert "FAILED" not in done.stdout
    assert "well" in done.stdout


def options(command: object, name: str = "chaos") -> Iterator[tuple[str, str]]:
    """Return what every command, and every one below it, says of the files it writes."""
    if isinstance(command, TyperGroup):
        for below, each in command.commands.items():
            yield from options(each, f"{name} {below}")
        return
    context = command.make_context(name, [], resilient_parsing=True)  # type: ignore[attr-defined]
    for each in command.get_params(context):  # type: ignore[attr-defined] # typer vendors its class
        if each.name.endswith("_file") and each.name not in {"baseline_file", "shard_file"}:
            yield f"{name} {each.opts[0]}", each.help


@pytest.mark.parametrize(
    ("option", "words"),
    [pytest.param(*each, id=each[0]) for each in options(typer.main.get_command(cli.app))],
)
def test_help_says_what_dash_means(option: str, words: str) -> None:
    """Of every option that names a document to write."""
    assert words.endswith("; - is standard output."), option


def test_shard_is_not_written_to_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says there how its own part went."""
    asked = ["run", "scenarios/smoke", "--shard", "1/1", "--shard-file", "-"]
    monkeypatch.setattr(sys, "argv", ["chaos", *asked])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "--shard-file cannot be -" in capsys.readouterr().err


def test_document_on_standard_output_is_utf_8(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """A lone half of a character, which UTF-8 lacks, is written as its escape."""
    write(Path("-"), '"✓ \ud800"')

    assert capsysbinary.readouterr().out == '"✓ \\ud800"'.encode()


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [["explain"], ["run", "--json", "-"], ["--help"]])
def test_full_standard_output_is_one_message(arguments: list[str], scenario: Path) -> None:
    """Exit 4: something is missing, and it is not that a scenario failed."""
    with FULL.open("wb") as full:
        done = in_a_shell(*arguments, *([] if "--help" in arguments else [scenario]), stdout=full)

    (line,) = [each for each in done.stderr.splitlines() if each.startswith("chaos:")]
    assert done.returncode == 4
    assert "standard output cannot be written: No space left on device; make room" in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["explain"], ["run", "--json", "-"]])
def test_closed_standard_output_is_a_quiet_end(arguments: list[str], scenario: Path) -> None:
    """As of any command that a closed pipe ended, whatever came of the scenarios."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = in_a_shell(*arguments, scenario, stdout=closed)

    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def in_a_shell(*arguments: str | Path, stdout: IO[bytes]) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, whose end is part of what is tested."""
    return subprocess.run(
        [sys.executable, "-m", "chaos", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )


SOUNDS = 'hypothesis: "Wörks ✓, \\e]0;pwned\\a as said."'


@pytest.mark.parametrize(
    "arguments", [["explain"], ["run"], ["run", "-v"], ["list"], ["replay"]], ids=" ".join
)
def test_terminal_without_the_letters_shows_their_numbers(
    arguments: list[str], scenario: Path, chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a stack trace instead of the finding."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write_scenario(Path(), "well", mode="fallback")
    scenario.write_text(scenario.read_text().replace(f"hypothesis: {HYPOTHESIS}", SOUNDS), "utf-8")
    monkeypatch.setattr(sys, "stdout", told)
    monkeypatch.setattr(sys, "argv", ["chaos", *arguments, str(scenario)])

    with pytest.raises(SystemExit) as left:
        cli.main()

    told.seek(0)
    assert left.value.code == (1 if {"run", "replay"} & {*arguments} else 0)
    assert r"W\xf6rks \u2713" in " ".join(told.read().split())


@pytest.mark.parametrize("command", ["explain", "run", "list", "replay"])
def test_terminal_is_not_steered_by_a_scenario(command: str, scenario: Path, chaos: Chaos) -> None:
    """What controls a terminal is shown as an escape; programs get the true text."""
    write_scenario(Path(), "well", mode="fallback")
    scenario.write_text(scenario.read_text().replace(f"hypothesis: {HYPOTHESIS}", SOUNDS), "utf-8")

    done = chaos(command, scenario)

    assert not {"\x1b", "\a"} & {*done.stdout}
    assert r"\x1b]0;pwned\x07 as said" in " ".join(done.stdout.split())
    document = json.loads(chaos("run", scenario, "--json", "-").stdout)
    assert document["scenarios"][0]["hypothesis"].endswith("\x1b]0;pwned\a as said.")
