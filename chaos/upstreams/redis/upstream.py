"""A Redis of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chaos.ports import Command, Operation, Reply, StreamUpstream
from chaos.trace.events import Scalar
from chaos.upstreams.redis.commands import COMMANDS
from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import Refused, encoded, first_command
from chaos.upstreams.redis.sessions import CLIENT_UNMODELLED, CONNECTION, TRANSACTION, Session

_STATE = "state"


class RedisUpstream(StreamUpstream):
    r"""Redis: strings, counters and hashes, with times to live, and transactions.

    Any password is good. Commands are refused as Redis 7 refuses them: a wrong number of
    arguments, options that contradict each other, times and numbers that are none.

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
        *sorted(TRANSACTION),
        *(f"connection.{each}" for each in sorted(CONNECTION)),
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
        if name in CONNECTION:
            unmodelled = name == "client" and CLIENT_UNMODELLED.intersection(
                word.upper() for word in words[1:2]
            )
            operation = None if unmodelled else Operation(f"connection.{name}")
        elif name in TRANSACTION:
            operation = Operation(name)
        elif name in COMMANDS:
            operation = Operation(name, key)
        return Command(operation=operation, raw=data[:length], content=(name, words[1:]))

    def handle(self, command: Command, session: dict[str, Any]) -> Reply:
        """Do what is asked; see the base class."""
        name, arguments = command.content
        state = session.setdefault(_STATE, Session(self._databases))
        value = state.answer(name, arguments)
        return Reply(
            data=encoded(value, state.protocol),
            error=value.kind if isinstance(value, Refused) else None,
            closes=name == "quit",
        )

    def describe(self, operation: Operation, response: Reply) -> Mapping[str, Scalar]:
        """Whether something was there, of what is asked for by its key."""
        if operation.name not in {"get", "hget", "getdel", "getex"} or response.error is not None:
            return {}
        return {"hit": response.data not in {encoded(None, 2), encoded(None, 3)}}
