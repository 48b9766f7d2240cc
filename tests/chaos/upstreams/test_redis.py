"""The stand-in for Redis, asked by the unmodified client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio

from chaos.errors import SimulationError
from chaos.testing import SimulatedWorld
from chaos.upstreams.redis import RedisUpstream


@pytest.fixture
def world() -> Iterator[SimulatedWorld]:
    """A world with a Redis."""
    with SimulatedWorld() as world:
        world.serve(RedisUpstream())
        yield world


@pytest.fixture(params=[2, 3], ids=["RESP 2", "RESP 3"])
def client(request: pytest.FixtureRequest, world: SimulatedWorld) -> redis.Redis:
    """The client, with either protocol."""
    return redis.Redis("redis", protocol=request.param)


def test_values_are_kept(client: redis.Redis) -> None:
    """What is set can be got, counted, and deleted."""
    assert client.set("a", "1") is True
    assert client.get("a") == b"1"
    assert client.mget("a", "b") == [b"1", None]
    assert client.exists("a", "b") == 1
    assert client.delete("a") == 1
    assert client.get("a") is None


def test_values_expire_in_virtual_time(client: redis.Redis, world: SimulatedWorld) -> None:
    """A time to live is one of the run."""
    client.set("a", "1", ex=60)
    client.set("b", "2", ex=120)
    assert (client.ttl("a"), client.ttl("c"), client.pttl("b")) == (60, -2, 120_000)

    world.advance("60s")

    assert (client.get("a"), client.get("b")) == (None, b"2")
    assert client.persist("b") is True
    assert client.ttl("b") == -1


def test_options_of_set(client: redis.Redis) -> None:
    """A lock is a key that is set only if it is not there."""
    assert client.set("lock", "me", nx=True, px=500) is True
    assert client.set("lock", "you", nx=True) is None
    assert client.set("lock", "you", xx=True, get=True) == b"me"
    assert client.ttl("lock") == -1


def test_counters(client: redis.Redis, world: SimulatedWorld) -> None:
    """Counters begin at nothing, and keep their time to live."""
    assert [client.incr("n"), client.incrby("n", 4), client.decr("n")] == [1, 5, 4]
    client.expire("n", 10)
    client.incr("n")
    assert client.ttl("n") == 10
    client.set("word", "x")
    with pytest.raises(redis.ResponseError, match="not an integer"):
        client.incr("word")


def test_hashes(client: redis.Redis) -> None:
    """Fields are set, got together, and deleted; a hash is no string."""
    assert client.hset("h", mapping={"a": "1", "b": "2"}) == 2
    assert client.hget("h", "a") == b"1"
    assert client.hgetall("h") == {b"a": b"1", b"b": b"2"}
    assert client.hdel("h", "a", "b", "c") == 2
    client.hset("h", "a", "1")
    with pytest.raises(redis.ResponseError, match="wrong kind"):
        client.get("h")


def test_transactions(client: redis.Redis) -> None:
    """Queued commands are carried out together."""
    with client.pipeline(transaction=True) as pipe:
        pipe.set("a", "1")
        pipe.incr("a")
        pipe.get("a")
        assert pipe.execute() == [True, 2, b"2"]


def test_databases_are_apart(world: SimulatedWorld) -> None:
    """What is in one database is not in another."""
    one, other = redis.Redis("redis", db=1), redis.Redis("localhost", db=2)
    one.set("a", "1")

    assert (one.get("a"), other.get("a")) == (b"1", None)
    assert one.keys("*") == [b"a"]


def test_tls(world: SimulatedWorld) -> None:
    """The same behind TLS."""
    assert redis.Redis("redis", 6380, ssl=True).ping() is True


def test_the_asyncio_client(world: SimulatedWorld) -> None:
    """The same in an event loop, many at once."""

    async def count() -> list[Any]:
        client = redis.asyncio.Redis(host="redis")
        try:
            return await asyncio.gather(*(client.incr("n") for _ in range(20)))
        finally:
            await client.aclose()

    (counted,) = world.users(1, lambda: asyncio.run(count()))

    assert sorted(counted) == list(range(1, 21))


def test_a_client_that_retries_is_seen(world: SimulatedWorld) -> None:
    """The library's own retries are calls, and their waits are time."""
    client = redis.Redis(
        "redis",
        retry=redis.retry.Retry(redis.backoff.ConstantBackoff(2), 3),
        retry_on_error=[redis.ConnectionError],
    )
    client.ping()
    world.inject(upstream="redis", operation="get", fault="reset_peer", calls="1-2")

    assert client.get("a") is None
    assert (world.seen("calls.redis.get"), world.now_s) == (3, 4.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param(lambda client: client.zadd("z", {"a": 1}), "ZADD", id="a command"),
        pytest.param(lambda client: client.execute_command("NO"), "NO", id="no command"),
    ],
)
def test_unknown_commands_are_no_refusals(
    ask: Callable[[redis.Redis], object], message: str
) -> None:
    """What the stand-in does not know makes the run inconclusive; it is no error of Redis."""
    with pytest.raises(SimulationError, match=f"redis has no operation for .*{message}"):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve(RedisUpstream())
            with contextlib.suppress(redis.ConnectionError):
                ask(redis.Redis("redis", retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0)))
