"""What of a command is played here: all of it, one shard, or nothing, where shards are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from chaos.commands.outputs import write
from chaos.errors import ChaosError
from chaos.shards.shard import Shard

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.ports import Target
    from chaos.runner.result import RunResult
    from chaos.runner.suite import SuiteResult
    from chaos.scenario.loader import LoadedScenario
    from chaos.shards.file import ShardFile

T = TypeVar("T")
R = TypeVar("R")

ShardOption = Annotated[
    Shard | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        parser=Shard.parse,
        help="Play only this part, and write a file for `chaos merge`.",
    ),
]
ShardFileOption = Annotated[
    Path | None,
    typer.Option(
        "--shard-file", help="The file that the shard writes.", show_default="shard-I-of-N.json"
    ),
]

_MERGED: ContextVar[Sequence[ShardFile]] = ContextVar("merged", default=())
"""The parts whose command is being called again to tell what they come to."""


@contextmanager
def merging(parts: Sequence[ShardFile]) -> Iterator[None]:
    """Let the command that is called in the block take its results from these parts."""
    token = _MERGED.set(parts)
    try:
        yield
    finally:
        _MERGED.reset(token)


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How a command shares its work.

    Attributes:
        command: What is shared: ``gate``.
        options: Whatever of its options changes results; JSON.
        shard: The part to play; None for the whole.
        file: Where the part is to be kept.
        parts: The files to take results from; empty unless they are merged.
    """

    command: str
    options: Mapping[str, Any]
    shard: Shard | None = None
    file: Path | None = None
    parts: Sequence[ShardFile] = field(default_factory=_MERGED.get)

    def __post_init__(self) -> None:
        # Beside it, the shard says how its own part went.
        if self.file == Path("-"):
            raise ChaosError(
                "--shard-file cannot be -: a shard writes a file for 'chaos merge'; expected the "
                "name of a file; leave it out for shard-I-of-N.json"
            )

    @property
    def output(self) -> Path | None:
        """The file that is going to be written."""
        if self.shard is None:
            return None
        return self.file or Path(f"shard-{self.shard.number}-of-{self.shard.of}.json")

    @property
    def inputs(self) -> list[str]:
        """The files that are read."""
        return [each.path for each in self.parts]

    def refuse(self, option: str, why: str, *, is_given: object) -> None:
        """Nothing, unless an option is given that a shard cannot have.

        Raises:
            ChaosError: It is.
        """
        if self.shard is not None and is_given:
            raise ChaosError(
                f"--shard cannot be combined with {option}: {why}; expected one of the two; "
                f"leave {option} out"
            )

    def mine(self, items: Sequence[T], name: Callable[[T], str]) -> Sequence[T]:
        """What is to be played here."""
        if self.parts:
            return []
        return items if self.shard is None else self.shard.mine(items, name)

    def keep(
        self, console: Console, results: object, files: Sequence[str], targets: Sequence[str]
    ) -> None:
        """Write what came of this shard, if it is one.

        Args:
            console: To say so on.
            results: JSON.
            files: The scenario files of the whole.
            targets: The targets of the whole, as scenarios name them.
        """
        if self.shard is None:
            return
        from chaos.shards.file import ShardFile

        assert self.output is not None, "a shard has a file"
        kept = ShardFile(
            shard=self.shard,
            command=self.command,
            options=self.options,
            made_of=made_of_these(files, targets),
            results=results,
        )
        write(self.output, kept.dump())
        rest = "" if self.shard.of == 1 else f", with those of the other {self.shard.of - 1},"
        console.print(
            f"shard {self.shard} is in {self.output}; merge it{rest} with: chaos merge",
            markup=False,
            soft_wrap=True,
        )

    def taken(
        self, load: Callable[[ShardFile], R], files: Sequence[str], targets: Sequence[str]
    ) -> list[R]:
        """What is in the parts, in their order.

        Args:
            load: Reads the results of one.
            files: The scenario files that are here.
            targets: The targets that are here.

        Raises:
            ShardError: They were played with something else, or are not as they should be.
        """
        from chaos.shards.file import ShardError
        from chaos.shards.fit import check_is_here

        check_is_here(self.parts, made_of_these(files, targets))
        found: list[R] = []
        for part in self.parts:
            try:
                found.append(load(part))
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                raise ShardError(
                    f"'{part.path}' does not hold results of `chaos {self.command}`: {error}; "
                    "expected the file as --shard wrote it; play that shard again"
                ) from error
        return found


