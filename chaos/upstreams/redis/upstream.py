"""A Redis of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chaos.ports import Command, Operation, Reply, StreamUpstream
from chaos.trace.events import Scalar
from chaos.upstreams.redis.commands import COMMANDS, carry_out
from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import OK, Refused, Simple, Value, encoded, first_command

_VERSION = b"7.4.0"
_CONNECTION = frozenset({"hello", "client", "auth", "select", "quit", "reset"})
_TRANSACTION = frozenset({"multi", "exec", "discard"})
_QUEUE = "queue"
_PROTOCOL = "protocol"


class RedisUpstream(StreamUpstream):
    r"""Redis: strings, counters and hashes, with times to live, and transactions.

    What a client says about itself when it connects are operations of their own,
    ``connection.hello`` and the like, so that ``calls.redis.get`` counts what the service asked
    for. A command that it does not know makes the run inconclusive. Subclass it for other hosts.

    Example:
        >>> redis = RedisUpstream()
        >>> command = redis.next_command(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n")
        >>> command.operation, redis.handle(command, {}).data
        (Operation(name='set', object='a'), b'+OK\r\n')
    """

    name = "redis"
    hosts = ("redis", "localhost")
    ports = (6379,)
    tls_ports = (6380,)
    operations: ClassVar[tuple[str, ...]] = (
        *COMMANDS,
        *sorted(_TRANSACTION),
        *(f"connection.{each}" for each in sorted(_CONNECTION)),
    )

    def __init__(self) -> None:
        self.keys = Keys()
        self._databases = {0: self.keys}

    def next_command(self, data: bytes) -> Command | None:
        """The first command; see the base class."""
        found = first_command(data)
        if found is None:
            return None
        words, length = found
        name = words[0].decode("latin-1").lower() if words else ""
        key = words[1].decode("utf-8", "replace") if len(words) > 1 else None
        operation = None
        if name in _CONNECTION:
            operation = Operation(f"connection.{name}")
        elif name in _TRANSACTION:
            operation = Operation(name)
        elif name in COMMANDS:
            operation = Operation(name, key)
        return Command(operation=operation, raw=data[:length], content=(name, words[1:]))

    def handle(self, command: Command, session: dict[str, Any]) -> Reply:
        """Do what is asked; see the base class."""
        name, arguments = command.content
        value = self._value(name, arguments, session)
        return Reply(
            data=encoded(value, session.get(_PROTOCOL, 2)),
            error=value.kind if isinstance(value, Refused) else None,
            closes=name == "quit",
        )

    def describe(self, operation: Operation, response: Reply) -> Mapping[str, Scalar]:
        """Whether something was there, of what is asked for by its key."""
        if operation.name not in {"get", "hget", "getdel"} or response.error is not None:
            return {}
        return {"hit": response.data not in {encoded(None, 2), encoded(None, 3)}}

    def _value(self, name: str, arguments: list[bytes], session: dict[str, Any]) -> Value:
        if name in _CONNECTION:
            return self._about_the_connection(name, arguments, session)
        if name in _TRANSACTION:
            return self._transaction(name, session)
        if _QUEUE in session:
            session[_QUEUE].append((name, arguments))
            return Simple("QUEUED")
        return carry_out(COMMANDS[name], self._database(session), arguments)

    def _database(self, session: dict[str, Any]) -> Keys:
        return self._databases.setdefault(session.get("database", 0), Keys())

    def _about_the_connection(
        self, name: str, arguments: list[bytes], session: dict[str, Any]
    ) -> Value:
        match name:
            case "hello":
                version = arguments[0] if arguments else b"2"
                if version not in {b"2", b"3"}:
                    return Refused("NOPROTO unsupported protocol version")
                session[_PROTOCOL] = int(version)
                return {
                    b"server": b"redis",
                    b"version": _VERSION,
                    b"proto": int(version),
                    b"id": 1,
                    b"mode": b"standalone",
                    b"role": b"master",
                    b"modules": [],
                }
            case "select":
                session["database"] = int(arguments[0])
            case "client":
                what = arguments[0].upper() if arguments else b""
                if what in {b"SETINFO", b"SETNAME"}:
                    return OK
                shown = what.decode("latin-1")
                return 1 if what == b"ID" else Refused(f"ERR unknown subcommand '{shown}'")
        return OK

    def _transaction(self, name: str, session: dict[str, Any]) -> Value:
        queue = session.pop(_QUEUE, None)
        if name == "multi":
            session[_QUEUE] = []
            return OK if queue is None else Refused("ERR MULTI calls can not be nested")
        if queue is None:
            return Refused(f"ERR {name.upper()} without MULTI")
        if name == "discard":
            return OK
        keys = self._database(session)
        return [carry_out(COMMANDS[each], keys, arguments) for each, arguments in queue]
