"""What every scenario measured when it was last agreed on, in a file that reads well in a diff."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chaos import inputs
from chaos.compare import recorded
from chaos.compare.changes import Change, Trend, changes
from chaos.compare.questions import courses, turn
from chaos.compare.recorded import BaselineEntry
from chaos.errors import ChaosError
from chaos.runner.measures import QUESTIONS
from chaos.runner.suite import SuiteResult
from chaos.scenario.loader import LoadedScenario
from chaos.verdict import Outcome, combine

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
class Comparison:
    """A suite against the baseline.

    Attributes:
        changes: What is no longer as recorded, by scenario.
        new: Scenarios that were played but are not in the baseline.
        missing: Scenarios of the baseline that should have been played and were not, or whose
            files are gone, wherever they were.
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
        """Whether everything is as recorded, or better."""
        return not (self.shutting or self.new or self.missing)

    @property
    def shutting(self) -> list[Change]:
        """The changes that nobody can call better; they shut the gate until they are recorded."""
        return [change for change in self.changes if change.trend is not Trend.BETTER]

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

    Attributes:
        entries: By the names of the scenarios.
        folder: Where the file is; the paths of the entries begin there, so that they say the
            same wherever the gate is called from.

    Example:
        >>> from chaos.runner.measures import REQUIRED
        >>> measures = {**dict.fromkeys(REQUIRED), "verdict": "passed"}
        >>> baseline = Baseline({"smoke": BaselineEntry(path="smoke.yaml", measures=measures)})
        >>> Baseline.parse(baseline.dump(), "baseline.json") == baseline
        True
    """

    entries: Mapping[str, BaselineEntry] = field(default_factory=dict, kw_only=False)
    folder: Path = Path()

    @classmethod
    def of(cls, suite: SuiteResult, folder: Path) -> Self:
        """The baseline that this suite would be compared with and found equal."""
        return cls(
            {
                result.name: BaselineEntry(
                    path=_path_from(folder, result.path),
                    measures=result.measures,
                    questions=courses(result.trace),
                )
                for result in suite.results
            },
            folder=folder,
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
            return cls(folder=path.parent)

    @classmethod
    def parse(cls, text: str, name: str, *, update: str = UPDATE) -> Self:
        """Read a baseline from text; ``name`` stands for the file in messages; see `read`.

        Raises:
            ChaosError: The text is not a baseline of this version; all mistakes at once.
        """
        return cls(recorded.parse(text, name, update=update), folder=Path(name).parent)

    def calls_of(self, loaded: LoadedScenario) -> float:
        """How many calls a scenario made: about what it costs to play; 0 if it is not recorded."""
        entry = self.entries.get(loaded.scenario.name)
        measures = entry.measures.items() if entry else ()
        return sum(float(value or 0) for key, value in measures if key.startswith("calls."))

    def dump(self) -> str:
        """The text of the file: a line for each number, sorted by scenario."""
        return recorded.dump(self.entries)

    def compare(
        self,
        suite: SuiteResult,
        paths: Sequence[Path],
        *,
        update: str = UPDATE,
        elsewhere: AbstractSet[str] = frozenset(),
    ) -> Comparison:
        """Compare with what was measured now.

        Args:
            suite: What was just played.
            paths: Where it was played from; scenarios recorded from elsewhere are not missed,
                as long as they are still there.
            update: The command that records what was measured.
            elsewhere: Names of scenarios that are played by somebody else, if not here; they
                are not missed.
        """
        now = Baseline.of(suite, self.folder)
        found = [
            change
            for name, entry in sorted(now.entries.items())
            if name in self.entries
            for change in _changes(name, self.entries[name], entry)
        ]
        # Whatever else is recorded, a file that is gone is no reason to expect less of the rest.
        unplayed = self.entries.keys() - now.entries.keys()
        missing = unplayed & (self._below(paths) | self._gone()) - elsewhere
        return Comparison(
            changes=tuple(found),
            new=tuple(sorted(now.entries.keys() - self.entries.keys())),
            missing=tuple(sorted(missing)),
            elsewhere=len(unplayed - missing),
            update=update,
        )

    def updated(self, suite: SuiteResult, paths: Sequence[Path]) -> Baseline:
        """The baseline to record: what was measured now, and what was recorded from elsewhere."""
        dropped = self._below(paths) | self._gone()
        kept = {name: entry for name, entry in self.entries.items() if name not in dropped}
        now = Baseline.of(suite, self.folder)
        return Baseline(kept | dict(now.entries), folder=self.folder)

    def _below(self, paths: Sequence[Path]) -> set[str]:
        """The names of the scenarios whose files lie at or below these paths."""
        wanted = [inputs.resolved(path) for path in paths]
        return {
            name
            for name, entry in self.entries.items()
            if any(self._file_of(entry).is_relative_to(path) for path in wanted)
        }

    def _gone(self) -> set[str]:
        """The names of the scenarios whose files are no longer there."""
        return {name for name, entry in self.entries.items() if not self._file_of(entry).is_file()}

    def _file_of(self, entry: BaselineEntry) -> Path:
        return inputs.resolved(self.folder / entry.path)


def _changes(name: str, was: BaselineEntry, now: BaselineEntry) -> list[Change]:
    """Everything about one scenario that is no longer as recorded."""
    found = changes(name, was.measures, now.measures)
    if was.questions is None or now.questions is None:
        return found
    parted = turn(was.questions, now.questions, now.measures)
    if parted is not None:
        of_one = Change(
            scenario=name, key=QUESTIONS.key, was=parted.was, now=parted.now, trend=parted.trend
        )
        found.append(of_one)
    return found


def conclude(suite: SuiteResult, comparison: Comparison) -> Outcome:
    """What the gate says of a suite and its comparison with the baseline.

    Failed if a scenario failed or the baseline does not hold; inconclusive if a scenario is, or
    if the whole suite was played and a promised law was never put to the test.
    Only scenarios that are still there, and were left out on purpose, make it less than whole.
    """
    outcomes = [suite.outcome]
    if not comparison.holds:
        outcomes.append(Outcome.FAILED)
    if suite.laws_not_exercised and not comparison.elsewhere:
        outcomes.append(Outcome.INCONCLUSIVE)
    return combine(outcomes)


def _path_from(folder: Path, path: str) -> str:
    """The path of a file as it is written in a folder; with slashes on any system."""
    try:
        relative = os.path.relpath(inputs.resolved(path), inputs.resolved(folder))
    except ValueError:  # On another drive.
        relative = str(inputs.resolved(path))
    return Path(relative).as_posix()
