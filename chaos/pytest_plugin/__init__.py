"""Scenarios as tests, and the virtual world for tests in Python.

``pytest scenarios/`` collects every scenario as a test of its own: ``-k``, ``-x``, ``-n`` and
``-m`` with the tags of a scenario do what they do for other tests. The fixture ``simulation`` is a
world for tests of your own services.

This module is loaded into every pytest of an environment that has the harness installed. It must
cost nothing there, so everything else of the harness is imported when a scenario is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chaos.pytest_plugin.items import ScenarioFile
    from chaos.testing import SimulatedWorld

_ENDINGS = (".yaml", ".yml")
_FOLDER = "scenarios"
_SIGNS = ("hypothesis:", "method:", "steady_state:", "# yaml-language-server: $schema=")
"""Lines of which a scenario has at least one, even when it is half written."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `chaos run` has and pytest does not."""
    group = parser.getgroup("chaos", "scenarios of the chaos harness")
    group.addoption(
        "--chaos-seed",
        type=int,
        metavar="N",
        help="replace the seed of every scenario and of the `simulation` fixture",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect YAML files in folders named ``scenarios``, and those named on the command line.

    In a folder only files that look like scenarios count: other tools have scenarios too.
    """
    if file_path.suffix not in _ENDINGS:
        return None
    is_named = parent.session.isinitpath(file_path)
    if not is_named and not (_FOLDER in file_path.parent.parts and _is_scenario(file_path)):
        return None
    from chaos.pytest_plugin.items import ScenarioFile  # noqa: PLC0415 - see the docstring

    found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return found


@pytest.fixture
def simulation(request: pytest.FixtureRequest) -> Iterator[SimulatedWorld]:
    """A virtual world: stand-ins for providers, faults, users, a clock and a trace.

    See `chaos.testing.SimulatedWorld`.
    """
    from chaos.testing import SimulatedWorld  # noqa: PLC0415 - see the docstring

    with SimulatedWorld(seed=request.config.getoption("--chaos-seed") or 0) as world:
        yield world


def _is_scenario(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as lines:
            return any(line.startswith(_SIGNS) for line in lines)
    except (OSError, UnicodeDecodeError):
        return False
