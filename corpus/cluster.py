"""Bugs played by the workers of a Dask cluster, each in its own folder of the project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from chaos.cluster.address import SchedulerAddress
from chaos.cluster.connection import Cluster, connected
from chaos.cluster.function_text import FunctionText
from chaos.errors import ChaosError
from chaos.processes.executor import ExecutorLostError
from chaos.shards.made_of import made_of
from corpus import errand
from corpus.bug import Bug, BugError, read_named
from corpus.crews import Begin, CrewLostError
from corpus.playing import Result, play

_LOOKED_AFTER_S = 5.0


@contextmanager
def on_cluster(address: str) -> Iterator[Begin]:
    """Play as many at a time as the workers have threads; see `corpus.crews.crew`."""
    try:
        with connected(SchedulerAddress.parse(address)) as cluster:
            # A worker that is lost does not take its bugs along: others play them.
            executor = cluster.client.get_executor(pure=False)
            same = fingerprint()

            def begin(bug: Bug) -> Callable[[], Result]:
                sent = executor.submit(_ERRAND, bug.name, same)
                return partial(_result, cluster, bug, sent)

            yield begin
    except ExecutorLostError as lost:
        raise CrewLostError(str(lost)) from lost
    except ChaosError as error:
        raise BugError(str(error)) from error


def fingerprint() -> str:
    """What the harness and the corpus are made of; the same on machines that play the same."""
    digest = hashlib.sha256(made_of([], {})["chaos"]["digest"].encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".toml", ".yaml"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def play_if_same(name: str, same: str) -> tuple[str, Any]:
    """Play a bug for the command that has this `fingerprint`; what came, and what it is."""
    if fingerprint() != same:
        return "unfit", f"has another corpus or chaos, in its folder '{Path.cwd()}'"
    try:
        return "played", play(read_named(name))
    except BugError as error:
        return "unplayed", str(error)


def _result(cluster: Cluster, bug: Bug, sent: Future[Any]) -> Result:
    from distributed import KilledWorker  # noqa: PLC0415 - an extra

    while True:
        try:
            worker, kind, came = sent.result(timeout=_LOOKED_AFTER_S)
        except TimeoutError:
            cluster.check()
        except CancelledError:
            raise cluster.lost("went away") from None
        except KilledWorker:
            raise BugError(f"{bug.name} was lost with its worker, several times") from None
        else:
            break
    if kind == "unfit":
        raise cluster.unfit(worker, came)
    if kind == "unplayed":
        raise BugError(f"on the worker {worker}: {came}")
    result: Result = came
    return result


_ERRAND = FunctionText(errand.errand)
