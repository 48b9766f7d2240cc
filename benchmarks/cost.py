"""What the harness costs, beside what people would use without it.

Run it with ``nox -s bench``. A ratio says more than a time: both sides are measured in turns, in
one process, in processor time, so that a slow or busy machine slows both. Rates are in real time.
With ``-- --check`` ratios are compared with recorded ones; see `benchmarks.results`. ``-- world
memory`` measures these parts alone.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import growth, incidents, results, startup, world
from benchmarks.figures import Figure
from chaos import session

PROJECT = Path(__file__).parents[1]


def suite() -> Figure:
    """Every scenario of the default suite, one after another."""
    loaded = session.load([PROJECT / "scenarios"])
    began_s = time.perf_counter()
    session.run(loaded)
    seconds = time.perf_counter() - began_s
    return Figure(f"{len(loaded)} scenarios of the suite", seconds, "s")


def exploration(jobs: int) -> Figure:
    """Pairs of faults on three questions, as far as 600 runs go; the rate is the command's own."""
    workload = str(PROJECT / "scenarios" / "explored" / "chat.yaml")
    options = ["--faults", "2", "--runs", "600", "--jobs", str(jobs), "--json", "-"]
    command = [sys.executable, "-m", "chaos", "explore", workload, *options]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    (search,) = json.loads(run.stdout)["searches"]
    return Figure(f"explored runs, -j{jobs}", search["per_second"], "per second")


def searches() -> Iterator[Figure]:
    """Exploration by one process, and by two if there are two processors."""
    for jobs in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
        yield exploration(jobs)


PARTS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "startup": startup.figures,
    "world": world.figures,
    "suite": lambda: iter([suite()]),
    "searches": searches,
    "growth": growth.figures,
    "incidents": incidents.figures,
    "memory": lambda: iter([world.memory()]),
}
"""What is measured, by the name of each part; the quick ones first."""


def figures(names: Sequence[str] = ()) -> Iterator[Figure]:
    """Those of the named parts; of all, if none is named."""
    if unknown := set(names) - set(PARTS):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; expected {', '.join(PARTS)}")
    for name, part in PARTS.items():
        if not names or name in names:
            yield from part()


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())
    parts = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    results.tell(figures(parts), title="What the harness costs")
