"""Scenarios as tests, and the `simulation` fixture, as a project that uses them meets them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

# Imported here, so that the runs within the tests need not import them one by one, each anew.
from chaos import session, testing
from chaos.pytest_plugin import items
from tests.chaos import toy

pytest_plugins = ["pytester"]

LOADED = (items, session, testing)
ROOT = Path(__file__).parents[2]

SCENARIO = f"""\
version: 1
name: {{name}}
hypothesis: The toy tries again.
target: {toy.__name__}:Toy
tags: [retry, slow-provider]
seed: 7
method:
  - inject: {{{{id: outage, upstream: weather, fault: http_error, status: 503, calls: 1-2}}}}
  - ask: How is it?
    expect: {{{{answer.mode: {{mode}}, calls.weather: 3}}}}
"""

CLIENT = """\
import time

import httpx
import pytest

from tests.chaos.toy import Weather


def ask(client):
    for attempt in range(3):
        response = client.get("https://weather.example/today")
        if response.is_success:
            return response.json()["text"]
        time.sleep(10)
    return "rain, probably"


def test_gives_up(simulation):
    simulation.serve(Weather())
    client = httpx.Client()
    outage = simulation.inject(upstream="weather", fault="http_error", status=503)

    assert simulation.users(4, lambda: ask(client)) == ["rain, probably"] * 4
    assert simulation.now_s == 30.0
    assert simulation.seen("calls.weather") == 12

    simulation.heal(outage)
    simulation.advance("1h")

    assert ask(client) == "sunny"
    assert simulation.now_s == 3630.0
    assert simulation.seen("waits.weather") == [10.0] * 12


def test_time_is_real_again():
    assert time.time() > 1_767_225_600 + 86_400
"""


class Imports:
    """Remembers which modules a run within a test has imported, up to its end."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}

    def pytest_unconfigure(self) -> None:
        """Look while they are still there."""
        self.modules.update(sys.modules)


@pytest.fixture
def imports() -> Iterator[Imports]:
    """What is imported by a run stays, but for the project's own modules.

    Such a run takes its imports with it. A library that half the process has imported already
    would be there twice, and tests that follow would not catch its errors.
    """
    imports = Imports()
    yield imports
    for name, module in imports.modules.items():
        if (getattr(module, "__file__", None) or "").startswith((sys.prefix, str(ROOT))):
            sys.modules.setdefault(name, module)


