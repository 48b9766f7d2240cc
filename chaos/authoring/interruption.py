"""What `chaos run` says when Ctrl-C ends it, and how it goes on from there."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chaos.errors import ChaosError
from chaos.scenario.problems import suggest
from chaos.verdict import Outcome

if TYPE_CHECKING:
    from chaos.runner.result import RunResult
    from chaos.scenario.loader import LoadedScenario

EXIT_CODE = 130
"""What a shell expects of a command that Ctrl-C ended."""

OPTION = "--from"
"""The option that begins in the middle of a suite."""


def from_name(loaded: Sequence[LoadedScenario], name: str) -> Sequence[LoadedScenario]:
    """The scenarios from the one called ``name`` on; all of them if the name is empty.

    Raises:
        ChaosError: None is called so.
    """
    if not name:
        return loaded
    names = [each.scenario.name for each in loaded]
    if name not in names:
        fix = suggest(name, names, "see them with: chaos list")
        raise ChaosError(f"no scenario {name!r} to begin with; expected one of these paths; {fix}")
    return loaded[names.index(name) :]


def interruption(
    results: Sequence[RunResult], loaded: Sequence[LoadedScenario], arguments: Sequence[str]
) -> str:
    """How far it came, and the command that does the rest.

    Args:
        results: What was played to its end.
        loaded: What was to be played, in order.
        arguments: Of the command, without its name.
    """
    counts = ", ".join(
        f"{count} {outcome.value}"
        for outcome in Outcome
        if (count := sum(result.outcome is outcome for result in results))
    )
    done = f"interrupted: {len(results)} of {len(loaded)} scenarios were played"
    lines = [f"{done} ({counts})" if counts else done, "nothing was left behind"]
    if len(results) < len(loaded):
        following = loaded[len(results)].scenario.name
        command = shlex.join(["chaos", *_without_from(arguments), OPTION, following])
        lines.append(f"continue with: {command}")
    return "\n".join(lines)


def _without_from(arguments: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for argument in arguments:
        if kept and kept[-1] == OPTION:
            kept.pop()
        elif not argument.startswith(f"{OPTION}="):
            kept.append(argument)
    return kept
