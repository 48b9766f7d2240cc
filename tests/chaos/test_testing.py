"""The virtual world for tests in Python."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import httpx
import pytest

from chaos.errors import ChaosError, DeadlockError, SimulationError
from chaos.ports import Answer
from chaos.testing import LawBrokenError, SimulatedWorld
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import FaultEvent, RequestEvent
from tests.chaos.toy import Weather
from tests.chaos.witnesses.hearing import heard
from tests.chaos.witnesses.witness import Base

URL = "https://weather.example/today"


def get() -> int:
    """Ask for the weather; the status, 0 if there was no answer."""
    try:
        return httpx.get(URL).status_code
    except httpx.TransportError:
        return 0


def test_faults_act_until_they_are_healed() -> None:
    """In the words of a scenario, seen in the trace, counted like anywhere else."""
    with SimulatedWorld() as world:
        world.serve(Weather())
        outage = world.inject(upstream="weather", fault="http_error", status=503)
        during = get()
        world.heal(outage)
        after = get()

        assert (during, after) == (503, 200)
        assert world.seen("calls.weather") == 2
        assert [event.what for event in world.trace.of(FaultEvent)] == [
            "injected",
            "touched",
            "healed",
        ]


def test_keyword_parameters_take_an_underscore() -> None:
    """What Python reserves can still be said."""
    with SimulatedWorld() as world:
        world.serve(Weather())
        world.inject(upstream="weather", fault="malformed", as_="html")

        assert httpx.get(URL).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("duration", ["90s", "1m30s", 90, 90.0, timedelta(seconds=90)])
def test_time_passes_as_it_is_told(duration: str | float | timedelta) -> None:
    """Durations may be written in any of the usual ways."""
    with SimulatedWorld() as world:
        began_s = time.monotonic()
        world.advance(duration)

        assert world.now_s == 90.0
        assert time.monotonic() - began_s >= 90.0


def test_users_act_at_the_same_instant() -> None:
    """Each gets what it asked for; together they take as long as the slowest."""
    with SimulatedWorld() as world:
        world.serve(Weather())
        world.inject(upstream="weather", fault="latency", latency="2s")

        assert world.users(3, get) == [200] * 3
        assert world.now_s == 2.0
        assert {event.actor for event in world.trace.of(RequestEvent)} == {
            "user-1",
            "user-2",
            "user-3",
        }
        assert world.together(lambda: "one", lambda: "two") == ["one", "two"]


def test_users_raise_what_they_met() -> None:
    """An exception of a user is the test's; a deadlock is named."""

    def fail() -> None:
        raise LookupError("no such city")

    def block() -> None:
        lock = threading.Lock()
        with lock, lock:
            pass

    with SimulatedWorld() as world:
        with pytest.raises(LookupError, match="no such city"):
            world.users(2, fail)
        with pytest.raises(DeadlockError):
            world.users(1, block)


def test_same_seed_gives_the_same_world() -> None:
    """What is drawn is drawn from the seed."""

    def touched(seed: int) -> list[int]:
        with SimulatedWorld(seed=seed) as world:
            world.serve(Weather())
            world.inject(upstream="weather", fault="http_error", status=500, toxicity=0.5)
            return [get() for _ in range(20)]

    assert touched(1) == touched(1) != touched(2)


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (lambda world: world.inject(upstream="weather", fault="latncy"), "mean 'latency'"),
        (lambda world: world.inject(upstream="wether", fault="timeout"), "mean 'weather'"),
        (
            lambda world: world.inject(upstream="weather", fault="latency", latency=5),
            "duration 5 has no unit",
        ),
        (
            lambda world: world.inject(upstream="weather", fault="timeout", for_="5s"),
            r"end it with heal\(\)",
        ),
        (lambda world: world.heal("nothing"), "no fault 'nothing'"),
        (lambda world: world.serve(Weather()), "must come first"),
        (lambda world: world.seen("slowest_answer"), "no question was asked"),
    ],
    ids=["fault", "upstream", "unit", "window", "heal", "serve twice", "nothing seen"],
)
def test_misuse_is_one_message(misuse: Callable[[SimulatedWorld], object], message: str) -> None:
    """Each mistake says what is wrong and what would be right."""
    with SimulatedWorld() as world:
        world.serve(Weather())

        with pytest.raises(ChaosError, match=message):
            misuse(world)


