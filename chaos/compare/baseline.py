"""What every scenario measured when it was last agreed on, in a file that reads well in a diff."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Self

from chaos import inputs
from chaos.compare.changes import Change, Trend, changes
from chaos.compare.measures import Measures, describe_measure, take
from chaos.errors import ChaosError
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome, combine

VERSION = 1
"""Version of the file; one more when its meaning changes."""

UPDATE = "chaos gate --update"
"""Records the suite that the gate plays by itself."""


def recording(paths: Sequence[Path], file: Path, usual_file: Path) -> str:
    """The command that records what was played from these paths, none for the usual, in a file.

    Example:
        >>> recording([Path("mine")], Path("b.json"), Path("scenarios/baseline.json"))
        'chaos gate mine --update --baseline b.json'
    """
    words = ["chaos", "gate", *map(str, paths), "--update"]
    return shlex.join(words if file == usual_file else [*words, "--baseline", str(file)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A scenario in the baseline: where its file is, and what was measured."""

    path: str
    measures: Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A suite against the baseline.

    Attributes:
        changes: What is no longer as recorded, by scenario.
        new: Scenarios that were played but are not in the baseline.
        missing: Scenarios of the baseline that should have been played and were not.
        elsewhere: How many scenarios of the baseline lie outside of what was played.
        update: The command that records what was measured.
    """

    changes: tuple[Change, ...] = ()
    new: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    elsewhere: int = 0
    update: str = field(default=UPDATE, compare=False)

    def of(self, trend: Trend) -> list[Change]:
        """The changes that went this way."""
        return [change for change in self.changes if change.trend is trend]

    @property
    def holds(self) -> bool:
        """Whether nothing is worse, new or missing."""
        return not (self.of(Trend.WORSE) or self.new or self.missing)

    @property
    def advice(self) -> str:
        """What to do about a change that was made on purpose."""
        return f"if that is meant, record it with: {self.update}"

    @property
    def outdated(self) -> bool:
        """Whether the baseline no longer tells what was measured."""
        return bool(self.changes or self.new or self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Every scenario with what it measured, by name.

    Example:
        >>> baseline = Baseline({"smoke": Entry(path="smoke.yaml", measures={"waits": 0})})
        >>> Baseline.parse(baseline.dump(), "baseline.json") == baseline
        True
    """

    entries: Mapping[str, Entry] = field(default_factory=dict, kw_only=False)

    @classmethod
    def of(cls, suite: SuiteResult) -> Self:
        """The baseline that this suite would be compared with and found equal."""
        return cls(
            {
                result.loaded.scenario.name: Entry(
                    path=PurePath(result.loaded.source.path).as_posix(),
                    measures=take(result.trace, result.outcome),
                )
                for result in suite.results
            }
        )

    @classmethod
    def read(cls, path: Path, *, update: str = UPDATE) -> Self:
        """Read a baseline from its file.

        Args:
            path: Where it is.
            update: The command that records it, for messages.

        Raises:
            ChaosError: There is no such file, or it is not a baseline.
        """
        try:
            text = inputs.read_text(path)
        except inputs.UnreadableError as error:
            if error.is_missing:
                raise ChaosError(f"no baseline at '{path}'; record one with: {update}") from None
            raise
        return cls.parse(text, str(path), update=update)

    @classmethod
    def read_or_empty(cls, path: Path) -> Self:
        """Read a baseline from its file; an empty one if it is missing or damaged."""
        try:
            return cls.read(path)
        except ChaosError:
            return cls()

    @classmethod
    def parse(cls, text: str, name: str, *, update: str = UPDATE) -> Self:
        """Read a baseline from text; ``name`` stands for the file in messages; see `read`.

        Raises:
            ChaosError: The text is not a baseline of this version.
        """
        try:
            document = inputs.parse_json(text)
            version = document["version"]
            if version == VERSION:
                return cls(
                    {scenario: _entry(entry) for scenario, entry in document["scenarios"].items()}
                )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"not JSON: {error}" if isinstance(error, ValueError) else "not a baseline"
            raise ChaosError(
                f"baseline '{name}' is damaged ({what}); restore it from version control, "
                f"or record a new one with: {update}"
            ) from error
        raise ChaosError(
            f"baseline '{name}' has version {version!r}; expected {VERSION}; "
            f"record it anew with: {update}"
        )

    def calls_of(self, loaded: LoadedScenario) -> float:
        """How many calls a scenario made: about what it costs to play; 0 if it is not recorded."""
        entry = self.entries.get(loaded.scenario.name)
        measures = entry.measures.items() if entry else ()
        return sum(float(value or 0) for key, value in measures if key.startswith("calls."))

    def dump(self) -> str:
        """The text of the file: a line for each number, sorted by scenario."""
        document = {
            "version": VERSION,
            "scenarios": {
                name: {"path": entry.path, **entry.measures}
                for name, entry in sorted(self.entries.items())
            },
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    def compare(
        self, suite: SuiteResult, paths: Sequence[Path], *, update: str = UPDATE
    ) -> Comparison:
        """Compare with what was measured now.

        Args:
            suite: What was just played.
            paths: Where it was played from; scenarios recorded from elsewhere are not missed.
            update: The command that records what was measured.
        """
        now, below = Baseline.of(suite), self._below(paths)
        found = [
            change
            for name, entry in sorted(now.entries.items())
            if name in self.entries
            for change in changes(name, self.entries[name].measures, entry.measures)
        ]
        return Comparison(
            changes=tuple(found),
            new=tuple(sorted(now.entries.keys() - self.entries.keys())),
            missing=tuple(sorted(below - now.entries.keys())),
            elsewhere=len(self.entries.keys() - below - now.entries.keys()),
            update=update,
        )

    def updated(self, suite: SuiteResult, paths: Sequence[Path]) -> Baseline:
        """The baseline to record: what was measured now, and what was recorded from elsewhere."""
        gone = self._below(paths)
        kept = {name: entry for name, entry in self.entries.items() if name not in gone}
        return Baseline(kept | dict(Baseline.of(suite).entries))

    def _below(self, paths: Sequence[Path]) -> set[str]:
        """The names of the scenarios whose files lie at or below these paths."""
        wanted = [inputs.resolved(path) for path in paths]
        return {
            name
            for name, entry in self.entries.items()
            if any(inputs.resolved(entry.path).is_relative_to(path) for path in wanted)
        }


def conclude(suite: SuiteResult, comparison: Comparison) -> Outcome:
    """What the gate says of a suite and its comparison with the baseline.

    Failed if a scenario failed or the baseline does not hold; inconclusive if a scenario is, or
    if the whole suite was played and none of it put some law to the test that is promised there.
    """
    outcomes = [suite.outcome]
    if not comparison.holds:
        outcomes.append(Outcome.FAILED)
    if suite.laws_not_exercised and not comparison.elsewhere:
        outcomes.append(Outcome.INCONCLUSIVE)
    return combine(outcomes)


def _entry(entry: dict[str, Any]) -> Entry:
    measures = dict(entry)
    path = measures.pop("path")
    if not inputs.is_path(path):
        raise TypeError(path)
    for key, value in measures.items():
        describe_measure(key)
        if not isinstance(value, str | int | float | None):
            raise TypeError(value)
    return Entry(path=path, measures=measures)
