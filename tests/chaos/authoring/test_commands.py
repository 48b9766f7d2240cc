"""The authoring commands as a user meets them: output, files and exit codes."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import cli, session
from chaos.errors import ChaosError
from chaos.interactive.interruption import HeldInterrupt, from_name, interruption
from chaos.ports import Target
from chaos.scenario.faults import FAULTS
from chaos.scenario.schema import SCHEMA_FILE
from chaos.simulation.timing.real import sleep as real_sleep
from chaos.targets import find_target
from tests.chaos.authoring.conftest import Chaos
from tests.chaos.toy import Toy

BREAKER = Path("scenarios/breaker").absolute()


def test_schema_check_tells_fresh_from_stale(tmp_path: Path, chaos: Chaos) -> None:
    """The shipped schema is what the models say; any other text is stale, and says what to do."""
    stale = tmp_path / "old.json"
    stale.write_text("{}")

    assert chaos("schema", "--check").returncode == 0
    done = chaos("schema", stale, "--check")

    assert done.returncode == 1
    assert f"chaos schema {stale}" in done.stderr
    assert stale.read_text() == "{}"


def test_schema_goes_where_it_is_told(tmp_path: Path, chaos: Chaos) -> None:
    """To a file, to standard output, and with the words of one target."""
    chaos("schema", tmp_path / "new.json")

    assert (tmp_path / "new.json").read_text() == SCHEMA_FILE.read_text()
    assert chaos("schema").stdout == SCHEMA_FILE.read_text()
    assert '"cache.quarantined"' in chaos("schema", "--target", "helpdesk").stdout


def test_new_writes_a_file_that_passes(
    tmp_path: Path, chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked where nobody sits; the file and its schema are there, and it passes."""
    monkeypatch.chdir(tmp_path)

    written = chaos("new", "--fault", "timeout")
    played = chaos("run", "scenarios")

    assert written.returncode == 0, written.stderr
    assert "wrote scenarios/openai-timeout.yaml" in written.stdout
    assert Path("scenarios/scenario.schema.json").read_text() == SCHEMA_FILE.read_text()
    assert "$schema=scenario.schema.json" in Path("scenarios/openai-timeout.yaml").read_text()
    assert "1 passed" in played.stdout


def test_new_asks_on_a_terminal(
    tmp_path: Path, chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not given is asked for; the answer is what is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter(["openai", "latency"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))

    done = chaos("new", "mine.yaml")

    assert done.returncode == 0, done.stderr
    assert "fault: latency, latency: 2s" in Path("mine.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fault", "latncy"], "did you mean 'latency'?"),
        (["--upstream", "opnai"], "did you mean 'openai'?"),
        (["--with", "status"], "expected KEY=VALUE"),
        (["--target", "helpdsk"], "did you mean 'helpdesk'?"),
        (["taken.yaml"], "--force"),
    ],
    ids=["fault", "upstream", "parameter", "target", "existing file"],
)
def test_new_refuses_with_one_message(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    chaos: Chaos,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong argument writes nothing, and says what would be right."""
    monkeypatch.chdir(tmp_path)
    Path("taken.yaml").write_text("mine")

    done = chaos("new", *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["taken.yaml"]
    assert Path("taken.yaml").read_text() == "mine"


def test_new_points_to_no_line_of_a_file_it_did_not_write(
    tmp_path: Path, chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parameter the fault does not have is told without a place."""
    monkeypatch.chdir(tmp_path)

    done = chaos("new", "mine.yaml", "--fault", "rate_limit", "--with", "retry_afer=7s")

    assert done.returncode == 2
    assert done.stderr.startswith("unknown key 'retry_afer' in fault 'rate_limit'; expected ")
    assert list(tmp_path.iterdir()) == []


def test_explain_says_it_in_words(chaos: Chaos) -> None:
    """Claim, steps and timeline; nothing is played."""
    done = chaos("explain", BREAKER / "breaker-lifecycle.yaml")

    assert done.returncode == 0
    assert "from now on (outage), openai answers HTTP 503" in done.stdout
    assert "outage  [=======================]" in done.stdout


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--faults", [*FAULTS, "retry_after_as", "toxicity"]),
        ("--steps", ["publish_index", "Background traffic begins"]),
        ("--observables", ["answer.mode", "calls.openai.chat.completions", "index.sha256"]),
        ("--settings", ["openai.breaker.recovery_timeout", "a duration"]),
        ("--laws", ["no-call-while-open", "An open breaker lets no request through."]),
        ("--targets", ["helpdesk", "openai, gcs"]),
    ],
)
def test_list_shows_the_words_of_the_language(option: str, words: list[str], chaos: Chaos) -> None:
    """Each option shows every word and its meaning."""
    done = chaos("list", option)

    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stdout


