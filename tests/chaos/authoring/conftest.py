"""What the tests of authoring share: a command to run, and a world to play in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos import cli
from chaos.simulation.world import Simulation
from chaos.targets.here import find_here
from chaos.tiers.simulated.world import SimulatedTier


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Chaos = Callable[..., Done]


@pytest.fixture
def chaos(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Chaos:
    """Run the command in this process, which has paid for its imports already."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["chaos", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Done(left.value.code, output.out, output.err)

    return run


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One simulation for a module: entering it costs more than a run."""
    find_here("helpdesk")
    with SimulatedTier() as entered:
        yield entered
