"""Scenarios as tests, and the virtual world for tests in Python.

``pytest scenarios/`` collects every scenario as a test of its own: ``-k``, ``-x``, ``-n`` and
``-m`` with the tags of a scenario do what they do for other tests. The fixture ``simulation`` is a
world for tests of your own services.

This module is loaded into every pytest of an environment that has the harness installed. It must
cost nothing there, so everything else of the harness is imported when a scenario is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chaos.pytest_plugin.items import ScenarioFile
    from chaos.scenario.collecting import PassedOver
    from chaos.testing import SimulatedWorld

_FOLDER = "scenarios"
_passed_over = pytest.StashKey[dict[str, str]]()
"""Files that are not played: by their path, as it is shown, why not."""

_OUTPUT = "chaos_passed_over"


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
    """Collect scenarios in folders named ``scenarios``, and those named on the command line.

    In a folder the rule is that of `chaos run`, see `chaos.scenario.collecting`: other tools have
    scenarios too.
    """
    if parent.session.isinitpath(file_path):
        if file_path.suffix not in {".yaml", ".yml"}:
            return None
    elif _FOLDER not in file_path.parent.parts or not _is_met(file_path, parent.config):
        return None
    from chaos.pytest_plugin.items import ScenarioFile  # noqa: PLC0415 - see the docstring

    found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    found.on_passed_over = partial(note_passed_over, parent.config)
    return found


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Enter no folder of scenarios that `chaos run` would not enter, and note what is in it."""
    if _FOLDER not in collection_path.parent.parts or not collection_path.is_dir():
        return None
    from chaos.scenario.collecting import passed_over_in, why_not_entered  # noqa: PLC0415

    if (why := why_not_entered(collection_path)) is None:
        return None
    note_passed_over(config, passed_over_in(collection_path, why))
    return True


def note_passed_over(config: pytest.Config, found: Iterable[PassedOver]) -> None:
    """Have the end of the session tell what is not played."""
    noted = config.stash.setdefault(_passed_over, {})
    here = config.invocation_params.dir
    for each in found:
        path = Path(each.path)
        shown = path.relative_to(here) if path.is_relative_to(here) else path
        noted[str(shown)] = each.why


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on what was passed over to the process that talks to people."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = session.config.stash.get(_passed_over, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a worker of xdist
    """Take it: every worker collects everything, so it is the same from each."""
    handed_on = getattr(node, "workeroutput", {}).get(_OUTPUT, {})
    node.config.stash.setdefault(_passed_over, {}).update(handed_on)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """A line for each reason for which something was not played."""
    noted = config.stash.get(_passed_over, {})
    if not noted:
        return
    from chaos.scenario.collecting import PassedOver, in_words  # noqa: PLC0415

    for line in in_words(PassedOver(path=path, why=why) for path, why in sorted(noted.items())):
        terminalreporter.write_line(f"chaos: {line}")


@pytest.fixture
def simulation(request: pytest.FixtureRequest) -> Iterator[SimulatedWorld]:
    """A virtual world: stand-ins for providers, faults, users, a clock and a trace.

    See `chaos.testing.SimulatedWorld`.
    """
    from chaos.testing import SimulatedWorld  # noqa: PLC0415 - see the docstring

    with SimulatedWorld(seed=request.config.getoption("--chaos-seed") or 0) as world:
        yield world


def _is_met(path: Path, config: pytest.Config) -> bool:
    """Whether a file of a folder is a scenario; one that may be meant as one is noted."""
    from chaos.scenario.collecting import PassedOver, meet  # noqa: PLC0415 - see the docstring

    met = meet(path)
    if isinstance(met, PassedOver):
        note_passed_over(config, [met])
    return isinstance(met, Path)