def test_list_knows_the_words_of_another_target(chaos: Chaos) -> None:
    """--target takes what a scenario takes."""
    done = chaos("list", "--observables", "--target", f"{Toy.__module__}:{Toy.__name__}")

    assert "guesses" in done.stdout
    assert "fallbacks so far" in done.stdout


def test_list_breaks_no_row_of_a_table(chaos: Chaos, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal each law is an entry of its own; a table needs a wide one."""
    monkeypatch.setenv("COLUMNS", "80")
    narrow = chaos("list", "--laws").stdout.splitlines()
    monkeypatch.setenv("COLUMNS", "300")
    wide = chaos("list", "--laws").stdout.splitlines()

    first = narrow.index("every-ask-is-answered")
    assert narrow[first + 1] == "    No question ends in an exception or after its deadline."
    assert max(map(len, narrow)) <= 80
    assert all(line == line.rstrip() for line in narrow)
    assert wide[0].split() == ["law", "rests", "on", "what", "every", "run", "must", "obey"]
    assert "No question ends in an exception" in wide[1]


def test_list_refuses_scenarios_beside_words(chaos: Chaos) -> None:
    """-k would do nothing there; an option that does nothing is a mistake."""
    assert chaos("list", "--laws", "-k", "breaker").returncode == 2


def test_interruption_says_how_to_go_on() -> None:
    """How many ran, how they ended, and the command for the rest, with its other options."""
    loaded = session.load([BREAKER])
    suite = session.run(loaded[:2])

    said = interruption(suite.results, loaded, ["run", "a b", "--from", "x", "--seed", "7"])

    assert f"interrupted: 2 of {len(loaded)} scenarios were played (2 passed)" in said
    following = loaded[2].scenario.name
    assert f"continue with: chaos run 'a b' --seed 7 --from {following}" in said


def test_suite_begins_where_it_is_told() -> None:
    """--from leaves out what comes before; an unknown name is a mistake."""
    loaded = session.load([BREAKER])

    rest = from_name(loaded, loaded[2].scenario.name)

    assert list(rest) == loaded[2:]
    assert list(from_name(loaded, "")) == loaded
    with pytest.raises(ChaosError, match="did you mean 'breaker-lifecycle'"):
        from_name(loaded, "breaker-lifecycl")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs have their folders."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("chaos.runner.life._scratch", lambda: folder)
    return folder


def interrupt_at(number: int, interrupt: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    """Have Ctrl-C pressed in the middle of a question."""
    asked = itertools.count()
    target: type[Target] = find_target("helpdesk")
    ask = target.ask

    def interrupted(self: Target, question: str) -> object:
        if next(asked) == number:
            interrupt()
        return ask(self, question)

    patch.setattr(target, "ask", interrupted)


def test_ctrl_c_ends_a_suite_between_two_runs(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    """The run it falls into is played to its end; exit 130, the way on, and no folder."""
    interrupt_at(9, lambda: signal.raise_signal(signal.SIGINT), monkeypatch)

    done = chaos("run", BREAKER, "-j", "1")

    assert done.returncode == 130
    assert "interrupted: 2 of" in done.stderr
    assert "(2 passed)" in done.stderr
    assert f"continue with: chaos run {BREAKER} -j 1 --from " in done.stderr
    assert list(scratch.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_is_held_back_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """At once: a run may be long, and whoever presses it wants to know that it was heard."""
    with HeldInterrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)

        assert "Ctrl-C again ends at once" in capfd.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            interrupt.act()


def test_second_ctrl_c_does_not_wait(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    """A run that takes too long can be left all the same."""

    def press_twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            real_sleep(0.001)  # The main thread notes the first.
        os.kill(os.getpid(), signal.SIGINT)
        real_sleep(0.1)

    interrupt_at(9, press_twice, monkeypatch)

    done = chaos("run", BREAKER, "-j", "1")

    assert done.returncode == 130
    assert "interrupted: 1 of" in done.stderr
    assert list(scratch.iterdir()) == []


def test_output_is_plain_in_a_pipe(chaos: Chaos) -> None:
    """No escape codes where no terminal is."""
    done = chaos("run", BREAKER / "breaker-lifecycle.yaml")

    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("chaos ex", "explain"),
        ("chaos list --la", "--laws"),
        ("chaos new --fault lim", "limit_data"),
    ],
)
def test_shell_completion_knows(
    typed: str, offered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, options, and the words that an option takes."""
    monkeypatch.setenv("_CHAOS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))

    with pytest.raises(SystemExit):
        cli.app(prog_name="chaos")

    assert offered in capsys.readouterr().out.split()
