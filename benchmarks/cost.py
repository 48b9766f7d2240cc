"""What the harness costs, beside what people would use without it.

Run it with ``nox -s bench``. A ratio says more than a time: both sides are measured in turns, in
one process, in processor time, so that a slow or busy machine slows both. Rates are in real time.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import world
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


def figures() -> Iterator[Figure]:
    """All of them; the quick ones first."""
    yield from world.figures()
    yield suite()
    for jobs in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
        yield exploration(jobs)


def main() -> None:
    """Measure, and print a table; with ``--json``, JSON."""
    logging.getLogger().addHandler(logging.NullHandler())
    console = Console(stderr=True)
    found: list[Figure] = []
    for figure in figures():
        console.print(f"[dim]{figure.what}: {figure.value:,.1f} {figure.unit}[/]", highlight=False)
        found.append(figure)
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(figure) for figure in found], indent=2) + "\n")
        return
    table = Table("", "measured", "ratio", "quartiles", "goal", title="What the harness costs")
    for figure in found:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x {figure.against}"
        spread = "" if figure.spread is None else "{:.2f} to {:.2f}".format(*figure.spread)
        goal = "" if figure.goal is None else f"{figure.goal:g}"
        table.add_row(figure.what, f"{figure.value:,.1f} {figure.unit}", ratio, spread, goal)
    Console().print(table)


if __name__ == "__main__":
    main()
