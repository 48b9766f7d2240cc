"""Where a command has its jobs done: `--jobs`, or `--executor`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.errors import ChaosError
from chaos.interactive.interruption import RunInterruptedError, this_command

if TYPE_CHECKING:
    from chaos.processes.executor import Executor

ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="dask://HOST:PORT",
        help="Play on the workers of a Dask cluster, as many as it has, in place of --jobs. Start "
        "it with `dask scheduler`, and in a copy of this folder on each machine "
        "`dask worker HOST:8786`. Results are the same.",
        show_default="processes of this machine",
    ),
]


def executor_of(executor: str | None, jobs: int | None, targets: Iterable[str]) -> Executor:
    """Who does the jobs of a command.

    Args:
        executor: The option `--executor`.
        jobs: The option `--jobs`.
        targets: What is played, as scenarios name it.

    Raises:
        ChaosError: Both are given, or there is no such executor.
    """
    if executor is None:
        from chaos.processes.executor import Processes
        from chaos.processes.pool import usable_cores

        return Processes(jobs or usable_cores())

    from chaos.cluster.address import SchedulerAddress
    from chaos.cluster.dask import Dask

    if jobs is not None:
        raise ChaosError(
            "--executor cannot be combined with --jobs: each thread of a worker plays; expected "
            "one of the two; leave --jobs out, and start workers with the --nthreads that you want"
        )
    return Dask(SchedulerAddress.parse(executor), targets)


@dataclass(frozen=True, slots=True)
class SearchFile:
    """The file from which a search can go on.

    Attributes:
        path: Where; None for no such file.
        is_spare: Whether nobody has asked for it: a search on a cluster has one all the same, for
            the case that the cluster goes away, and leaves it only then.
    """

    path: Path | None
    is_spare: bool = False

    @classmethod
    def of(cls, resume: Path | None, executor: str | None) -> SearchFile:
        """What `--resume` names, or a new one in this folder, if it may be needed."""
        if resume is not None or executor is None:
            return cls(resume)
        names = (Path(f"chaos-explore-{number}.search") for number in count(1))
        return cls(next(path for path in names if not path.exists()), is_spare=True)

    @property
    def next_command(self) -> str:
        """The command that goes on."""
        if not self.is_spare:
            return this_command()
        return f"{this_command()} --resume {shlex.quote(str(self.path))}"

    @contextmanager
    def kept_if_needed(self) -> Iterator[None]:
        """Remove a spare file in the end, unless the block ends in the middle of a search."""
        from chaos.processes.executor import ExecutorLostError

        try:
            yield
        except (RunInterruptedError, ExecutorLostError):
            raise
        except BaseException:
            self._remove_spare()
            raise
        self._remove_spare()

    def _remove_spare(self) -> None:
        if self.is_spare and self.path is not None:
            self.path.unlink(missing_ok=True)
