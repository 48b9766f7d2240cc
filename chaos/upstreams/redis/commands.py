"""What each command does; a table from names to functions of the database and the arguments."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import OK, Refused, Simple, Value

Arguments = Sequence[bytes]
Does = Callable[[Keys, Arguments], Value]

_WRONG_TYPE = Refused("WRONGTYPE Operation against a key holding the wrong kind of value")
_NO_NUMBER = Refused("ERR value is not an integer or out of range")
_SYNTAX = Refused("ERR syntax error")


class _RefusalError(Exception):
    """The command is refused."""

    def __init__(self, value: Refused) -> None:
        super().__init__(value.message)
        self.value = value


def carry_out(does: Does, keys: Keys, arguments: Arguments) -> Value:
    """What a command gives, refusals included."""
    try:
        return does(keys, arguments)
    except _RefusalError as refusal:
        return refusal.value
    except (IndexError, ValueError):
        return Refused("ERR wrong number of arguments")


def _text(keys: Keys, key: bytes) -> bytes | None:
    value = keys.get(key)
    if isinstance(value, dict):
        raise _RefusalError(_WRONG_TYPE)
    return value


def _fields(keys: Keys, key: bytes) -> dict[bytes, bytes]:
    value = keys.get(key)
    if isinstance(value, bytes):
        raise _RefusalError(_WRONG_TYPE)
    return {} if value is None else value


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise _RefusalError(_NO_NUMBER) from None


def _get(keys: Keys, arguments: Arguments) -> Value:
    return _text(keys, arguments[0])


def _set(keys: Keys, arguments: Arguments) -> Value:
    key, value, *rest = arguments[0], arguments[1], *arguments[2:]
    old, expires_s, options = keys.get(key), math.inf, {each.upper() for each in rest}
    words = iter(rest)
    for word in words:
        match word.upper():
            case b"EX":
                expires_s = time.time() + _number(next(words, b""))
            case b"PX":
                expires_s = time.time() + _number(next(words, b"")) / 1000
            case b"EXAT":
                expires_s = float(_number(next(words, b"")))
            case b"PXAT":
                expires_s = _number(next(words, b"")) / 1000
            case b"KEEPTTL":
                expires_s = keys.expires_s(key)
            case b"NX" | b"XX" | b"GET":
                pass
            case _:
                return _SYNTAX
    previous = _text(keys, key) if b"GET" in options else None
    if (b"NX" in options and old is not None) or (b"XX" in options and old is None):
        return previous
    keys.put(key, value, expires_s)
    return previous if b"GET" in options else OK


def _setex(unit_s: float) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        key, time_, value = arguments[0], arguments[1], arguments[2]
        keys.put(key, value, time.time() + _number(time_) * unit_s)
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


def _mget(keys: Keys, arguments: Arguments) -> Value:
    found = [keys.get(key) for key in arguments]
    return [value if isinstance(value, bytes) else None for value in found]


def _mset(keys: Keys, arguments: Arguments) -> Value:
    for key, value in zip(arguments[::2], arguments[1::2], strict=True):
        keys.put(key, value)
    return OK


def _delete(keys: Keys, arguments: Arguments) -> Value:
    return sum(keys.delete(key) for key in arguments)


def _exists(keys: Keys, arguments: Arguments) -> Value:
    return sum(keys.get(key) is not None for key in arguments)


def _expire(unit_s: float) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        return int(keys.expire(arguments[0], time.time() + _number(arguments[1]) * unit_s))

    return does


def _ttl(unit_s: float) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        left_s = keys.left_s(arguments[0])
        if left_s is None:
            return -2
        return -1 if math.isinf(left_s) else round(left_s / unit_s)

    return does


def _persist(keys: Keys, arguments: Arguments) -> Value:
    left_s = keys.left_s(arguments[0])
    return int(
        left_s is not None and not math.isinf(left_s) and keys.expire(arguments[0], math.inf)
    )


def _add(sign: int, *, by: bool) -> Does:
    def does(keys: Keys, arguments: Arguments) -> Value:
        key = arguments[0]
        amount = _number(arguments[1]) if by else 1
        value = _number(_text(keys, key) or b"0") + sign * amount
        keys.put(key, str(value).encode(), keys.expires_s(key))
        return value

    return does


def _hset(keys: Keys, arguments: Arguments) -> Value:
    key, fields = arguments[0], dict(_fields(keys, arguments[0]))
    pairs = dict(zip(arguments[1::2], arguments[2::2], strict=True))
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
    if fields:
        keys.put(key, fields, keys.expires_s(key))
    else:
        keys.delete(key)
    return gone


def _keys(keys: Keys, arguments: Arguments) -> Value:
    return list(keys.matching(arguments[0]))


def _dbsize(keys: Keys, arguments: Arguments) -> Value:
    del arguments
    return len(keys.matching(b"*"))


def _flush(keys: Keys, arguments: Arguments) -> Value:
    del arguments
    keys.clear()
    return OK


def _ping(keys: Keys, arguments: Arguments) -> Value:
    del keys
    return arguments[0] if arguments else Simple("PONG")


def _echo(keys: Keys, arguments: Arguments) -> Value:
    del keys
    return arguments[0]


COMMANDS: dict[str, Does] = {
    "ping": _ping,
    "echo": _echo,
    "get": _get,
    "set": _set,
    "setex": _setex(1),
    "psetex": _setex(0.001),
    "setnx": _setnx,
    "getdel": _getdel,
    "mget": _mget,
    "mset": _mset,
    "del": _delete,
    "unlink": _delete,
    "exists": _exists,
    "expire": _expire(1),
    "pexpire": _expire(0.001),
    "ttl": _ttl(1),
    "pttl": _ttl(0.001),
    "persist": _persist,
    "incr": _add(1, by=False),
    "incrby": _add(1, by=True),
    "decr": _add(-1, by=False),
    "decrby": _add(-1, by=True),
    "hset": _hset,
    "hget": _hget,
    "hgetall": _hgetall,
    "hdel": _hdel,
    "keys": _keys,
    "dbsize": _dbsize,
    "flushdb": _flush,
    "flushall": _flush,
}
"""Every command that has to do with data."""
