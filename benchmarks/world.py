"""What the simulated world costs: a call in it, beginning and ending it, many of everything."""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Callable, Iterator

import httpx2
import openai

from benchmarks.figures import Figure, beside
from benchmarks.loopback import server
from benchmarks.question import ask, ask_async, the_answer
from chaos.choices import Seeded
from chaos.faults.injector import Injector
from chaos.simulation.timing import real
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.openai import OpenAIUpstream

ROUNDS = 15
CALLS = 100
"""In each round, on each side."""

COROUTINES = 1000


def bare_client() -> openai.OpenAI:
    """The SDK over a transport that hands out the same bytes every time: the floor."""
    response = the_answer()
    headers = list(response.headers)
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(response.status, headers=headers, content=response.body)
    )
    http = httpx2.Client(transport=transport)
    return openai.OpenAI(api_key="sk-bench", max_retries=0, http_client=http)


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
    """The same call: bare, over loopback, in the world, and there by the asynchronous client."""
    bare, ours = bare_client(), openai.OpenAI(api_key="sk-bench", max_retries=0)
    floor: list[float] = []
    looped: list[float] = []
    tier: list[float] = []
    awaited: list[float] = []
    awaited_looped: list[float] = []
    with server() as address, SimulatedTier() as simulation:
        real_one = openai.OpenAI(api_key="sk-bench", max_retries=0, base_url=address)
        for number in range(ROUNDS + 1):
            floor.append(_cpu_us(lambda: ask(bare)))
            looped.append(_cpu_us(lambda: ask(real_one)))
            awaited_looped.append(_cpu_us_async(address))
            play(simulation, lambda: tier.append(_cpu_us(lambda: ask(ours))), number)
            play(simulation, lambda: awaited.append(_cpu_us_async()), number)
    # The first round warms up.
    floor, looped, tier = floor[1:], looped[1:], tier[1:]
    awaited, awaited_looped = awaited[1:], awaited_looped[1:]
    yield beside("a call over loopback", looped, floor, unit="us", against="bare SDK")
    yield beside("a call in the world", tier, floor, unit="us", against="bare SDK", goal=1.9)
    yield beside("the same", tier, looped, unit="us", against="loopback", goal=1.15)
    yield beside("async, loopback", awaited_looped, looped, unit="us", against="sync, loopback")
    yield beside("an async call", awaited, tier, unit="us", against="sync call", goal=1.2)


def _cpu_us(call: Callable[[], object]) -> float:
    """Processor time of one call, in microseconds."""
    began = real.process_time()
    for _ in range(CALLS):
        call()
    return (real.process_time() - began) / CALLS * 1e6


def _cpu_us_async(address: str | None = None) -> float:
    async def calls() -> float:
        async with openai.AsyncOpenAI(
            api_key="sk-bench", max_retries=0, base_url=address
        ) as client:
            # Connecting is not part of a call.
            await ask_async(client)
            began = real.process_time()
            for _ in range(CALLS):
                await ask_async(client)
            return (real.process_time() - began) / CALLS * 1e6

    return asyncio.run(calls())


def cost_of_a_run(number: int = 1000) -> Iterator[Figure]:
    """Runs without anything in them, and of one call each."""
    client = openai.OpenAI(api_key="sk-bench", max_retries=0)
    with SimulatedTier() as simulation:
        play(simulation, lambda: ask(client), 0)
        began = real.process_time()
        for seed in range(number):
            play(simulation, lambda: None, seed)
        empty_us = (real.process_time() - began) / number * 1e6
        yield Figure("begin and end of a run", empty_us, "us", goal=1000)
        began = real.perf_counter()
        for seed in range(number):
            play(simulation, lambda: ask(client), seed)
        seconds = real.perf_counter() - began
        yield Figure("runs of one call", number / seconds, "per second")


def many_coroutines() -> Figure:
    """So many coroutines of one run, each with a call and a wait; processor time."""

    async def one(client: openai.AsyncOpenAI, number: int) -> None:
        await asyncio.sleep(number / COROUTINES)
        await ask_async(client)

    async def all_of_them() -> None:
        limits = httpx2.Limits(max_connections=COROUTINES)
        http = httpx2.AsyncClient(limits=limits)
        async with openai.AsyncOpenAI(api_key="sk-bench", max_retries=0, http_client=http) as all_:
            await asyncio.gather(*(one(all_, number) for number in range(COROUTINES)))

    with SimulatedTier() as simulation:
        began = real.process_time()
        play(simulation, lambda: asyncio.run(all_of_them()), 0)
        seconds = real.process_time() - began
    return Figure(f"{COROUTINES:,} coroutines at once", seconds, "s", goal=3)


def memory(number: int = 100_000) -> Figure:
    """What so many runs of one call add to the memory of the process, after a tenth as many."""
    client = openai.OpenAI(api_key="sk-bench", max_retries=0)
    with SimulatedTier() as simulation:
        for seed in range(number // 10):
            play(simulation, lambda: ask(client), seed)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for seed in range(number):
            play(simulation, lambda: ask(client), seed)
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Figure(f"{number:,} runs add", added / 1024, "MiB", goal=1)


def figures() -> Iterator[Figure]:
    """All of them."""
    gc.freeze()
    yield from cost_of_a_call()
    yield from cost_of_a_run()
    yield many_coroutines()
