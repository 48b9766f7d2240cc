"""Bad input of every command: one message, exit code 2, no stack trace, and an end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import cli, session
from chaos.authoring.own_defect import SHOWS_STACK
from chaos.errors import OwnDefectError

GOOD = """\
version: 1
name: good
hypothesis: The toy tries again.
target: tests.chaos.toy:Toy
method:
  - ask: How is it?
    expect: {answer.mode: llm}
"""

Chaos = Callable[..., tuple[int, str]]


@pytest.fixture
def chaos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Chaos:
    """The command, called in a folder with one good scenario; its exit code, and what it says."""
    (tmp_path / "good.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["chaos", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out + said.err

    return call


def baseline_with_a_nul() -> None:
    """Make a baseline with a path that no file can have."""
    text = '{"version": 1, "scenarios": {"gone": {"path": "\\u0000"}}}'
    Path("given").write_text(text)


def nested_without_end() -> None:
    """Make JSON that is deeper than Python reads."""
    Path("given").write_text("[" * 100_000)


def link_to_itself() -> None:
    """Make a link in a ring of one."""
    Path("given").symlink_to("given")


def named_pipe() -> None:
    """Make what is read without end."""
    os.mkfifo("given")


def half_a_letter() -> None:
    """Make a file that is not UTF-8."""
    Path("given").write_bytes(b"version: 1\n\xff")


BAD = (baseline_with_a_nul, nested_without_end, link_to_itself, named_pipe, half_a_letter)


@pytest.mark.parametrize("make", BAD)
@pytest.mark.parametrize(
    "command",
    [
        ("validate", "given"),
        ("run", "given"),
        ("list", "given"),
        ("explain", "given"),
        ("explore", "given"),
        ("replay", "given"),
        ("prove", "given"),
        ("drill", "given"),
        ("gate", "good.yaml", "--baseline", "given"),
        ("diff", "given", "given"),
        ("report", "given", "--html", "page.html"),
        ("report", "given", "--perfetto", "trace.json"),
    ],
    ids=" ".join,
)
def test_every_command_refuses_what_it_cannot_read(
    command: tuple[str, ...], make: Callable[[], None], chaos: Chaos
) -> None:
    """Pipes, links to themselves and JSON without end among them."""
    make()

    code, said = chaos(*command)

    assert code == 2, said
    assert "Traceback" not in said
    assert "given" in said


@pytest.mark.parametrize("make", [named_pipe, link_to_itself, half_a_letter])
def test_schema_is_compared_with_text_alone(make: Callable[[], None], chaos: Chaos) -> None:
    """What cannot be read is told; what is another text is out of date, whatever it says."""
    make()

    code, said = chaos("schema", "given", "--check")

    assert code == 2, said
    assert "'given' cannot be read" in said


UNKNOWN_TARGET = """\
version: 1
name: given
hypothesis: All mistakes are told at once.
target: nowhere.to.be:Found
method:
  - inject: {upstream: weather, fault: latncy}
  - ask: How is it?
    expect: {answer.elapsed: 5, calls.weather: 1}
waive: [recovers]
"""
OTHER_MISTAKES = ("[unknown-fault]", "[duration-unit]", "[waive-without-because]")


@pytest.mark.parametrize(
    ("options", "codes"),
    [((), ("[unknown-target]", *OTHER_MISTAKES)), (("--no-import",), OTHER_MISTAKES)],
    ids=["importing", "not importing"],
)
def test_mistakes_are_told_beside_a_target_that_is_not_known(
    options: tuple[str, ...], codes: tuple[str, ...], chaos: Chaos
) -> None:
    """One edit can mend them all; which words the target has is another matter."""
    Path("given.yaml").write_text(UNKNOWN_TARGET)

    code, said = chaos("validate", *options, "given.yaml")

    assert code == 2
    assert [said.count(each) for each in codes] == [1] * len(codes)
    assert said.count("expected") == len(codes)


def test_validate_without_import_runs_nothing_of_the_target(chaos: Chaos) -> None:
    """A file from a stranger can be checked."""
    Path("stranger.py").write_text("from pathlib import Path\n\nPath('ran').touch()\n")
    Path("good.yaml").write_text(GOOD.replace("tests.chaos.toy:Toy", "stranger:Stranger"))

    code, said = chaos("validate", "--no-import", "good.yaml")

    assert code == 0, said
    assert "1 scenarios are valid, apart from words of the target" in said
    assert not Path("ran").exists()
    assert chaos("validate", "good.yaml")[0] == 2
    assert Path("ran").exists()


def test_path_longer_than_any_is_shown_in_short(chaos: Chaos) -> None:
    """The error of the file system is not for people, and five thousand letters neither."""
    code, said = chaos("validate", "x" * 5000)

    assert code == 2
    assert "its name is too long for a file" in said
    assert len(said) < 300


def test_trace_nested_without_end_is_damaged(chaos: Chaos) -> None:
    """Traces are JSON as well, a line at a time."""
    Path("a.ndjson").write_text("[" * 100_000 + "\n")

    code, said = chaos("diff", "a.ndjson", "a.ndjson")

    assert code == 2
    assert "line 1 is not an event" in said


def test_prove_of_a_module_alone_has_no_defects_to_plant(chaos: Chaos) -> None:
    """The layout that the page on own services shows: one file, no package."""
    Path("alone.py").write_text(
        "from tests.chaos.toy import Toy\n\n\nclass Alone(Toy):\n    pass\n"
    )
    Path("good.yaml").write_text(GOOD.replace("tests.chaos.toy:Toy", "alone:Alone"))

    code, said = chaos("prove", "good.yaml")

    assert code == 2
    assert "no defects are known" in said


TARGETS = {
    "exits": "import sys\nsys.exit(0)\n",
    "vocabulary-fails": """