@pytest.fixture
def project(
    imports: Imports,  # Set up before the tester, and so finished after it.
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.Pytester:
    """An empty project in whose environment the harness is installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    return pytester


def write(project: pytest.Pytester, name: str, *, mode: str = "llm") -> Path:
    """A scenario in the project's folder for them; it fails if another mode is expected."""
    path = project.path / "scenarios" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(SCENARIO.format(name=name, mode=mode))
    return path


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest there, in this process."""
    imports = project._request.getfixturevalue("imports")
    return project.runpytest_inprocess(*_plugins(project), *arguments, plugins=[imports])


def _plugins(project: pytest.Pytester) -> list[str]:
    # Hypothesis would be imported anew by each run. The plugin of the harness is named only
    # where its entry point is not installed.
    known = project._request.config.pluginmanager.has_plugin("chaos")
    return ["-p", "no:hypothesispytest", *([] if known else ["-p", "chaos.pytest_plugin"])]


def test_scenarios_are_tests_that_pass_or_fail(project: pytest.Pytester) -> None:
    """One file, one test; a failure shows expected, seen, the line, the trace and the replay."""
    write(project, "well")
    write(project, "ill", mode="fallback")

    done = run(project, "scenarios", "-rA")

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        [
            "*FAILED ill*scenarios/ill.yaml",
            "*claim: The toy tries again.",
            "*expected  fallback",
            "*seen      llm",
            "*line 10: expect: {answer.mode: fallback, calls.weather: 3}",
            "*waits 1s before weather is called again",
            "*replay: chaos replay scenarios/ill.yaml --seed 7",
            "scenarios/ill.yaml:10: answer.mode is not fallback",
        ]
    )
    done.stdout.fnmatch_lines(["FAILED scenarios/ill.yaml::ill - answer.mode is not fallback"])
    assert "Traceback" not in done.stdout.str()


def test_selection_knows_names_and_tags(project: pytest.Pytester) -> None:
    """-k finds names and tags; -m finds tags, although markers are strict."""
    write(project, "well")
    write(project, "fine")

    run(project, "scenarios", "-k", "fine").assert_outcomes(passed=1, deselected=1)
    run(project, "scenarios", "-k", "slow-provider").assert_outcomes(passed=2)
    run(project, "scenarios", "-m", "retry and not slow-provider").assert_outcomes(deselected=2)


def test_stop_at_first_stops(project: pytest.Pytester) -> None:
    """-x ends at the first scenario that does not pass."""
    write(project, "a-ill", mode="fallback")
    write(project, "b-well")

    run(project, "scenarios", "-x").assert_outcomes(failed=1)


def test_inconclusive_is_no_pass(project: pytest.Pytester) -> None:
    """A fault that never fired fails the test, and says so."""
    path = write(project, "unsure")
    text = path.read_text().replace("calls: 1-2", "object: nothing")
    path.write_text(text.replace("calls.weather: 3", "calls.weather: 1"))

    done = run(project, "scenarios")

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*INCONCLUSIVE unsure*", "*never touched a call*"])


def test_wrong_file_fails_with_its_mistakes(project: pytest.Pytester) -> None:
    """A file that is no scenario is still collected, and fails with all its mistakes."""
    path = write(project, "wrong")
    path.write_text(path.read_text().replace("seed:", "sede:").replace("tags:", "tgas:"))

    done = run(project, "scenarios")

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["scenarios/wrong.yaml:5:1: *did you mean 'tags'?*", "scenarios/wrong.yaml:6:1: *'seed'?*"]
    )
    assert "Traceback" not in done.stdout.str()


def test_tag_that_pytest_acts_on_only_selects(project: pytest.Pytester) -> None:
    """A scenario tagged 'skip' is played all the same."""
    path = write(project, "ill", mode="fallback")
    path.write_text(path.read_text().replace("tags: [retry,", "tags: [skip,"))

    run(project, "scenarios").assert_outcomes(failed=1)


def test_incident_is_played_only_when_asked_for(project: pytest.Pytester) -> None:
    """As with `chaos run`: by its file, its folder, its name or its tag."""
    path = write(project, "that-day")
    path.write_text(path.read_text().replace("tags: [retry,", "tags: [incident,"))
    nested = path.parent / "incidents" / path.name
    nested.parent.mkdir()
    path.rename(nested)

    done = run(project, "scenarios")

    done.assert_outcomes()
    done.stdout.fnmatch_lines(["chaos: not played: *that-day.yaml: tagged 'incident'*"])
    run(project, "scenarios/incidents").assert_outcomes(passed=1)
    run(project, "scenarios", "-m", "incident").assert_outcomes(passed=1)


def test_other_yaml_is_left_alone(project: pytest.Pytester) -> None:
    """Without scenarios the plugin collects nothing, wherever the YAML lies."""
    for name in ("compose.yaml", "tests/data.yml", "scenarios/molecule.yml"):
        path = project.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("services: {db: {image: postgres}}\n")

    done = run(project)

    done.assert_outcomes()
    assert done.ret is pytest.ExitCode.NO_TESTS_COLLECTED


def test_experiment_of_another_tool_is_skipped_with_a_line(project: pytest.Pytester) -> None:
    """Chaos Toolkit calls its folder so, too; its file is no test, and nobody need wonder."""
    write(project, "well")
    experiment = "title: The shop\ndescription: It holds.\nsteady-state-hypothesis: {}\nmethod:\n"
    (project.path / "scenarios" / "experiment.yaml").write_text(experiment)

    done = run(project)

    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["chaos: not played: *experiment.yaml: *keys of another tool*"])


def test_hidden_and_linked_scenarios_are_told_and_not_played(project: pytest.Pytester) -> None:
    """The same as with `chaos run`, also where several processes collect."""
    folder = write(project, "well").parent
    (folder / ".old").mkdir()
    (folder / ".old" / "a.yaml").write_text((folder / "well.yaml").read_text())
    (folder / "link").symlink_to(folder / ".old")

    for more in ((), ("-n", "2")):
        done = run(project, *more)

        done.assert_outcomes(passed=1)
        done.stdout.fnmatch_lines(["chaos: not played: *.old/a.yaml: its folder is hidden"])
        done.stdout.fnmatch_lines(["chaos: not played: *link/a.yaml: its folder is a link"])


def test_file_named_on_the_command_line_is_collected_anywhere(project: pytest.Pytester) -> None:
    """Outside of scenarios/ a file is a test if it is asked for by name."""
    moved = write(project, "well").rename(project.path / "well.yaml")

    run(project).assert_outcomes()
    run(project, moved.name).assert_outcomes(passed=1)


def test_seed_option_replaces_the_seed(project: pytest.Pytester) -> None:
    """--chaos-seed is what the replay command names."""
    write(project, "ill", mode="fallback")

    done = run(project, "scenarios", "--chaos-seed", "99")

    done.stdout.fnmatch_lines(["*replay: chaos replay scenarios/ill.yaml --seed 99"])


def test_scenarios_are_shared_among_processes(project: pytest.Pytester) -> None:
    """With xdist the tests are the same, and so is what a failure shows."""
    write(project, "well")
    write(project, "ill", mode="fallback")

    done = project.runpytest_subprocess(*_plugins(project), "scenarios", "-n", "2")

    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*expected  fallback", "*seen      llm", "*--seed 7"])


def test_simulation_is_a_world_for_python_tests(project: pytest.Pytester) -> None:
    """A test sees virtual time, users, faults and calls; the next test has the real clock."""
    project.makepyfile(CLIENT)

    done = run(project, "--durations=0", "-vv")

    done.assert_outcomes(passed=2)


def test_simulation_refuses_faults_that_nobody_felt(project: pytest.Pytester) -> None:
    """A fault that never touched a call is an error: the test has proved nothing about it."""
    project.makepyfile(
        """
        from tests.chaos.toy import Weather

        def test_idle(simulation):
            simulation.serve(Weather())
            simulation.inject(upstream="weather", fault="timeout")
        """
    )

    done = run(project)

    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*armed but never touched a call: 'timeout'*"])


def test_plugin_costs_projects_without_scenarios_nothing() -> None:
    """Loading it imports nothing of the harness but itself."""
    program = (
        "import sys, chaos.pytest_plugin\n"
        "print(sorted(name for name in sys.modules if name.startswith('chaos')))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.strip() == "['chaos', 'chaos.pytest_plugin']"
