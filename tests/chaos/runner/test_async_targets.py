"""Services made of coroutines: one event loop, as in production, and what goes wrong in it."""

from __future__ import annotations

import asyncio
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from chaos.ports import Answer, Target, Vocabulary, World
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import ActionEvent, AnswerEvent, RequestEvent, Scalar, WaitEvent
from chaos.upstreams.simple import JsonUpstream
from chaos.verdict import Outcome


class Sky(JsonUpstream):
    """Knows whether it rains."""

    name = "sky"
    hosts = ("sky.test",)
    routes = {"rain": ("GET", "/rain", {"rain": True})}  # noqa: RUF012 - as anybody writes it


class Shop(Target):
    """Asks twice, with a client that it builds in its loop."""

    isolation = "shared"
    upstreams = (Sky,)
    modes = ("told", "guessed")

    async def build(self, world: World) -> None:
        """A client of this loop."""
        del world
        self.loop = asyncio.get_running_loop()
        self.client = httpx.AsyncClient(timeout=5)
        self.closed = False

    async def ask(self, question: str) -> Answer:
        """Twice, with a second in between."""
        assert asyncio.get_running_loop() is self.loop
        for _ in range(2):
            try:
                response = await self.client.get("https://sky.test/rain")
                return Answer(mode="told", text=str(response.json()["rain"]))
            except httpx.HTTPError:
                await asyncio.sleep(1)
        return Answer(mode="guessed", text=question)

    async def act(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Scalar]:
        """Build everything again."""
        del action, parameters
        before = self.loop
        await self.build(None)  # type: ignore[arg-type]  # it needs none
        return {"same_loop": self.loop is before}

    async def close(self) -> None:
        """Close the client."""
        await self.client.aclose()

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """It can be restarted."""
        return Vocabulary(
            upstreams={"sky": Sky.operations},
            observables={},
            settings={},
            modes=cls.modes,
            actions=frozenset({"restart"}),
        )


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """One world for all runs of this file."""
    with SimulatedTier() as entered:
        yield entered


def run(simulation: Simulation, steps: str, target: type[Target] = Shop) -> RunResult:
    """Play a method."""
    head = "version: 1\nname: shop\nhypothesis: It holds.\ntarget: shop\n"
    loaded = load_text(head + textwrap.dedent(steps), "shop.yaml", lambda _: target.vocabulary())
    return play(loaded, target, simulation)


def problem(simulation: Simulation, ask: Any) -> str:
    """What is wrong with a service whose ``ask`` is this."""
    target = type("Odd", (Target,), {"ask": ask, "modes": ("told", "guessed")})
    result = run(simulation, "method: [{ask: Why?, expect: {answer.mode: told}}]", target)
    return "\n".join(f"{each.check}: {each.reason}" for each in result.problems)


def test_users_are_answered_together_in_one_loop(simulation: Simulation) -> None:
    """Three timeouts of five seconds take five seconds, and each belongs to its question."""
    result = run(
        simulation,
        """
        method:
          - inject: {upstream: sky, fault: timeout}
          - ask: {question: How?, users: 3}
            expect: {answers: {guessed: 3}, calls.sky: 6, answer.elapsed: 12s}
        """,
    )

    assert [each.reason for each in result.problems] == []
    requests = result.trace.of(RequestEvent)
    assert sorted(each.ask or 0 for each in requests) == [1, 1, 2, 2, 3, 3]
    assert {each.actor for each in requests} == {"user-1", "user-2", "user-3"}
    assert {each.upstream for each in result.trace.of(WaitEvent)} == {"sky"}


def test_same_seed_gives_the_same_trace(simulation: Simulation) -> None:
    """Whatever the loop does, it does it again."""
    steps = """
        method:
          - inject: {upstream: sky, fault: latency, latency: 6s, toxicity: 0.5}
          - ask: {question: How?, users: 9}
        """

    assert run(simulation, steps).digest == run(simulation, steps).digest


def test_restart_ends_the_loop(simulation: Simulation) -> None:
    """Of the process before, nothing is left."""
    result = run(
        simulation,
        """
        method:
          - ask: How?
          - restart: true
          - ask: How?
            expect: {answer.mode: told}
        """,
    )

    assert [each.reason for each in result.problems] == []
    (action,) = result.trace.of(ActionEvent)
    assert action.detail == (("same_loop", False),)


def test_coroutine_that_sleeps_for_real_holds_up_its_loop(simulation: Simulation) -> None:
    """Every other user waits with it."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        time.sleep(3)  # noqa: ASYNC251 - the mistake
        return Answer(mode="told")

    assert "loop-is-never-blocked" in problem(simulation, ask)


def test_error_of_a_forgotten_task_is_not_lost(simulation: Simulation) -> None:
    """Asyncio would write it into a log."""

    async def fail() -> None:
        raise ValueError("nobody looks")

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        asyncio.create_task(fail())  # noqa: RUF006 - the mistake
        await asyncio.sleep(1)
        return Answer(mode="told")

    assert "was never retrieved: ValueError: nobody looks" in problem(simulation, ask)


def test_error_of_a_callback_is_not_lost(simulation: Simulation) -> None:
    """The same."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        asyncio.get_running_loop().call_later(0.5, int, "x")
        await asyncio.sleep(1)
        return Answer(mode="told")

    assert "an error in callback int: ValueError" in problem(simulation, ask)


def test_coroutine_that_nobody_awaits_is_found(simulation: Simulation) -> None:
    """What it should have done is not done."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        asyncio.sleep(1)  # type: ignore[unused-coroutine]  # the mistake
        return Answer(mode="told")

    assert "sleep was never awaited" in problem(simulation, ask)


def test_task_that_waits_for_ever_is_named(simulation: Simulation) -> None:
    """With the line of the service's own code that it waits at."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        lock = asyncio.Lock()
        await lock.acquire()
        await lock.acquire()
        return Answer(mode="told")

    assert "in ask: await lock.acquire()" in problem(simulation, ask)


def test_exit_in_the_loop_ends_the_service(simulation: Simulation) -> None:
    """As it would end the process; whoever asks then is not answered."""

    class Leaving(Shop):
        async def ask(self, question: str) -> Answer:
            del question
            raise SystemExit(3)

    result = run(simulation, "method: [{ask: {question: How?, times: 2}}]", Leaving)

    assert [each.error for each in result.trace.of(AnswerEvent)] == [
        "SystemExit: 3",
        "RuntimeError: the service's event loop has ended",
    ]


def test_answer_of_another_kind_is_told(simulation: Simulation) -> None:
    """With what was expected."""

    async def ask(self: Target, question: str) -> str:
        del self
        return question

    assert "answer.mode is not told" in problem(simulation, ask)


def test_loop_that_spins_lets_time_pass(simulation: Simulation) -> None:
    """Computing takes no virtual time, unless it is all that anybody does."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        done = threading.Event()
        threading.Timer(5, done.set).start()
        while not done.is_set():  # noqa: ASYNC110 - as some do
            await asyncio.sleep(0)
        return Answer(mode="told")

    target = type("Spinning", (Target,), {"ask": ask, "modes": ("told", "guessed")})
    result = run(simulation, "method: [{ask: Why?, expect: {answer.elapsed: 5s}}]", target)

    assert result.outcome is Outcome.PASSED


def test_loop_that_spins_for_ever_is_a_livelock(simulation: Simulation) -> None:
    """Found out in seconds."""

    async def ask(self: Target, question: str) -> Answer:
        del self, question
        while True:  # noqa: ASYNC110 - as some do
            await asyncio.sleep(0)

    assert "no-livelock" in problem(simulation, ask)
