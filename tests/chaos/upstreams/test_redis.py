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
        pytest.param(lambda client: client.client_list(), "LIST", id="a word of a command"),
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


def refusal(client: redis.Redis, *words: object) -> str:
    """What Redis says against a command."""
    with pytest.raises(redis.ResponseError) as raised:
        client.execute_command(*words)
    return str(raised.value)


REFUSED = {
    "GET a b": "wrong number of arguments for 'get' command",
    "DEL": "wrong number of arguments for 'del' command",
    "MSET a 1 b": "wrong number of arguments for 'mset' command",
    "HSET h": "wrong number of arguments for 'hset' command",
    "HSET h a 1 b": "wrong number of arguments for 'hset' command",
    "PING a b": "wrong number of arguments for 'ping' command",
    "SET a 1 EX 0": "invalid expire time in 'set' command",
    "SET a 1 EX 4611686018427387904": "invalid expire time in 'set' command",
    "SET a 1 EX 1.5": "not an integer",
    "SET a 1 EX": "syntax error",
    "SET a 1 EX 5 PX 5": "syntax error",
    "SET a 1 KEEPTTL EX 5": "syntax error",
    "SET a 1 NX XX": "syntax error",
    "SETEX a -1 1": "invalid expire time in 'setex' command",
    "GETEX a PERSIST EX 5": "syntax error",
    "EXPIRE a 1 SOON": "Unsupported option SOON",
    "EXPIRE a 1 NX GT": "NX and XX, GT or LT options at the same time",
    "EXPIRE a 1 GT LT": "GT and LT options at the same time",
    "EXPIRE a 1_0": "not an integer",
    "FLUSHDB NOW": "syntax error",
    "SELECT 16": "DB index is out of range",
    "SELECT one": "not an integer",
    "EXEC": "EXEC without MULTI",
    "HELLO 3 COLOUR red": "Syntax error in HELLO option 'COLOUR'",
}


def test_command_that_makes_no_sense_is_refused(client: redis.Redis) -> None:
    """In the words of Redis, and nothing has changed."""
    heard = {words: refusal(client, *words.split()) for words in REFUSED}
    others = {words: heard[words] for words, said in REFUSED.items() if said not in heard[words]}
    assert others == {}
    assert client.dbsize() == 0


# What it expires in before, the option, and what it expires in then.
EXPIRE: list[tuple[int | None, str, int]] = [
    (100, "nx", 100),
    (None, "nx", 10),
    (None, "xx", -1),
    (100, "xx", 10),
    (100, "gt", 100),
    (None, "gt", -1),
    (5, "gt", 10),
    (5, "lt", 5),
    (None, "lt", 10),
]


def test_options_of_expire(client: redis.Redis) -> None:
    """They decide whether the new time holds; never is later than any time."""
    for before, option, after in EXPIRE:
        client.set("a", "1", ex=before)
        assert client.expire("a", 10, **{option: True}) is (after == 10), (before, option)
        assert client.ttl("a") == after, (before, option)


def test_time_that_is_over_deletes(client: redis.Redis) -> None:
    """A key that expires in the past is gone."""
    client.set("a", "1")
    assert client.expire("a", -1) is True
    assert client.exists("a") == 0


def test_seconds_are_rounded_as_redis_does(client: redis.Redis) -> None:
    """Half a second more is a second more."""
    client.set("a", "1", px=2500)
    assert client.ttl("a") == 3


def test_reading_may_change_the_time_to_live(client: redis.Redis) -> None:
    """As sessions that slide do it."""
    client.set("a", "1", ex=5)
    assert client.getex("a", ex=60) == b"1"
    assert client.ttl("a") == 60
    assert client.getex("a", persist=True) == b"1"
    assert client.ttl("a") == -1


def test_counter_counts_numbers_of_redis_only(client: redis.Redis) -> None:
    """What Python takes for a number may be none."""
    for value in ("1_0", " 5 ", "+5", "05", "-0", "\u0665", str(2**63)):
        client.set("n", value)
        assert "not an integer" in refusal(client, "INCR", "n"), value


def test_counter_does_not_overflow(client: redis.Redis) -> None:
    """64 bits are all that it has."""
    client.set("most", 2**63 - 1)
    client.set("least", -(2**63))

    assert "overflow" in refusal(client, "INCR", "most")
    assert "overflow" in refusal(client, "DECR", "least")
    assert client.get("most") == str(2**63 - 1).encode()


