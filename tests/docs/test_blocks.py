"""README and docs do what they say: every scenario is played, every command is run.

Two things are too dear to be done as they are written. Nothing is installed: CI does that, with
these very lines. And where a page plays the whole suite, a few scenarios stand for it.
"""

from __future__ import annotations

import json
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

from chaos import cli, extensions
from chaos.checks.registry import law_names
from chaos.defects.catalogue import find_defects
from chaos.incidents.catalogue import read_catalogue
from chaos.reference.examples import LAWS
from chaos.reference.fragments import play_fragment, whole
from chaos.targets import find_target
from chaos.tiers.simulated.world import SimulatedTier
from tests.docs.blocks import Block, Command, blocks, commands, is_like

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "extend").glob("*.md"))]
SCENARIOS: dict[str, tuple[str, ...]] = {
    "README.md": ("**/*.yaml",),
    "shards.md": ("smoke/all-is-well.yaml", "breaker/breaker-lifecycle.yaml"),
    "ci.md": ("smoke/all-is-well.yaml", "breaker/breaker-lifecycle.yaml"),
}
"""The scenarios that a page finds in its folder; `ci.md` plays all it finds, four times."""

LONG = {"shards.md", "stand-ins.md", "tutorial.md"}
"""Pages that take half a minute; they are carried out every night."""

SMALLER = {"chaos": "scenarios/smoke", "tests": "--collect-only -q tests/docs"}
"""What a session is asked to do instead of everything."""

KNOWN = {"console", "json", "mermaid", "python", "sh", "text", "toml", "yaml"}


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
        line = _without_installing(command.line)
        done = subprocess.run(
            ["bash", "-c", line],
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
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """An empty folder but for some scenarios; modules that a page wrote are forgotten."""
    for pattern in SCENARIOS.get(page.name, ()):
        for file in (ROOT / "scenarios").glob(pattern):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    if page.name == "ci.md":
        # The gate wants every law to be put to the test by somebody.
        (tmp_path / "scenarios" / "example.yaml").write_text(LAWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    before = set(sys.modules)
    extensions.forget()
    yield Sandbox(tmp_path, capsys, monkeypatch)
    extensions.forget()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] if page.name in LONG else []) for page in PAGES],
    ids=lambda page: page.name,
)
def test_page_does_what_it_says(page: Path, sandbox: Sandbox) -> None:
    """From its first block to its last, in an empty folder."""
    for block in blocks(page):
        assert block.language in KNOWN, f"{block}: what is {block.language!r}?"
        match block.language:
            case "sh" | "console":
                _carry_out(block, sandbox)
            case "yaml" | "python" | "toml" if block.file:
                written = sandbox.folder / block.file
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(block.text, encoding="utf-8")
                extensions.forget()
            case "yaml":
                _play(block)
            case "toml":
                tomllib.loads(block.text)
            case "python":
                pytest.fail(f"{block}: begin it with the name of its file")
            case _:
                pass


def test_baseline_on_the_page_is_the_one_recorded() -> None:
    """What `ci.md` shows of the baseline is in it, number for number."""
    recorded = json.loads((ROOT / "scenarios" / "baseline.json").read_text(encoding="utf-8"))

    (shown,) = [block for block in blocks(ROOT / "docs" / "ci.md") if block.language == "json"]

    document = json.loads(shown.text)
    names = document["scenarios"]
    recorded["scenarios"] = {name: recorded["scenarios"].get(name) for name in names}
    assert document == recorded


def test_readme_counts_what_there_is() -> None:
    """Laws, defects and incidents are as many as it says."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    counted = (len(law_names()), len(read_catalogue()))

    assert f"plants {len(find_defects(find_target('helpdesk')))} known defects" in text
    assert "**Twenty-one laws judge every run**" in text
    assert "replays sixteen public outages" in text
    assert counted == (21, 16)


def _carry_out(block: Block, sandbox: Sandbox) -> None:
    for command in commands(block):
        code, output = sandbox.run(command)
        assert code == command.exit_code, f"{block}: {command.line}\n{output}"
        if command.output is not None:
            assert is_like(command.output, output), f"{block}: {command.line}\n{output}"


def _play(block: Block) -> None:
    """Scenarios and steps must pass; other YAML, such as that of a CI server, must be YAML."""
    if not re.match(r"- |version: 1$", block.text, re.MULTILINE) or "\njobs:" in block.text:
        YAML(typ="safe", pure=True).load(block.text)
        return
    find_target("helpdesk")
    with SimulatedTier() as simulation:
        result = play_fragment(whole(block.text), simulation)
    assert not result.problems, f"{block}: {result.problems}"


def _without_installing(line: str) -> str:
    """The line for an environment that has everything: sessions run in it, on less."""
    line = re.sub(r"python3 -m pip install [^&]+", "true ", line)
    line = line.replace("python3 -m venv", "python3 -m venv --without-pip")
    return re.sub(r"python3 -m nox -s (\w+)", _session_here, line)


def _session_here(match: re.Match[str]) -> str:
    noxfile = shlex.quote(str(ROOT / "noxfile.py"))
    return f"{match[0]} -f {noxfile} --no-venv --no-install -- {SMALLER[match[1]]}"
