"""A scenario file as pytest sees it: one file, one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from chaos.errors import ChaosError

if TYPE_CHECKING:
    from chaos.runner.result import RunResult
    from chaos.scenario.collecting import PassedOver

_WITH_A_MEANING = frozenset(
    {"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}
)
"""Marks that pytest acts on; a tag of that name only selects."""


class ScenarioFile(pytest.File):
    """A YAML file; read for its tags when collected, checked when its test runs."""

    on_passed_over: Callable[[Sequence[PassedOver]], None] = staticmethod(lambda _: None)
    """Told of the scenario if it is not played."""

    def collect(self) -> Iterator[ScenarioItem]:
        """One test, called like the file; none if it is played only when asked for."""
        from chaos.scenario.collecting import apart  # noqa: PLC0415 - collection may end before

        tags = _tags(self.path)
        if (tag := self._is_apart(tags)) is not None:
            self.on_passed_over([apart(self.path, tag)])
            return
        item: ScenarioItem = ScenarioItem.from_parent(self, name=self.path.stem)
        for tag in tags:
            item.extra_keyword_matches.add(tag)
            if tag not in _WITH_A_MEANING:
                # Announced first: with --strict-markers an unknown mark is an error.
                self.config.addinivalue_line("markers", f"{tag}: scenarios with this tag")
                item.add_marker(tag)
        yield item

    def _is_apart(self, tags: Sequence[str]) -> str | None:
        """The tag for which it is passed over, as `chaos run` has it; None if it is not."""
        from chaos.scenario.collecting import is_apart  # noqa: PLC0415 - collection may end before

        named = filter(self.session.isinitpath, (self.path, self.path.parent))
        words = f"{self.config.getoption('-k')} {self.config.getoption('-m')}"
        return is_apart(tags, self.path, named=named, words=words)


class ScenarioItem(pytest.Item):
    """Plays a scenario; passes only if its verdict is passed."""

    def runtest(self) -> None:
        """Play it, in a simulation of its own: pytest and other tests keep the real clock.

        Raises:
            ScenarioFailedError: The verdict is failed or inconclusive.
            ScenarioError: The file is wrong.
        """
        # Late, so that collecting costs no imports of SDKs and services.
        from chaos import session  # noqa: PLC0415
        from chaos.verdict import Outcome  # noqa: PLC0415

        is_below = self.path.is_relative_to(Path.cwd())
        shown = self.path.relative_to(Path.cwd()) if is_below else self.path
        suite = session.run(
            session.load([shown]),
            seed=self.config.getoption("--chaos-seed"),
            is_alone=len(self.session.items) == 1,
        )
        (result,) = suite.results
        self.user_properties += [("seed", result.seed), ("digest", result.digest)]
        if result.outcome is not Outcome.PASSED:
            raise ScenarioFailedError(result)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ANN401
    ) -> str | TerminalRepr:
        """What `chaos run` shows of it, rather than our own stack."""
        error = excinfo.value
        if isinstance(error, ScenarioFailedError):
            return _Failure(error.result)
        if isinstance(error, ChaosError):
            return str(error)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the name of the scenario."""
        return self.path, 0, self.name


class ScenarioFailedError(Exception):
    """A scenario did not pass.

    Attributes:
        result: The finished run.
    """

    def __init__(self, result: RunResult) -> None:
        self.result = result
        super().__init__(result.problems[0].reason)


class _Failure(TerminalRepr):
    """Expected and seen, the line of the file, what happened, how to replay it."""

    def __init__(self, result: RunResult) -> None:
        from chaos.reports.failure_text import failure_text  # noqa: PLC0415 - failures alone

        problem = result.problems[0]
        self.text = failure_text(result)
        # Where pytest takes its one-line summary from, and editors the place to jump to.
        self.reprcrash = ReprFileLocation(result.path, problem.line or 1, problem.reason)

    def toterminal(self, tw: TerminalWriter) -> None:
        tw.line(self.text)
        self.reprcrash.toterminal(tw)

    def __str__(self) -> str:
        return f"{self.text}\n{self.reprcrash.path}:{self.reprcrash.lineno}"


def _tags(path: Path) -> list[str]:
    """Tags as far as the file can be read; what is wrong with it is for its test to say."""
    from chaos.scenario.reader import read_file  # noqa: PLC0415 - collection may end before

    data = read_file(path, str(path)).data
    tags = data.get("tags", ()) if isinstance(data, dict) else ()
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, tuple) else []