def test_keys_are_found_by_redis_own_globs(client: redis.Redis) -> None:
    """They are not those of a shell."""
    client.mset({"a1": 1, "b1": 1, "a*": 1})
    found = {
        "[^a]?": [b"b1"],
        "a\\*": [b"a*"],
        "[c-a]1": [b"a1", b"b1"],
        "[!a]1": [b"a1"],
        "a[\\*]": [b"a*"],
        "[]1": [],
    }
    assert {glob: client.keys(glob) for glob in found} == found


def test_flushing_all_is_more_than_one_database(world: SimulatedWorld) -> None:
    """The other databases are empty, too."""
    one, other = redis.Redis("redis", db=1), redis.Redis("redis", db=2)
    one.set("a", "1")
    other.set("a", "1")

    one.flushdb()
    assert other.get("a") == b"1"
    one.flushall()
    assert other.get("a") is None


def talk(world: SimulatedWorld, *lines: str) -> list[object]:
    """What Redis answers on one connection, a command a line."""
    connection = redis.Connection("redis", protocol=2)
    answers: list[object] = []
    for line in lines:
        connection.send_command(*line.split())
        try:
            answers.append(connection.read_response())
        except redis.RedisError as error:
            answers.append(type(error).__name__)
    connection.disconnect()
    return answers


def test_transaction_with_a_mistake_is_not_carried_out(world: SimulatedWorld) -> None:
    """None of its commands is; and a mistake of the data is none of the transaction."""
    spoilt = talk(world, "MULTI", "SET a 1", "GET a b", "EXEC", "GET a")
    assert spoilt == [b"OK", b"QUEUED", "ResponseError", "ExecAbortError", None]

    kept = talk(world, "HSET h a 1", "MULTI", "INCR h", "SET a 1", "EXEC", "GET a")
    assert kept[-1] == b"1"


def test_transaction_within_a_transaction_loses_nothing(world: SimulatedWorld) -> None:
    """The second beginning is refused, and what was queued stays so."""
    said = talk(world, "MULTI", "SET a 1", "MULTI", "EXEC", "GET a")
    assert said == [b"OK", b"QUEUED", "ResponseError", [b"OK"], b"1"]


def test_transaction_may_change_the_database(world: SimulatedWorld) -> None:
    """That is queued as everything else is."""
    said = talk(world, "MULTI", "SELECT 1", "SET a 1", "EXEC", "GET a", "SELECT 0", "GET a")
    assert said == [b"OK", b"QUEUED", b"QUEUED", [b"OK", b"OK"], b"1", b"OK", None]


def test_reset_forgets_what_the_connection_was(world: SimulatedWorld) -> None:
    """Its database, its transaction and its name."""
    said = talk(
        world, "SELECT 1", "CLIENT SETNAME me", "SET a 1", "MULTI", "RESET", "GET a",
        "CLIENT GETNAME",
    )  # fmt: skip
    assert said[-3:] == [b"RESET", None, None]


@pytest.mark.parametrize("meddles", [True, False])
def test_watched_key_that_changes_ends_the_transaction(
    client: redis.Redis, world: SimulatedWorld, *, meddles: bool
) -> None:
    """Optimistic locking, as the client's pipelines do it."""
    client.set("stock", 5)
    with client.pipeline() as pipe:
        pipe.watch("stock")  # from here on, the pipeline answers at once
        left = int(pipe.get("stock"))
        if meddles:
            redis.Redis("redis").decr("stock")
        pipe.multi()
        pipe.set("stock", left - 1)
        if meddles:
            with pytest.raises(redis.WatchError):
                pipe.execute()
        else:
            assert pipe.execute() == [True]
    assert client.get("stock") == b"4"


def test_word_that_redis_does_not_know_is_refused(client: redis.Redis) -> None:
    """Clients try words that are newer than the server."""
    assert "unknown subcommand" in refusal(client, "CLIENT", "DANCE")


def test_watched_key_that_expires_ends_the_transaction(
    client: redis.Redis, world: SimulatedWorld
) -> None:
    """That it has expired before is no change any more."""
    client.set("a", "1", ex=5)
    with client.pipeline() as pipeline:
        pipeline.watch("a")
        world.advance("6s")
        pipeline.multi()
        pipeline.set("b", "1")
        with pytest.raises(redis.WatchError):
            pipeline.execute()
    with client.pipeline() as pipeline:
        pipeline.watch("a")
        pipeline.multi()
        pipeline.set("b", "2")
        assert pipeline.execute() == [True]


def test_smallest_number_cannot_be_taken_away(client: redis.Redis) -> None:
    """It has no opposite, and Redis has words for that."""
    with pytest.raises(redis.ResponseError) as refused:
        client.execute_command("DECRBY", "a", str(-(2**63)))

    assert str(refused.value) == "decrement would overflow"
