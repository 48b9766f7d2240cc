"""A connection to the scheduler of a Dask cluster, and whether anybody is still behind it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from chaos.cluster.address import SchedulerAddress
from chaos.errors import ChaosError, MissingComponentError
from chaos.processes.executor import ExecutorLostError
from chaos.simulation.timing import real

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 4.0
_FIRST_WORKER_S = 10.0
_NO_WORKER_S = 30.0
"""How long work waits for a worker, where all have gone: a nanny begins a new one at once."""

_ASK_S = 10.0


class ClusterError(ChaosError):
    """A cluster is not there, or cannot play what it was asked to; the message says what to do."""


class Cluster:
    """The workers behind a scheduler.

    Attributes:
        client: Dask's own.
        address: Of the scheduler.
    """

    def __init__(self, client: Client, address: SchedulerAddress) -> None:
        self.client = client
        self.address = address
        self._alone_since_s: float | None = None

    def threads(self) -> int:
        """How many jobs it can do at a time.

        Raises:
            ExecutorLostError: The scheduler does not answer.
        """
        try:
            threads = self.client.sync(self.client.scheduler.ncores, callback_timeout=_ASK_S)
        except (OSError, TimeoutError):
            raise self.lost("does not answer any more") from None
        return sum(threads.values())

    def check(self) -> None:
        """See whether what was sent can still be done; to be called now and then.

        Raises:
            ExecutorLostError: The scheduler is gone, or has been without workers for long.
        """
        if self.client.status != "running":
            raise self.lost("went away")
        if self.threads():
            self._alone_since_s = None
            return
        if self._alone_since_s is None:
            self._alone_since_s = real.monotonic()
        if real.monotonic() - self._alone_since_s > _NO_WORKER_S:
            raise self.lost(f"has had no worker for {_NO_WORKER_S:.0f} s")

    def lost(self, what: str) -> ExecutorLostError:
        """The error for a scheduler of which this is to be said."""
        return lost(self.address, what)

    def unfit(self, worker: str, what: str) -> ClusterError:
        """The error for a worker that has something else than the command; ``what`` says it."""
        return ClusterError(
            f"the worker {worker} of {self.address} {what}; expected what the command uses; "
            "install the same versions there, and start it in the folder of the project"
        )


def lost(address: SchedulerAddress, what: str) -> ExecutorLostError:
    """The error for a scheduler of which this is to be said."""
    return ExecutorLostError(f"the scheduler at {address} {what}")


@contextmanager
def connected(address: SchedulerAddress) -> Iterator[Cluster]:
    """Connect, and see that there is a worker.

    Raises:
        ClusterError: Nobody is there, or no worker.
        MissingComponentError: Dask is not installed here.
    """
    if find_spec("distributed") is None:
        raise MissingComponentError(
            f"--executor {address} needs dask, and no module named 'distributed' is installed; "
            "expected the extra 'dask'; install it with: python -m pip install "
            "'chaos-harness[dask]'"
        )
    # Dask would go on trying where nobody listens, and takes a second to be imported.
    _check_somebody_listens(address)
    client = _client(address)
    try:
        try:
            client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {address} has no worker; expected at least one; start it in "
                f"the folder of the project with: dask worker {address.netloc}"
            ) from None
        yield Cluster(client, address)
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=_CONNECT_S)


def _client(address: SchedulerAddress) -> Client:
    from distributed import Client  # noqa: PLC0415 - an extra; and it changes how errors are pickled

    # What dask has to say of a connection that breaks, we say in one line.
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    made: Future[Client] = Future()

    def make() -> None:
        try:
            made.set_result(Client(address.netloc, timeout=_CONNECT_S, set_as_default=False))
        except Exception as error:  # noqa: BLE001 - it is told by whoever waits
            made.set_exception(error)

    # In a thread of its own: whoever listens and is no scheduler may keep dask for ever, whatever
    # timeout it has.
    threading.Thread(target=make, daemon=True).start()
    try:
        return made.result(timeout=_CONNECT_S + 1.0)
    except (OSError, TimeoutError, ValueError) as error:
        why = str(error) or "what listens there does not answer like a scheduler"
        raise _absent(address, why) from None


def _check_somebody_listens(address: SchedulerAddress) -> None:
    try:
        socket.create_connection((address.host, address.port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise _absent(address, error.strerror or str(error)) from None


def _absent(address: SchedulerAddress, why: str) -> ClusterError:
    return ClusterError(
        f"no scheduler of dask at {address}: {why}; expected one; start it with: dask scheduler "
        f"--port {address.port}, or correct --executor"
    )
