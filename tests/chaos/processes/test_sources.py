"""Files that somebody saves while they are being tested are told of."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos import cli
from chaos.processes.sources import loaded_sources, saved_since

RESTLESS = """\
import os
from pathlib import Path
from tests.chaos.toy import Toy

class Restless(Toy):
    def ask(self, question):
        os.utime(Path(__file__), (4e9, 4e9))
        return super().ask(question)
"""
SCENARIO = """\
version: 1
name: restless
hypothesis: It answers.
target: {target}
method:
  - ask: How is it?
    expect: {{answer.mode: llm}}
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module in the current folder, imported."""
    path = tmp_path / "a_service.py"
    path.write_text("pass")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("a_service")
    yield path
    del sys.modules["a_service"]


def test_sources_are_those_of_the_current_folder(service: Path) -> None:
    """What is imported, and lies here; the standard library does not."""
    assert loaded_sources() == [service]


def test_source_is_told_of_if_it_was_saved_later(service: Path) -> None:
    """Only what was written after the beginning counts."""
    saved_s = time.time()
    os.utime(service, (saved_s, saved_s))

    assert saved_since(saved_s - 1) == [service]
    assert saved_since(saved_s + 1) == []


def test_source_that_is_gone_is_told_of(service: Path) -> None:
    """Nobody can look at what was tested."""
    service.unlink()

    assert saved_since(time.time() + 60) == [service]


@pytest.mark.parametrize(
    ("target", "told"),
    [("a_restless_service:Restless", "a_restless_service.py"), ("tests.chaos.toy:Toy", "")],
    ids=["saved meanwhile", "left alone"],
)
def test_verdict_on_code_that_was_saved_meanwhile_comes_with_a_warning(
    target: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It may be that of code which is not there any more."""
    (tmp_path / "a_restless_service.py").write_text(RESTLESS)
    scenario = tmp_path / "restless.yaml"
    scenario.write_text(SCENARIO.format(target=target))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["chaos", "run", str(scenario)])

    with pytest.raises(SystemExit) as left:
        cli.main()

    said = capsys.readouterr().err
    assert left.value.code == 0
    assert f"saved while this was running: {told}; " in said if told else not said
    sys.modules.pop("a_restless_service", None)