def shared_suite(  # noqa: PLR0913 - what a suite is played with
    sharing: Sharing,
    loaded: Sequence[LoadedScenario],
    play: Callable[[Sequence[LoadedScenario]], SuiteResult],
    console: Console,
    *,
    tell: Callable[[RunResult], None],
    stops_at_first: bool = False,
) -> SuiteResult:
    """Play a suite, or a part of it, or take its results from parts.

    Args:
        sharing: Which of them.
        loaded: The whole suite, in order.
        play: Plays scenarios.
        console: To say what was kept.
        tell: Told of each result that comes from a part; `play` tells of its own.
        stops_at_first: Whether the whole ends after the first run that did not pass.
    """
    from chaos.runner.suite import SuiteResult

    files = [each.source.path for each in loaded]
    targets = [each.scenario.target for each in loaded]
    if not sharing.parts:
        mine = sharing.mine(loaded, _name)
        # There may be more machines than scenarios; that one of them is idle is no doubt.
        is_idle = sharing.shard is not None and not mine
        suite = SuiteResult(results=(), real_s=0.0) if is_idle else play(mine)
        sharing.keep(console, _kept(suite), files, targets)
        if is_idle:
            raise typer.Exit
        return suite
    suite = _merged(sharing, loaded, files, targets, stops_at_first=stops_at_first)
    for result in suite.results:
        tell(result)
    return suite


def _name(loaded: LoadedScenario) -> str:
    return loaded.scenario.name


def _kept(suite: SuiteResult) -> dict[str, Any]:
    from chaos.compare.kept import dump

    return {"real_s": suite.real_s, "runs": [dump(result) for result in suite.results]}


def _merged(
    sharing: Sharing,
    loaded: Sequence[LoadedScenario],
    files: Sequence[str],
    targets: Sequence[str],
    *,
    stops_at_first: bool,
) -> SuiteResult:
    from chaos.compare.kept import load
    from chaos.runner.suite import SuiteResult
    from chaos.shards.file import ShardError
    from chaos.verdict import Outcome

    known = {each.scenario.name: each for each in loaded}

    def read(part: ShardFile) -> tuple[float, list[RunResult]]:
        runs = part.results["runs"]
        return part.results["real_s"], [load(run, known[run["scenario"]]) for run in runs]

    parts = sharing.taken(read, files, targets)
    # In each tier one scenario after the other, as one machine plays them.
    tiers = list(dict.fromkeys(run.tier for _, runs in parts for run in runs))
    found = {(run.tier, run.name): run for _, runs in parts for run in runs}
    results: list[RunResult] = []
    for tier in tiers:
        for each in loaded:
            if (result := found.get((tier, _name(each)))) is None:
                raise ShardError(
                    f"no shard has a result of {_name(each)!r}; expected one for every scenario; "
                    "play the shards again"
                )
            results.append(result)
            if stops_at_first and result.outcome is not Outcome.PASSED:
                break
        if stops_at_first and results[-1].outcome is not Outcome.PASSED:
            break
    return SuiteResult(results=tuple(results), real_s=sum(real_s for real_s, _ in parts))


def made_of_these(files: Sequence[str], targets: Sequence[str]) -> Mapping[str, Any]:
    """What results depend on, by names; see `chaos.shards.made_of`."""
    from chaos.shards.made_of import made_of
    from chaos.targets import find_target
    from chaos.targets.here import importable_here

    found: dict[str, type[Target]] = {}
    with importable_here():
        for name in targets:
            found[name] = find_target(name)
        return made_of(files, found)
