"""What the harness costs, against the floor: a call of the OpenAI SDK that is answered in memory.

Run it with ``nox -s bench``. A ratio says more than a time: both sides are measured in turns, in
one process, in processor time, so that a slow or busy machine slows both. Rates are in real time.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import freezegun.api
import httpx2
import openai
from rich.console import Console
from rich.table import Table

from chaos import session
from chaos.choices import Seeded
from chaos.faults.injector import Injector
from chaos.http import Request
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.openai import OpenAIUpstream

PROJECT = Path(__file__).parents[1]

ROUNDS = 15
CALLS = 100
"""In each round, on either side."""

QUESTION = [{"role": "user", "content": "How do I reset my password?"}]


@dataclass(frozen=True)
class Figure:
    """One line of the result; ``ratio`` is against the floor, ``spread`` its quartiles."""

    what: str
    value: float
    unit: str
    ratio: float | None = None
    spread: tuple[float, float] | None = None


def bare_client() -> openai.OpenAI:
    """The SDK over a transport that hands out the same bytes every time: the floor."""
    request = Request(
        method="POST",
        url="https://api.openai.com/v1/chat/completions",
        headers={"authorization": "Bearer sk-bench"},
        body=json.dumps({"model": "gpt-4o-mini", "messages": QUESTION}).encode(),
    )
    response = OpenAIUpstream().handle(request)
    headers = list(response.headers)
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(response.status, headers=headers, content=response.body)
    )
    http = httpx2.Client(transport=transport)
    return openai.OpenAI(api_key="sk-bench", max_retries=0, http_client=http)


def ask(client: openai.OpenAI) -> None:
    """One call."""
    client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)  # type: ignore[arg-type]  # of one role


def cpu_us(client: openai.OpenAI) -> float:
    """Processor time of one call, in microseconds."""
    began = time.thread_time()
    for _ in range(CALLS):
        ask(client)
    return (time.thread_time() - began) / CALLS * 1e6


def play(simulation: Simulation, body: Callable[[], object], seed: int) -> None:
    """One run of the simulated tier in which one user does ``body``."""
    choices = Seeded(seed)
    with simulation.start_run(
        upstreams={"openai": OpenAIUpstream()},
        injector=lambda _: Injector(choices),
        choices=choices,
        seed=seed,
    ) as run:
        user = run.scheduler.spawn("user-1", body)
        run.scheduler.run()
        if user.error is not None:
            raise user.error


def cost_of_a_call() -> Iterator[Figure]:
    """The same call, bare and in the simulated tier."""
    bare, real = bare_client(), openai.OpenAI(api_key="sk-bench", max_retries=0)
    floor: list[float] = []
    tier: list[float] = []
    with SimulatedTier() as simulation:
        for number in range(ROUNDS + 1):
            floor.append(cpu_us(bare))
            play(simulation, lambda: tier.append(cpu_us(real)), number)
    # The first round warms up.
    floor, tier = floor[1:], tier[1:]
    ratios = [ours / theirs for ours, theirs in zip(tier, floor, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    yield Figure("one SDK call, bare", statistics.median(floor), "us")
    yield Figure("the same in the tier", statistics.median(tier), "us", middle, (low, high))


def rate_of_runs(number: int = 1000) -> Figure:
    """Whole runs of one call each: what it costs to begin and end a world."""
    client = openai.OpenAI(api_key="sk-bench", max_retries=0)
    clock = freezegun.api.real_perf_counter
    with SimulatedTier() as simulation:
        began_s = clock()
        for seed in range(number):
            play(simulation, lambda: ask(client), seed)
        return Figure("runs of one call", number / (clock() - began_s), "per second")


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
    yield from cost_of_a_call()
    yield rate_of_runs()
    yield suite()
    for jobs in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
        yield exploration(jobs)


def main() -> None:
    """Measure, and print a table; with ``--json``, JSON."""
    logging.getLogger().addHandler(logging.NullHandler())
    gc.freeze()
    console = Console(stderr=True)
    found: list[Figure] = []
    for figure in figures():
        console.print(f"[dim]{figure.what}: {figure.value:,.1f} {figure.unit}[/]", highlight=False)
        found.append(figure)
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(figure) for figure in found], indent=2) + "\n")
        return
    table = Table("", "measured", "against the floor", "quartiles", title="What the harness costs")
    for figure in found:
        ratio = "" if figure.ratio is None else f"x {figure.ratio:.2f}"
        spread = "" if figure.spread is None else "{:.2f} to {:.2f}".format(*figure.spread)
        table.add_row(figure.what, f"{figure.value:,.1f} {figure.unit}", ratio, spread)
    Console().print(table)


if __name__ == "__main__":
    main()
