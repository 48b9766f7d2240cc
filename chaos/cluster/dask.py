"""An executor that is a cluster of dask.distributed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from chaos.cluster import errand
from chaos.cluster.address import SchedulerAddress
from chaos.cluster.connection import Cluster, ClusterError, connected, lost
from chaos.cluster.fitting import about
from chaos.cluster.function_text import FunctionText
from chaos.cluster.slices import Dealer, SliceAnswer
from chaos.processes.pool import J, R, Setting, Workers
from chaos.processes.tickets import OnDeath
from chaos.processes.worker import Inheritance
from chaos.simulation.timing import real

_COUNTED_FOR_S = 2.0


class Dask:
    """The workers of a cluster, as many as there are.

    Args:
        address: Of its scheduler.
        targets: Names of what is played: its code must be the same on each worker.
    """

    batch = 1
    """Slices are cut where they are dealt out."""

    def __init__(self, address: SchedulerAddress, targets: Iterable[str]) -> None:
        self._address = address
        self._targets = sorted(set(targets))
        self._was_there = False

    @contextmanager
    def workers(
        self,
        setting: Setting[J, R],
        *,
        isolated: bool = False,
        name: Callable[[J], str] = str,
        on_death: OnDeath[J, R] | None = None,
    ) -> Iterator[Workers[J, R]]:
        """See `chaos.processes.executor.Executor`."""
        asked = about(self._targets, isolated=isolated)
        # Another machine has an environment of its own, and there may be secrets in ours.
        inheritance = replace(Inheritance.now(), environment=None)
        packed = pickle.dumps((setting, inheritance))
        with ExitStack() as stack:
            try:
                cluster = stack.enter_context(connected(self._address))
            except ClusterError as absent:
                if self._was_there:
                    raise lost(self._address, "went away") from absent
                raise
            self._was_there = True
            engine = _Engine(cluster, asked, packed)
            dealer = Dealer(engine, name=name, on_death=on_death)
            try:
                yield dealer
            finally:
                dealer.close()


class _Engine:
    def __init__(self, cluster: Cluster, asked: bytes, setting: bytes) -> None:
        self._cluster = cluster
        # A command has players of its own, which have imported what is on the disk now.
        self._every_slice = (uuid4().hex, asked, setting)
        # What has been done may be done again, should its worker die; not in the place of another.
        self._executor = cluster.client.get_executor(pure=False)
        self._slots, self._counted_s = 1, -_COUNTED_FOR_S

    def slots(self) -> int:
        if real.monotonic() - self._counted_s >= _COUNTED_FOR_S:
            self._slots = self._cluster.threads()
            self._counted_s = real.monotonic()
        return self._slots

    def submit(self, slice_: bytes) -> Future[Any]:
        future: Future[Any] = self._executor.submit(_ERRAND, *self._every_slice, slice_)
        return future

    def gather(self, future: Future[Any]) -> SliceAnswer[Any]:
        from distributed import KilledWorker  # noqa: PLC0415 - an extra

        try:
            worker, kind, told = future.result()
        except CancelledError:
            raise self._cluster.lost("went away") from None
        except KilledWorker:
            return SliceAnswer(died="was lost with its worker, several times in a row")
        if kind == "unfit":
            raise self._cluster.unfit(worker, told)
        if kind == "died":
            return SliceAnswer(died=told)
        answer: SliceAnswer[Any] = pickle.loads(told)  # noqa: S301 - our own player wrote it
        return answer

    def check(self) -> None:
        self._cluster.check()


_ERRAND = FunctionText(errand.errand)
