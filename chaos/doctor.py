"""What is installed, what works, and how to get what is missing."""

from __future__ import annotations

import contextlib
import http.client
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version

from chaos.choices import Seeded
from chaos.errors import ChaosError, SimulationError
from chaos.faults.injector import Injector
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire import support
from chaos.upstreams.simple import JsonUpstream

PINNED = {"freezegun": "1.5.5", "respx": "0.23.1"}
SHOWN = ("openai", "httpx2", "google-cloud-storage", "requests", "faiss-cpu", "tenacity")
OLDEST_PYTHON = (3, 11)
_NAP_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``fix`` is empty when all is well."""

    name: str
    ok: bool
    seen: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, in order of importance."""
    yield Finding(
        name="python",
        ok=sys.version_info >= OLDEST_PYTHON,
        seen=sys.version.split()[0],
        fix="" if sys.version_info >= OLDEST_PYTHON else "use Python 3.11 or later",
    )
    for package in (*PINNED, *SHOWN):
        yield _package(package)
    yield _try("simulated tier", _simulate)
    yield _toxiproxy()


def _package(name: str) -> Finding:
    wanted = PINNED.get(name)
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name=name, ok=False, seen="missing", fix="python3 -m pip install -e .")
    if wanted and found != wanted:
        fix = f"python3 -m pip install {name}=={wanted}; other versions are untested"
        return Finding(name=name, ok=False, seen=found, fix=fix)
    return Finding(name=name, ok=True, seen=found)


def _try(name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, ok=True, seen=attempt())
    except ChaosError as error:
        return Finding(name=name, ok=False, seen=str(error), fix="please report this")


class _Echo(JsonUpstream):
    name = "doctor"
    hosts = ("doctor.chaos.test",)
    routes = {"ask": ("GET", "/", {"well": True})}  # noqa: RUF012 - as anybody writes it


def _ask_after_a_nap() -> int:
    time.sleep(_NAP_S)
    connection = http.client.HTTPSConnection(*_Echo.hosts)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


def _simulate() -> str:
    choices = Seeded(0)
    with (
        SimulatedTier() as simulation,
        simulation.start_run(
            upstreams={_Echo.name: _Echo()},
            injector=lambda _: Injector(choices),
            choices=choices,
            seed=0,
        ) as run,
    ):
        task = run.scheduler.spawn("user", _ask_after_a_nap)
        run.scheduler.run()
    if (task.result, run.clock.now_s) != (HTTPStatus.OK, _NAP_S):
        raise SimulationError(
            f"an hour and a request came to {task.error or task.result!r} after "
            f"{run.clock.now_s:g} virtual seconds; expected HTTP 200 after {_NAP_S:g}"
        )
    return "an hour passes in no time, and a stand-in answers"


def _toxiproxy() -> Finding:
    state = support.examine()
    return Finding(name="wire tier", ok=state.usable, seen=state.seen, fix=state.fix)
