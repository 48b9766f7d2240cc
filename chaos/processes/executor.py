"""Where jobs are done: in processes of this machine, or wherever an executor takes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from chaos.errors import ChaosError
from chaos.processes.pool import J, R, Setting, Workers, workers
from chaos.processes.tickets import OnDeath


class ExecutorLostError(ChaosError):
    """Whoever did the jobs is gone; results that were taken before are as good as ever."""

    exit_code = 3


class Executor(Protocol):
    """Does jobs, somewhere; what comes back is the same wherever that is."""

    @property
    def batch(self) -> int:
        """How many quick jobs to give as one: what one costs to send, in jobs."""

    def workers(
        self,
        setting: Setting[J, R],
        *,
        isolated: bool = False,
        name: Callable[[J], str] = str,
        on_death: OnDeath[J, R] | None = None,
    ) -> AbstractContextManager[Workers[J, R]]:
        """Those who do jobs, until the block is left; see `chaos.processes.pool.workers`.

        Raises:
            ExecutorLostError: They are gone, in the middle of the jobs.
        """


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine; one of them is this process itself.

    Example:
        >>> from contextlib import nullcontext
        >>> with Processes(1).workers(lambda: nullcontext(abs)) as pool:
        ...     list(pool.in_order([-1, 2]))
        [1, 2]
    """

    number: int = 1

    @property
    def batch(self) -> int:
        """One job where nothing has a way to go; else few enough to stop soon."""
        return 1 if self.number == 1 else 16

    def workers(
        self,
        setting: Setting[J, R],
        *,
        isolated: bool = False,
        name: Callable[[J], str] = str,
        on_death: OnDeath[J, R] | None = None,
    ) -> AbstractContextManager[Workers[J, R]]:
        """See `chaos.processes.pool.workers`."""
        return workers(setting, self.number, isolated=isolated, name=name, on_death=on_death)


HERE = Processes(1)
"""This process, and no other."""
