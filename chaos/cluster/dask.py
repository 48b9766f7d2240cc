"""An executor that is a cluster of dask.distributed."""

from __future__ import annotations

import inspect
import logging
import pickle
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chaos.cluster import errand
from chaos.cluster.address import Address
from chaos.cluster.fitting import about
from chaos.cluster.slices import Dealer, SliceAnswer
from chaos.errors import ChaosError, MissingComponentError
from chaos.processes.executor import ExecutorLostError
from chaos.processes.pool import J, R, Setting, Workers
from chaos.processes.tickets import OnDeath
from chaos.processes.worker import Inheritance
from chaos.simulation.timing import real

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_S = 4.0
_FIRST_WORKER_S = 10.0
_NO_WORKER_S = 30.0
"""How long a search waits for a worker, where all have gone: a nanny begins a new one at once."""

_ASK_S = 10.0
_COUNTED_FOR_S = 2.0


class ClusterError(ChaosError):
    """A cluster is not there, or cannot play what it was asked to; the message says what to do."""


class Dask:
    """The workers of a cluster, as many as there are.

    Args:
        address: Of its scheduler.
        targets: Names of what is played: its code must be the same on each worker.
    """

    batch = 1
    """Slices are cut where they are dealt out."""

    def __init__(self, address: Address, targets: Iterable[str]) -> None:
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
                client = stack.enter_context(_connected(self._address))
            except ClusterError as absent:
                if self._was_there:
                    raise _lost(self._address, "went away") from absent
                raise
            self._was_there = True
            engine = _Engine(client, self._address, asked, packed)
            dealer = Dealer(engine, name=name, on_death=on_death)
            try:
                yield dealer
            finally:
                dealer.close()


class _Engine:
    def __init__(self, client: Client, address: Address, asked: bytes, setting: bytes) -> None:
        self._client = client
        self._address = address
        # A command has players of its own, which have imported what is on the disk now.
        self._every_slice = (uuid4().hex, asked, setting)
        # What has been done may be done again, should its worker die; not in the place of another.
        self._executor = client.get_executor(pure=False)
        self._slots, self._counted_s = 1, -_COUNTED_FOR_S
        self._alone_since_s: float | None = None

    def slots(self) -> int:
        if real.monotonic() - self._counted_s >= _COUNTED_FOR_S:
            self._slots = self._count()
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
            raise self._lost("went away") from None
        except KilledWorker:
            return SliceAnswer(died="was lost with its worker, several times in a row")
        if kind == "unfit":
            raise ClusterError(
                f"the worker {worker} of {self._address} {told}; expected what the command has; "
                "install the same versions there, and start it in the folder of the project"
            )
        if kind == "died":
            return SliceAnswer(died=told)
        answer: SliceAnswer[Any] = pickle.loads(told)  # noqa: S301 - our own player wrote it
        return answer

    def check(self) -> None:
        if self._client.status != "running":
            raise self._lost("went away")
        if self._count():
            self._alone_since_s = None
            return
        if self._alone_since_s is None:
            self._alone_since_s = real.monotonic()
        if real.monotonic() - self._alone_since_s > _NO_WORKER_S:
            raise self._lost(f"has had no worker for {_NO_WORKER_S:.0f} s")

    def _count(self) -> int:
        try:
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=_ASK_S)
        except (OSError, TimeoutError):
            raise self._lost("does not answer any more") from None
        return sum(threads.values())

    def _lost(self, what: str) -> ExecutorLostError:
        return _lost(self._address, what)


class _AsText:
    """A function that is pickled as the text of its module, and needs nothing where it is read."""

    def __init__(self, function: Callable[..., Any]) -> None:
        module = sys.modules[function.__module__]
        self._made = f"(lambda made: exec({inspect.getsource(module)!r}, made) or made)({{}})"
        self._name = function.__name__

    def __call__(self, *_: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        raise AssertionError("it is called where it was unpickled")

    def __reduce__(self) -> tuple[Any, ...]:
        # The only calls here are of names that every Python has.
        return eval, (f"{self._made}[{self._name!r}]",)


_ERRAND = _AsText(errand.errand)


@contextmanager
def _connected(address: Address) -> Iterator[Client]:
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
        yield client
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=_CONNECT_S)


def _client(address: Address) -> Client:
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
        why = str(error) or "what listens there does not answer like one"
        raise _absent(address, why) from None


def _check_somebody_listens(address: Address) -> None:
    try:
        socket.create_connection((address.host, address.port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise _absent(address, error.strerror or str(error)) from None


def _lost(address: Address, what: str) -> ExecutorLostError:
    return ExecutorLostError(f"the scheduler at {address} {what}")


def _absent(address: Address, why: str) -> ClusterError:
    return ClusterError(
        f"no scheduler of dask at {address}: {why}; expected one; start it with: dask scheduler "
        f"--port {address.port}, or correct --executor"
    )