def test_request_without_a_stand_in_is_an_error() -> None:
    """Nothing leaves the world, and the test does not pass, even if the service swallows it."""

    def swallow() -> None:
        with SimulatedWorld() as world:
            world.serve(Weather())
            with contextlib.suppress(httpx.ConnectError):
                httpx.get("https://api.openai.com/v1/models")

    with pytest.raises(SimulationError, match=r"unknown host 'api\.openai\.com'"):
        swallow()


def test_error_of_the_test_is_what_counts() -> None:
    """A fault that was not felt yet does not hide why the test failed."""

    def fail() -> None:
        with SimulatedWorld() as world:
            world.serve(Weather())
            world.inject(upstream="weather", fault="timeout")
            raise LookupError("no such city")

    with pytest.raises(LookupError, match="no such city"):
        fail()


DYING = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def in_a_thread(work: Callable[[], object]) -> None:
    """What a service leaves behind when it has answered."""
    threading.Thread(target=work).start()


def die() -> None:
    """Work behind the answer, and its end."""
    time.sleep(30)
    raise KeyError("oslo")


def lose() -> None:
    """An error that ends up in a future of a pool, at which nobody looks."""
    with ThreadPoolExecutor() as pool:
        pool.submit(die)


@DYING
@pytest.mark.parametrize(
    ("work", "how"),
    [
        (die, r"no-error-is-lost: .*KeyError: 'oslo'.*expected no lost error"),
        (lose, r"no-error-is-lost: an error in a future was never retrieved: KeyError: 'oslo'"),
    ],
    ids=["thread", "future"],
)
def test_work_that_dies_behind_the_answer_fails_the_test(
    work: Callable[[], object], how: str
) -> None:
    """It is waited for, though the test itself was done long before."""

    def run() -> None:
        with SimulatedWorld() as world:
            world.users(2, partial(in_a_thread, work))

    with pytest.raises(LawBrokenError, match=how) as raised:
        run()

    assert "2 losses" in str(raised.value)


@DYING
def test_test_fails_with_the_words_of_a_scenario() -> None:
    """Whichever way a service is played, its mistake is told alike."""

    class Dying(Base):
        def ask(self, question: str) -> Answer:
            in_a_thread(die)
            return super().ask(question)

    with SimulatedTier() as entered:
        (told,) = [
            each for each in heard(entered, Dying, "- ask: oslo\n").problems if each.evidence
        ]
    with pytest.raises(LawBrokenError) as raised, SimulatedWorld() as world:
        world.users(1, partial(in_a_thread, die))

    (verdict,) = raised.value.verdicts
    assert (verdict.check, verdict.expected, verdict.seen) == (
        told.check,
        told.expected,
        told.seen,
    )
    assert verdict.reason == told.reason.replace("for question #1", "for 'user-1'")


def test_calls_behind_the_answer_belong_to_the_test() -> None:
    """They can be seen after the end, or before it once the service is at rest."""

    def refresh() -> None:
        time.sleep(30)
        get()

    with SimulatedWorld() as world:
        world.serve(Weather())
        world.inject(upstream="weather", fault="http_error", status=503)
        world.users(1, partial(in_a_thread, refresh))
        assert len(world.trace.of(RequestEvent)) == 0
        world.rest()

        assert world.seen("calls.weather") == 1
        in_a_thread(refresh)

    assert world.seen("calls.weather") == 2


def test_call_behind_the_answer_to_nobody_is_an_error() -> None:
    """It left the world as much as one before the answer."""

    def stray() -> None:
        time.sleep(30)
        with contextlib.suppress(httpx.ConnectError):
            httpx.get("https://api.openai.com/v1/models")

    with (
        pytest.raises(SimulationError, match=r"unknown host 'api\.openai\.com'"),
        SimulatedWorld() as world,
    ):
        world.users(1, partial(in_a_thread, stray))


async def held_up(pause: Callable[[float], object]) -> None:
    """Pause inside of a coroutine, while another one waits for its turn."""
    other = asyncio.ensure_future(asyncio.sleep(1))
    await asyncio.sleep(0)
    pause(5)
    await other


def test_loop_that_the_service_holds_up_fails_the_test() -> None:
    """As it does in a scenario."""

    def run() -> None:
        with SimulatedWorld() as world:
            world.users(1, lambda: asyncio.run(held_up(time.sleep)))

    with pytest.raises(LawBrokenError, match=r"loop-is-never-blocked: .*held_up.* seen 5s"):
        run()


def test_time_that_the_test_lets_pass_holds_nobody_up() -> None:
    """An async test advances time within the loop of its service."""
    with SimulatedWorld() as world:
        asyncio.run(held_up(world.advance))

        assert world.now_s == 5.0
