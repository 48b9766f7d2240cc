"""From paths to scenarios: what is to be played, and what is not.

Nothing that plays is imported for it, so that ``chaos validate`` need not wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.scenario.collecting import PassedOver, apart, is_apart
from chaos.scenario.loader import LoadedScenario, Vocabularies
from chaos.scenario.problems import Problem, ScenarioError
from chaos.scenario.suite import load_suite, matches
from chaos.targets import vocabulary_of
from chaos.targets.here import importable_here


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is to be played, and what was met on the way that is not.

    Attributes:
        scenarios: In order of path.
        passed_over: What might be taken for a part of the suite, and why it is none. Scenarios
            that do not match the expression are not among them: whoever gave it knows.
        problems: The mistakes of files that could not be loaded.
    """

    scenarios: list[LoadedScenario]
    passed_over: tuple[PassedOver, ...] = ()
    problems: tuple[Problem, ...] = ()

    def sound(self) -> Loaded:
        """Itself.

        Raises:
            ScenarioError: At least one file is wrong; all mistakes of all files are in it.
        """
        if self.problems:
            raise ScenarioError(self.problems)
        return self


def load(paths: Sequence[Path], expression: str = "") -> list[LoadedScenario]:
    """The scenarios below these paths that match the expression; see `collect`.

    Raises:
        ScenarioError: At least one file is wrong; all mistakes of all files are in it.
        ChaosError: A path does not exist, or the expression cannot be read.
    """
    return collect(paths, expression).sound().scenarios


def collect(paths: Sequence[Path], expression: str = "") -> Loaded:
    """Load the scenarios below these paths that match the expression.

    Incidents are checked as all others, and passed over unless they are named; see `is_apart`.

    Raises:
        ChaosError: A path does not exist, or the expression cannot be read.
    """
    suite = load_all(paths)
    kept: list[LoadedScenario] = []
    passed_over = list(suite.passed_over)
    for each in suite.scenarios:
        scenario, file = each.scenario, Path(each.source.path)
        if expression and not matches(scenario, expression):
            continue
        if (tag := is_apart(scenario.tags, file, named=paths, words=expression)) is None:
            kept.append(each)
        else:
            passed_over.append(apart(file, tag))
    passed_over.sort(key=lambda each: each.path)
    return Loaded(kept, tuple(passed_over), tuple(suite.problems))


def load_all(paths: Sequence[Path], words: Vocabularies = vocabulary_of) -> Loaded:
    """Load every scenario below these paths, also those that are played only when asked for.

    Args:
        paths: Files and folders.
        words: The words of each target.

    Raises:
        ChaosError: A path does not exist.
    """
    with importable_here():
        suite = load_suite(paths, words)
    return Loaded(suite.loaded, suite.passed_over, tuple(suite.problems))
