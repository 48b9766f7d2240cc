"""What is installed, what works, and how to get what is missing."""

from __future__ import annotations

import contextlib
import http.client
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from chaos import extensions
from chaos.checks import laws  # noqa: F401 - the names that are taken, as below
from chaos.choices import Seeded
from chaos.errors import ChaosError, SimulationError
from chaos.faults.injector import Injector
from chaos.reports import formats  # noqa: F401
from chaos.tiers import registry  # noqa: F401
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire import support
from chaos.upstreams.simple import JsonUpstream

DISTRIBUTIONS = ("chaos-harness", "helpdesk-chaos")
"""What the harness is installed as: alone, or as a part of this project."""
SDKS = ("openai", "httpx2", "google-cloud-storage", "requests", "urllib3")
"""What services call providers with; shown, since a run depends on them, but not required."""
OLDEST_PYTHON = (3, 11)
_NAP_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at.

    Attributes:
        name: What.
        ok: Whether it is as it should be.
        optional: Whether all is well without it, for whoever does not use it.
        seen: How it is.
        fix: What to do; empty when it is as it should be.
    """

    name: str
    ok: bool
    optional: bool = False
    seen: str
    fix: str = ""


def examine() -> Iterator[Diagnosis]:
    """Look at everything, in order of importance."""
    yield Diagnosis(
        name="python",
        ok=sys.version_info >= OLDEST_PYTHON,
        seen=sys.version.split()[0],
        fix="" if sys.version_info >= OLDEST_PYTHON else "use Python 3.11 or later",
    )
    yield from _requirements()
    for sdk in SDKS:
        yield Diagnosis(name=sdk, ok=True, seen=_installed(sdk) or "not installed, nor required")
    for each in extensions.installed():
        yield Diagnosis(
            name=each.what,
            ok=not each.is_broken,
            seen=each.seen,
            fix="no scenario is played until it is corrected or removed" if each.is_broken else "",
        )
    yield _try("simulated tier", _simulate)
    yield _toxiproxy()


def _requirements() -> Iterator[Diagnosis]:
    """What the harness requires: each that is not as required, or that all are."""
    required = list(_required())
    unmet = [each for each in required if not _is_met(each)]
    for each in unmet:
        found = _installed(each.name) or "missing"
        yield Diagnosis(
            name=each.name,
            ok=False,
            seen=f"{found}; required: {each.specifier}",
            fix=f"python3 -m pip install '{each}'",
        )
    if required and not unmet:
        yield Diagnosis(name="requirements", ok=True, seen=f"all {len(required)} are as required")
    if not required:
        yield Diagnosis(
            name="requirements",
            ok=False,
            seen="unknown: the harness is not installed",
            fix="python3 -m pip install chaos-harness, or -e . in a checkout",
        )


def _required() -> Iterator[Requirement]:
    for distribution in DISTRIBUTIONS:
        try:
            written = requires(distribution) or ()
        except PackageNotFoundError:
            continue
        for each in map(Requirement, written):
            # What belongs to an extra was not asked for.
            if each.marker is None or each.marker.evaluate({"extra": ""}):
                yield each
        return


def _is_met(requirement: Requirement) -> bool:
    found = _installed(requirement.name)
    return found is not None and requirement.specifier.contains(found, prereleases=True)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _try(name: str, attempt: Callable[[], str]) -> Diagnosis:
    try:
        return Diagnosis(name=name, ok=True, seen=attempt())
    except extensions.ExtensionError as error:
        return Diagnosis(name=name, ok=False, seen=f"not tried: {error}")
    except ChaosError as error:
        return Diagnosis(name=name, ok=False, seen=str(error), fix="please report this")


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


def _toxiproxy() -> Diagnosis:
    state = support.examine()
    return Diagnosis(
        name="wire tier", ok=state.usable, optional=state.absent, seen=state.seen, fix=state.fix
    )
