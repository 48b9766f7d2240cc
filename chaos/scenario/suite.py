"""Many scenario files: finding them, loading them all, and choosing among them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from chaos.errors import ChaosError
from chaos.scenario.loader import LoadedScenario, Vocabularies, load_file
from chaos.scenario.model import Scenario
from chaos.scenario.problems import Problem, ScenarioError, nearest, quoted
from chaos.scenario.selection import Expression

_ENDINGS = frozenset({".yaml", ".yml"})


def find(paths: Sequence[Path]) -> list[Path]:
    """The scenario files at ``paths``: files as given, folders with all that is below them.

    Each file comes once, however often it is named, in order of its path. Hidden folders are
    left out, and links to folders are not followed.

    Raises:
        ChaosError: A path does not exist, or there is no scenario file at it.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = {file.resolve(): file for file in _below(path)}
            if not inside:
                raise ChaosError(
                    f"no scenario in {str(path)!r}; expected files ending in .yaml or .yml; "
                    "write one with `chaos new`"
                )
            found = inside | found
        elif path.exists():
            found.setdefault(path.resolve(), path)
        else:
            raise ChaosError(_missing(path))
    return sorted(found.values())


def load_suite(
    paths: Sequence[Path], vocabularies: Vocabularies
) -> tuple[list[LoadedScenario], list[Problem]]:
    """Load every scenario file at ``paths``, and report all the mistakes of all files.

    Returns:
        The scenarios of the files without mistakes, and the mistakes, both in order of path. Of
        two files whose scenarios have one name, the second is a mistake.

    Raises:
        ChaosError: As for `find`.
    """
    loaded: list[LoadedScenario] = []
    problems: list[Problem] = []
    for path in find(paths):
        try:
            loaded.append(load_file(path, vocabularies))
        except ScenarioError as error:
            problems.extend(error.problems)
    repeated = duplicates(loaded)
    named = {problem.location.path for problem in repeated}
    kept = [each for each in loaded if each.source.path not in named]
    return kept, sorted((*problems, *repeated), key=lambda problem: problem.location)


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


APART = frozenset({"incident", "interleaved"})
"""Tags of scenarios that take seconds of our time: hours of outage, hundreds of schedules."""


def is_asked_for(scenario: Scenario, paths: Sequence[Path], expression: str) -> bool:
    """Whether a scenario is to be played with all others of a suite, or has been named itself.

    One with a tag of `APART` has to be: by its file, by the folder it lies in, by its whole name
    or by that tag. A suite that is run after every change is not held up by it.

    Example:
        >>> from chaos.scenario.model import Ask, AskStep
        >>> day = Scenario(version=1, name="that-day", hypothesis="It answers.",
        ...     method=(AskStep(ask=Ask(question="Is the VPN down?")),), tags=("incident",),
        ...     path="scenarios/incidents/that-day.yaml")
        >>> is_asked_for(day, [Path("scenarios")], "")
        False
        >>> is_asked_for(day, [Path("scenarios/incidents")], "")
        True
        >>> is_asked_for(day, [Path("scenarios")], "that-day or incident")
        True
    """
    apart = APART.intersection(scenario.tags)
    if not apart:
        return True
    file = Path(scenario.path).resolve()
    named = any(path.resolve() in {file, file.parent} for path in paths)
    return named or any(word in expression for word in (*apart, scenario.name))


def _below(folder: Path) -> Iterable[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if PurePath(name).suffix in _ENDINGS and not name.startswith("."):
                yield Path(parent, name)


def _missing(path: Path) -> str:
    beside = path.parent if path.parent.is_dir() else Path()
    close = nearest(path.name, sorted(entry.name for entry in beside.iterdir()))
    fix = f"did you mean {str(beside / close)!r}?" if close else "check the path"
    return f"{str(path)!r} does not exist; expected a scenario file or a folder of them; {fix}"
