"""One connection: what its client says of itself, and the commands that it has queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chaos.upstreams.redis.commands import carry_out, misfit, wrong_number
from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import NO_ARRAY, OK, Refused, Simple, Value
from chaos.upstreams.redis.values import RefusalError, whole

CONNECTION = {
    "hello": (0, None),
    "client": (1, None),
    "auth": (1, 2),
    "select": (1, 1),
    "quit": (0, None),
    "reset": (0, 0),
}
"""Commands about the connection, with the least and the most arguments that they take."""

TRANSACTION = {
    "multi": (0, 0),
    "exec": (0, 0),
    "discard": (0, 0),
    "watch": (1, None),
    "unwatch": (0, 0),
}
"""The same for transactions."""

CLIENT = frozenset({b"SETINFO", b"SETNAME", b"GETNAME", b"ID"})
"""What clients say and ask of themselves."""

CLIENT_UNMODELLED = frozenset(
    {b"LIST", b"INFO", b"KILL", b"PAUSE", b"UNPAUSE", b"REPLY", b"TRACKING", b"TRACKINGINFO"}
    | {b"GETREDIR", b"CACHING", b"UNBLOCK", b"HELP", b"NO-EVICT", b"NO-TOUCH"}
)
"""What else Redis knows after ``CLIENT``; whatever is in neither list, it does not know either."""

_VERSION = b"7.4.0"
_DATABASES = 16
_AT_ONCE = frozenset({"multi", "exec", "discard", "watch", "quit", "reset"})
"""Commands that are carried out in the middle of a transaction, and not queued."""

Queued = list[tuple[str, Sequence[bytes]]]


@dataclass(slots=True)
class Session:
    """The state of one connection.

    Attributes:
        databases: All that this Redis has, by number; what is not there yet is empty.
        protocol: Of RESP.
        database: The number of the one that is used.
        name: What the client calls itself; None if it has not said.
        queue: Commands to be carried out together; None outside of a transaction.
        is_spoilt: Whether one of them could not be queued.
        watched: What keys were like when the client began to watch them, by database and key.
    """

    databases: dict[int, Keys]
    protocol: int = 2
    database: int = 0
    name: bytes | None = None
    queue: Queued | None = None
    is_spoilt: bool = False
    watched: dict[tuple[int, bytes], int] = field(default_factory=dict)

    def answer(self, name: str, arguments: Sequence[bytes]) -> Value:
        """What a command gives; a refusal is a value, too."""
        refused = _misfit(name, arguments)
        if self.queue is not None and name not in _AT_ONCE:
            if refused is not None:
                self.is_spoilt = True
                return refused
            self.queue.append((name, arguments))
            return Simple("QUEUED")
        return refused or self._carried_out(name, arguments)

    def _carried_out(self, name: str, arguments: Sequence[bytes]) -> Value:
        try:
            if name in CONNECTION:
                return self._about_the_connection(name, arguments)
            if name in TRANSACTION:
                return self._transaction(name, arguments)
        except RefusalError as refusal:
            return refusal.value
        if name == "flushall":
            given = [carry_out(name, keys, arguments) for keys in self._all()]
            return given[0]
        return carry_out(name, self._keys(self.database), arguments)

    def _all(self) -> list[Keys]:
        self._keys(self.database)
        return list(self.databases.values())

    def _keys(self, number: int) -> Keys:
        return self.databases.setdefault(number, Keys())

    def _about_the_connection(self, name: str, arguments: Sequence[bytes]) -> Value:
        match name:
            case "hello":
                return self._hello(arguments)
            case "select":
                number = whole(arguments[0])
                if not 0 <= number < _DATABASES:
                    return Refused("ERR DB index is out of range")
                self.database = number
            case "client":
                return self._client(arguments)
            case "reset":
                self.protocol, self.database, self.name = 2, 0, None
                self._forget()
                return Simple("RESET")
        return OK

    def _hello(self, arguments: Sequence[bytes]) -> Value:
        version, *words = arguments or (str(self.protocol).encode(),)
        if version not in {b"2", b"3"}:
            return Refused("NOPROTO unsupported protocol version")
        name, left = self.name, list(words)
        while left:
            match [left[0].upper(), *left[1:]]:
                case [b"AUTH", _, _, *_]:
                    left = left[3:]
                case [b"SETNAME", name, *_]:
                    left = left[2:]
                case _:
                    shown = left[0].decode("latin-1")
                    return Refused(f"ERR Syntax error in HELLO option '{shown}'")
        self.protocol, self.name = int(version), name
        return {
            b"server": b"redis",
            b"version": _VERSION,
            b"proto": int(version),
            b"id": 1,
            b"mode": b"standalone",
            b"role": b"master",
            b"modules": [],
        }

    def _client(self, arguments: Sequence[bytes]) -> Value:
        match [arguments[0].upper(), *arguments[1:]]:
            case [b"ID"]:
                return 1
            case [b"GETNAME"]:
                return self.name
            case [b"SETNAME", name]:
                self.name = name or None
                return OK
            case [b"SETINFO", _, _]:
                return OK
        shown = arguments[0].decode("latin-1")
        if arguments[0].upper() in CLIENT:
            return wrong_number(f"client|{shown.lower()}")
        return Refused(f"ERR unknown subcommand '{shown}'. Try CLIENT HELP.")

    def _transaction(self, name: str, arguments: Sequence[bytes]) -> Value:
        match name:
            case "multi":
                return self._begin()
            case "exec" | "discard":
                return self._end(name)
            case "unwatch":
                self.watched.clear()
                return OK
            case _:
                return self._watch(arguments)

    def _watch(self, arguments: Sequence[bytes]) -> Value:
        if self.queue is not None:
            return Refused("ERR WATCH inside MULTI is not allowed")
        for key in arguments:
            place = self.database, key
            self.watched.setdefault(place, self._keys(self.database).changes(key))
        return OK

    def _begin(self) -> Value:
        if self.queue is not None:
            # What is queued so far stays so.
            return Refused("ERR MULTI calls can not be nested")
        self.queue, self.is_spoilt = [], False
        return OK

    def _end(self, name: str) -> Value:
        queue, is_spoilt, is_stale = self.queue, self.is_spoilt, self._is_stale()
        if queue is None:
            return Refused(f"ERR {name.upper()} without MULTI")
        self._forget()
        if name == "discard":
            return OK
        if is_spoilt:
            return Refused("EXECABORT Transaction discarded because of previous errors.")
        if is_stale:
            return NO_ARRAY
        return [self._carried_out(each, sent) for each, sent in queue]

    def _is_stale(self) -> bool:
        """Whether somebody has changed what this client watches."""
        return any(
            self._keys(number).changes(key) != seen for (number, key), seen in self.watched.items()
        )

    def _forget(self) -> None:
        self.queue, self.is_spoilt = None, False
        self.watched.clear()


def _misfit(name: str, arguments: Sequence[bytes]) -> Refused | None:
    """What Redis says of a command before it does anything; None if it would carry it out."""
    bounds = CONNECTION.get(name) or TRANSACTION.get(name)
    if bounds is None:
        return misfit(name, arguments)
    least, most = bounds
    too_many = most is not None and len(arguments) > most
    return wrong_number(name) if len(arguments) < least or too_many else None