from tests.chaos.toy import Toy
class Mine(Toy):
    @classmethod
    def vocabulary(cls):
        return 1 / 0
""",
    "vocabulary-is-none": """
from tests.chaos.toy import Toy
class Mine(Toy):
    @classmethod
    def vocabulary(cls):
        return {}
""",
    "promises-is-a-coroutine": """
from tests.chaos.toy import Toy
class Mine(Toy):
    @classmethod
    async def promises(cls, settings):
        return None
""",
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("wrong", TARGETS)
def test_mistakes_of_a_target_are_its_authors(wrong: str, chaos: Chaos) -> None:
    """Not taken for the end of the command, which would be green, nor for a defect of chaos."""
    module = f"mine_{wrong.replace('-', '_')}"
    Path(f"{module}.py").write_text(TARGETS[wrong])
    Path("good.yaml").write_text(GOOD.replace("tests.chaos.toy:Toy", f"{module}:Mine"))

    code, said = chaos("run", "good.yaml")

    assert code == 2, said
    assert f"target '{module}:Mine'" in said


def test_error_that_nobody_foresaw_is_a_defect_of_chaos(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exit code of its own, and one line that is worth a report."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("none left")

    monkeypatch.setattr(session, "collect", broken)

    code, said = chaos("run", "good.yaml")

    assert code == OwnDefectError.exit_code == 5
    assert "this is a defect of chaos" in said
    (line,) = (line for line in said.splitlines() if line.startswith("please report this line:"))
    assert "ZeroDivisionError: none left" in line
    assert "chaos/commands/run.py:" in line
    assert "Traceback" not in said
    monkeypatch.setenv(SHOWS_STACK, "1")
    assert "Traceback" in chaos("run", "good.yaml")[1]


@pytest.mark.parametrize(
    ("command", "place", "wanted"),
    [
        (
            ("run", "good.yaml"),
            "chaos.session.run",
            ["0 of 1 scenarios were played", "--from good"],
        ),
        (
            ("gate", "good.yaml", "--update", "--baseline", "b.json"),
            "chaos.session.run",
            ["0 of 1 scenarios were played", "start again with: chaos gate good.yaml --update"],
        ),
        (
            ("prove", "helpdesk.yaml", "-k", "retry"),
            "chaos.prove.proof.prove",
            ["defects were examined", "start again with: chaos prove helpdesk.yaml -k retry"],
        ),
        (
            ("explore", "good.yaml"),
            "chaos.explorer.campaign.Campaign.search",
            ["the search of good had reached", "chaos explore good.yaml --seconds 60"],
        ),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_interrupt_says_how_far_it_came(
    command: tuple[str, ...],
    place: str,
    wanted: list[str],
    chaos: Chaos,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code 130, and how to go on, or to begin again."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    text = GOOD.replace("tests.chaos.toy:Toy", "helpdesk").replace("name: good", "name: helpdesk")
    Path("helpdesk.yaml").write_text(text)

    code, said = chaos(*command)

    assert code == 130, said
    assert "nothing was left behind" in said
    for part in wanted:
        assert part in said.replace("\n", " "), said


def test_interrupt_of_incidents_says_how_far_it_came(
    chaos: Chaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pairs of incident and service are what is counted there."""
    monkeypatch.chdir(Path(__file__).parents[2])

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chaos.incidents.comparison.compare", interrupted)

    code, said = chaos("incidents", "run", "--target", "helpdesk")

    assert code == 130, said
    assert "0 of" in said
    assert "start again with: chaos incidents run" in said
