"""README and docs do what they say: every scenario is played, every command is run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaos import cli
from chaos.authoring.fragments import play_fragment, whole
from chaos.authoring.reference_examples import LAWS
from chaos.targets import find_target
from chaos.tiers.simulated.world import Simulation
from tests.docs.blocks import Block, Command, blocks, commands, is_like

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUITE = ("smoke/all-is-well.yaml", "breaker/breaker-lifecycle.yaml")
"""What stands for all scenarios where a page plays them all."""

KNOWN = {"console", "json", "python", "sh", "text", "toml", "yaml"}


@dataclass(frozen=True)
class Sandbox:
    """A folder in which the commands of one page are run."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, command: Command) -> tuple[int, str]:
        """Exit code and output; `chaos` alone runs here, where its imports are paid for."""
        words = shlex.split(command.line)
        if words[0] == "chaos" and not set(words) & {"|", "&&", ">"}:
            return self._chaos(words)
        if words[:2] == ["python3", "-m"]:
            return _installing(command.line), ""
        done = subprocess.run(
            ["bash", "-c", command.line],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _chaos(self, words: list[str]) -> tuple[int, str]:
        self.monkeypatch.setattr(sys, "argv", words)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = self.capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out + said.err

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)]),
            "XDG_CACHE_HOME": str(self.folder / ".cache"),
        }


@pytest.fixture
def sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """An empty folder but for a few scenarios; modules that a page wrote are forgotten."""
    for name in SUITE:
        copy = tmp_path / "scenarios" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "scenarios" / name, copy)
    # The gate wants every law to be put to the test by somebody.
    (tmp_path / "scenarios" / "example.yaml").write_text(LAWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    before = set(sys.modules)
    yield Sandbox(tmp_path, capsys, monkeypatch)
    find_target.cache_clear()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_does_what_it_says(page: Path, sandbox: Sandbox) -> None:
    """From its first block to its last, in an empty folder."""
    for block in blocks(page):
        assert block.language in KNOWN, f"{block}: what is {block.language!r}?"
        match block.language:
            case "sh" | "console":
                _carry_out(block, sandbox)
            case "yaml" | "python" if block.file:
                written = sandbox.folder / block.file
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(block.text, encoding="utf-8")
            case "yaml":
                _play(block)
            case "toml":
                tomllib.loads(block.text)
            case "python":
                pytest.fail(f"{block}: begin it with the name of its file")
            case _:
                pass


def _carry_out(block: Block, sandbox: Sandbox) -> None:
    for command in commands(block):
        code, output = sandbox.run(command)
        assert code == command.exit_code, f"{block}: {command.line}\n{output}"
        if command.output is not None:
            assert is_like(command.output, output), f"{block}: {command.line}\n{output}"


def _play(block: Block) -> None:
    """Scenarios and steps must pass; other YAML, such as that of a CI server, must be YAML."""
    if not re.match(r"- |version: 1$", block.text, re.MULTILINE) or "\njobs:" in block.text:
        YAML(typ="safe").load(block.text)
        return
    find_target("helpdesk")
    with Simulation() as simulation:
        result = play_fragment(whole(block.text), simulation)
    assert not result.problems, f"{block}: {result.problems}"


def _installing(line: str) -> int:
    """Installing is what CI does with these lines; here they must name what exists."""
    nox = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"nox -s (\w+)", line)
    assert all(f"\ndef {session}(" in nox for session in sessions), line
    return 0
