"""Many scenario files: loading them all, and choosing among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from chaos.scenario.collecting import PassedOver, collect
from chaos.scenario.loader import LoadedScenario, Vocabularies, load_file
from chaos.scenario.model import Scenario
from chaos.scenario.problems import Problem, ScenarioError, quoted
from chaos.scenario.selection import Expression


def find(paths: Sequence[Path]) -> list[Path]:
    """The scenario files at ``paths``; see `collect`.

    Raises:
        ChaosError: As for `collect`.
    """
    return list(collect(paths).files)


@dataclass(frozen=True, slots=True)
class Suite:
    """Every scenario at some paths, as far as they could be loaded.

    Attributes:
        loaded: Those of files without mistakes.
        problems: The mistakes of the others. Of two files whose scenarios have one name, the
            second is a mistake.
        passed_over: What looked like a scenario and was not loaded.
    """

    loaded: list[LoadedScenario]
    problems: list[Problem]
    passed_over: tuple[PassedOver, ...] = ()


def load_suite(paths: Sequence[Path], vocabularies: Vocabularies) -> Suite:
    """Load every scenario file at ``paths``, and report all the mistakes of all files.

    Everything is in order of path.

    Raises:
        ChaosError: As for `collect`.
    """
    loaded: list[LoadedScenario] = []
    collection = collect(paths)
    problems = [each.problem for each in collection.passed_over if each.problem is not None]
    for path in collection.files:
        try:
            loaded.append(load_file(path, vocabularies))
        except ScenarioError as error:
            problems.extend(error.problems)
    repeated = duplicates(loaded)
    named = {problem.location.path for problem in repeated}
    return Suite(
        [each for each in loaded if each.source.path not in named],
        sorted((*problems, *repeated), key=lambda problem: problem.location),
        tuple(each for each in collection.passed_over if each.problem is None),
    )


def duplicates(loaded: Iterable[LoadedScenario]) -> list[Problem]:
    """A problem for each scenario whose name another one before it has."""
    first: dict[str, str] = {}
    problems = []
    for each in loaded:
        name, path = each.scenario.name, each.source.path
        if first.setdefault(name, path) != path:
            problems.append(
                Problem(
                    location=each.source.at("name"),
                    wrong=f"name {quoted(name)} is taken by {first[name]}",
                    expected="a name of its own for each scenario",
                    fix="rename this one, and its file",
                    code="duplicate-name",
                )
            )
    return problems


def matches(scenario: Scenario, expression: str) -> bool:
    """Whether a scenario is chosen by an expression, as of ``-k``.

    A word stands for itself anywhere in the name, in a folder of the file or in a tag, whatever
    its case; ``and``, ``or``, ``not`` and parentheses combine them.

    Raises:
        ChaosError: It is not an expression.

    Example:
        >>> from chaos.scenario.model import Ask, AskStep
        >>> smoke = Scenario(version=1, name="smoke-test", hypothesis="It answers.",
        ...     method=(AskStep(ask=Ask(question="Is the VPN down?")),), tags=("openai",))
        >>> matches(smoke, "smoke and not (gcs or breaker)")
        True
    """
    folders = PurePath(scenario.path).parts[:-1]
    words = [word.casefold() for word in (scenario.name, *folders, *scenario.tags)]
    return Expression.parse(expression).holds(
        lambda part: any(part.casefold() in word for word in words)
    )
