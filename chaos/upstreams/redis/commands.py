"""What each command does; a table from names to functions of the database and the arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.upstreams.redis import expiry
from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import OK, Refused, Simple, Value
from chaos.upstreams.redis.values import (
    LARGEST,
    SMALLEST,
    SYNTAX,
    WRONG_TYPE,
    RefusalError,
    whole,
)

Arguments = Sequence[bytes]
Does = Callable[[Keys, Arguments], Value]


@dataclass(frozen=True, slots=True)
class Known:
    """A command.

    Attributes:
        does: What it does.
        least: How many arguments it needs.
        most: How many it takes; None for any number.
    """

    does: Does
    least: int
    most: int | None


def wrong_number(name: str) -> Refused:
    """The refusal of a command with too few arguments, or too many.

    Example:
        >>> wrong_number("get").message
        "ERR wrong number of arguments for 'get' command"
    """
    return Refused(f"ERR wrong number of arguments for '{name}' command")


def misfit(name: str, arguments: Arguments) -> Refused | None:
    """What Redis says of a command before it looks at any key; None if it would carry it out."""
    known = COMMANDS[name]
    too_many = known.most is not None and len(arguments) > known.most
    return wrong_number(name) if len(arguments) < known.least or too_many else None


def carry_out(name: str, keys: Keys, arguments: Arguments) -> Value:
    """What a command gives, refusals included."""
    refused = misfit(name, arguments)
    if refused is not None:
        return refused
    try:
        return COMMANDS[name].does(keys, arguments)
    except RefusalError as refusal:
        return refusal.value


def _text(keys: Keys, key: bytes) -> bytes | None:
    value = keys.get(key)
    if isinstance(value, dict):
        raise RefusalError(WRONG_TYPE)
    return value


def _fields(keys: Keys, key: bytes) -> dict[bytes, bytes]:
    value = keys.get(key)
    if isinstance(value, bytes):
        raise RefusalError(WRONG_TYPE)
    return {} if value is None else value


def _pairs(arguments: Arguments, command: str) -> dict[bytes, bytes]:
    if len(arguments) % 2:
        raise RefusalError(wrong_number(command))
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def _get(keys: Keys, arguments: Arguments) -> Value:
    return _text(keys, arguments[0])


def _set(keys: Keys, arguments: Arguments) -> Value:
    key, value, *words = arguments
    wanted = expiry.options(words, b"NX", b"XX", b"GET", b"KEEPTTL")
    expires_s = wanted.expires_s(keys, key, "set")
    previous = _text(keys, key) if b"GET" in wanted.flags else None
    is_there = keys.get(key) is not None
    if (b"NX" in wanted.flags and is_there) or (b"XX" in wanted.flags and not is_there):
        return previous
    keys.put(key, value, math.inf if expires_s is None else expires_s)
    return previous if b"GET" in wanted.flags else OK


def _setex(command: str, unit_ms: int) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        key, text, value = arguments
        keys.put(key, value, expiry.when_s(text, command, unit_ms=unit_ms))
        return OK

    return does


def _setnx(keys: Keys, arguments: Arguments) -> Value:
    if keys.get(arguments[0]) is not None:
        return 0
    keys.put(arguments[0], arguments[1])
    return 1


def _getdel(keys: Keys, arguments: Arguments) -> Value:
    value = _text(keys, arguments[0])
    keys.delete(arguments[0])
    return value


def _getex(keys: Keys, arguments: Arguments) -> Value:
    key, *words = arguments
    wanted = expiry.options(words, b"PERSIST")
    expires_s = wanted.expires_s(keys, key, "getex")
    value = _text(keys, key)
    if b"PERSIST" in wanted.flags:
        expires_s = math.inf
    if value is not None and expires_s is not None:
        keys.expire(key, expires_s)
    return value


def _mget(keys: Keys, arguments: Arguments) -> Value:
    found = [keys.get(key) for key in arguments]
    return [value if isinstance(value, bytes) else None for value in found]


def _mset(keys: Keys, arguments: Arguments) -> Value:
    for key, value in _pairs(arguments, "mset").items():
        keys.put(key, value)
    return OK


def _delete(keys: Keys, arguments: Arguments) -> Value:
    return sum(keys.delete(key) for key in arguments)


def _exists(keys: Keys, arguments: Arguments) -> Value:
    return sum(keys.get(key) is not None for key in arguments)


def _expire(command: str, unit_ms: int) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        return int(expiry.expire(keys, arguments, command, unit_ms=unit_ms))

    return does


def _ttl(keys: Keys, arguments: Arguments) -> Value:
    left_ms = expiry.left_ms(keys, arguments[0])
    return left_ms if left_ms < 0 else (left_ms + 500) // 1000


def _pttl(keys: Keys, arguments: Arguments) -> Value:
    return expiry.left_ms(keys, arguments[0])


def _persist(keys: Keys, arguments: Arguments) -> Value:
    left_s = keys.left_s(arguments[0])
    return int(
        left_s is not None and not math.isinf(left_s) and keys.expire(arguments[0], math.inf)
    )


def _add(sign: int, *, by: bool) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        key = arguments[0]
        amount = whole(arguments[1]) if by else 1
        if sign < 0 and amount == SMALLEST:
            # It has no opposite among the numbers of Redis.
            raise RefusalError(Refused("ERR decrement would overflow"))
        value = whole(_text(keys, key) or b"0") + sign * amount
        if not SMALLEST <= value <= LARGEST:
            raise RefusalError(Refused("ERR increment or decrement would overflow"))
        keys.put(key, str(value).encode(), keys.expires_s(key))
        return value

    return does


def _hset(keys: Keys, arguments: Arguments) -> Value:
    key, fields = arguments[0], dict(_fields(keys, arguments[0]))
    pairs = _pairs(arguments[1:], "hset")
    added = len(pairs.keys() - fields.keys())
    keys.put(key, fields | pairs, keys.expires_s(key))
    return added


def _hget(keys: Keys, arguments: Arguments) -> Value:
    return _fields(keys, arguments[0]).get(arguments[1])


def _hgetall(keys: Keys, arguments: Arguments) -> Value:
    return dict(_fields(keys, arguments[0]))


def _hdel(keys: Keys, arguments: Arguments) -> Value:
    key, fields = arguments[0], dict(_fields(keys, arguments[0]))
    gone = sum(fields.pop(name, None) is not None for name in arguments[1:])
    if fields and gone:
        keys.put(key, fields, keys.expires_s(key))
    elif not fields:
        keys.delete(key)
    return gone


def _keys(keys: Keys, arguments: Arguments) -> Value:
    return list(keys.matching(arguments[0]))


def _dbsize(keys: Keys, arguments: Arguments) -> Value:
    del arguments
    return len(keys.matching(b"*"))


def _flush(keys: Keys, arguments: Arguments) -> Value:
    """Forget one database; ``FLUSHALL`` does so with each that there is."""
    if arguments and arguments[0].upper() not in {b"ASYNC", b"SYNC"}:
        raise RefusalError(SYNTAX)
    keys.clear()
    return OK


def _ping(keys: Keys, arguments: Arguments) -> Value:
    del keys
    return arguments[0] if arguments else Simple("PONG")


def _echo(keys: Keys, arguments: Arguments) -> Value:
    del keys
    return arguments[0]


COMMANDS: dict[str, Known] = {
    "ping": Known(_ping, 0, 1),
    "echo": Known(_echo, 1, 1),
    "get": Known(_get, 1, 1),
    "set": Known(_set, 2, None),
    "setex": Known(_setex("setex", 1000), 3, 3),
    "psetex": Known(_setex("psetex", 1), 3, 3),
    "setnx": Known(_setnx, 2, 2),
    "getdel": Known(_getdel, 1, 1),
    "getex": Known(_getex, 1, None),
    "mget": Known(_mget, 1, None),
    "mset": Known(_mset, 2, None),
    "del": Known(_delete, 1, None),
    "unlink": Known(_delete, 1, None),
    "exists": Known(_exists, 1, None),
    "expire": Known(_expire("expire", 1000), 2, None),
    "pexpire": Known(_expire("pexpire", 1), 2, None),
    "ttl": Known(_ttl, 1, 1),
    "pttl": Known(_pttl, 1, 1),
    "persist": Known(_persist, 1, 1),
    "incr": Known(_add(1, by=False), 1, 1),
    "incrby": Known(_add(1, by=True), 2, 2),
    "decr": Known(_add(-1, by=False), 1, 1),
    "decrby": Known(_add(-1, by=True), 2, 2),
    "hset": Known(_hset, 3, None),
    "hget": Known(_hget, 2, 2),
    "hgetall": Known(_hgetall, 1, 1),
    "hdel": Known(_hdel, 2, None),
    "keys": Known(_keys, 1, 1),
    "dbsize": Known(_dbsize, 0, 0),
    "flushdb": Known(_flush, 0, 1),
    "flushall": Known(_flush, 0, 1),
}
"""Every command that has to do with data."""
