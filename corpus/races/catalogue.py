"""Each race: a library in a pinned version, what two users do to it, and what must hold then.

The libraries are imported where they are used: each has an environment of its own.
"""

# ruff: noqa: D101, D102, PLR2004 - each race says in ``place`` and ``says`` what it is

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any, ClassVar


class Race(ABC):
    """Two users get in each other's way, or not; what they share is made when it is.

    Attributes:
        pin: The requirement.
        modules: Whose lines are switch points.
        place: Where it is.
        says: What goes wrong.
        attempts: How many schedules frontrun took, as its page of case studies has it.
        is_within_a_line: Whether no switch between two lines can bring it about.
    """

    pin: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]
    place: ClassVar[str]
    says: ClassVar[str]
    attempts: ClassVar[str]
    is_within_a_line: ClassVar[bool] = False

    @abstractmethod
    def first(self) -> None:
        """What one of them does."""

    def second(self) -> None:
        """What the other does."""
        self.first()

    @abstractmethod
    def holds(self) -> bool:
        """Whether all is well when both are through."""


class _Cachetools(Race):
    pin = "cachetools==7.0.1"
    modules: ClassVar[tuple[str, ...]] = ("cachetools",)
    kind = "Cache"

    def __init__(self) -> None:
        library = import_module("cachetools")
        self.cache = getattr(library, self.kind)(**self.options())
        for key in self.keys():
            self.cache[key] = key

    def options(self) -> dict[str, Any]:
        """How the cache is made."""
        return {"maxsize": 100}

    def keys(self) -> tuple[str, ...]:
        """What is in it."""
        return ()

    def holds(self) -> bool:
        """The size is that of what is inside."""
        return bool(self.cache.currsize == len(self.cache))

    def kept(self, name: str) -> Any:  # noqa: ANN401 - a private part of the cache
        """A private part of it."""
        return getattr(self.cache, f"_{self.kind}__{name}")


class CacheSet(_Cachetools):
    place = "Cache.__setitem__"
    says = "two keys are set, and the size grows by one"
    attempts = "2"
    is_within_a_line = True

    def first(self) -> None:
        self.cache["a"] = 1

    def second(self) -> None:
        self.cache["b"] = 2


class CacheDelete(_Cachetools):
    place = "Cache.__delitem__"
    says = "two keys are deleted, and the size shrinks by one"
    attempts = "5"
    is_within_a_line = True

    def keys(self) -> tuple[str, ...]:
        return ("a", "b", "c")

    def first(self) -> None:
        del self.cache["a"]

    def second(self) -> None:
        del self.cache["b"]


class CacheSetDelete(_Cachetools):
    place = "Cache, set and delete"
    says = "one is set, one is deleted, and the size is wrong"
    attempts = "48"
    is_within_a_line = True

    def keys(self) -> tuple[str, ...]:
        return ("a",)

    def first(self) -> None:
        self.cache["b"] = 2

    def second(self) -> None:
        del self.cache["a"]


class LeastRecentlyUsed(_Cachetools):
    kind = "LRUCache"
    place = "LRUCache, get and delete"
    says = "the order keeps a key that is gone, or a lookup breaks"
    attempts = "3"

    def keys(self) -> tuple[str, ...]:
        return ("a", "b")

    def first(self) -> None:
        self.cache.get("a")

    def second(self) -> None:
        del self.cache["a"]

    def holds(self) -> bool:
        return set(self.kept("order")) == set(self.cache)


class Random(_Cachetools):
    kind = "RRCache"
    place = "RRCache.__setitem__"
    says = "two keys get one place in the index"
    attempts = "3"

    def first(self) -> None:
        self.cache["a"] = 1

    def second(self) -> None:
        self.cache["b"] = 2

    def holds(self) -> bool:
        index, keys = self.kept("index"), self.kept("keys")
        return len(index) == len(keys) and all(keys[at] == key for key, at in index.items())


class LeastFrequentlyUsed(_Cachetools):
    kind = "LFUCache"
    place = "LFUCache.__getitem__"
    says = "two lookups of one key break"
    attempts = "1"

    def keys(self) -> tuple[str, ...]:
        return ("a", "b")

    def first(self) -> None:
        self.cache["a"]

    def holds(self) -> bool:
        return set(self.kept("links")) == set(self.cache)


class Timed(_Cachetools):
    kind = "TTLCache"
    place = "TTLCache, its timer"
    says = "the depth of nested lookups is not zero afterwards"
    attempts = "2"
    is_within_a_line = True

    def options(self) -> dict[str, Any]:
        return {"maxsize": 10, "ttl": 600}

    def keys(self) -> tuple[str, ...]:
        return ("a",)

    def first(self) -> None:
        self.cache.get("a")

    def holds(self) -> bool:
        return bool(getattr(self.cache.timer, "_Timer__nesting") == 0)  # noqa: B009 - mangled


class Counted(_Cachetools):
    modules = ("cachetools", "cachetools._cached")
    kind = "LRUCache"
    place = "@cached without a lock"
    says = "of two hits, one is counted"
    attempts = "3"
    is_within_a_line = True

    def __init__(self) -> None:
        super().__init__()
        cached = import_module("cachetools").cached
        self.double: Any = cached(self.cache, info=True)(lambda number: number * 2)
        self.double(1)

    def first(self) -> None:
        self.double(1)

    def holds(self) -> bool:
        return bool(self.double.cache_info().hits == 2)


class Breaker(Race):
    pin = "pybreaker==1.4.1"
    modules = ("pybreaker",)
    place = "CircuitMemoryStorage.increment_counter"
    says = "of two failures, one is counted"
    attempts = "2"
    is_within_a_line = True

    def __init__(self) -> None:
        library = import_module("pybreaker")
        self.storage = library.CircuitMemoryStorage(library.STATE_CLOSED)

    def first(self) -> None:
        self.storage.increment_counter()

    def holds(self) -> bool:
        return bool(self.storage.counter == 2)


class Pool(Race):
    pin = "urllib3==2.6.3"
    modules = ("urllib3.connectionpool",)
    place = "HTTPConnectionPool._new_conn"
    says = "of two connections, one is counted"
    attempts = "1.5"
    is_within_a_line = True

    def __init__(self) -> None:
        self.pool = import_module("urllib3").HTTPConnectionPool("library.example")

    def first(self) -> None:
        self.pool._new_conn()  # noqa: SLF001 - that is where the race is

    def holds(self) -> bool:
        return bool(self.pool.num_connections == 2)


class Overflow(Race):
    pin = "sqlalchemy==2.0.46"
    modules = ("sqlalchemy.pool.impl",)
    place = "QueuePool._inc_overflow"
    says = "of two connections beyond the pool, one is counted"
    attempts = "2.5"
    is_within_a_line = True

    def __init__(self) -> None:
        pool = import_module("sqlalchemy.pool").QueuePool
        self.pool = pool(object, max_overflow=-1)
        self.before = self.pool.overflow()

    def first(self) -> None:
        self.pool._inc_overflow()  # noqa: SLF001 - that is where the race is

    def holds(self) -> bool:
        return bool(self.pool.overflow() == self.before + 2)


class PacketIds(Race):
    pin = "amqtt==0.11.3"
    modules = ("amqtt.session",)
    place = "Session.next_packet_id"
    says = "two messages get one number"
    attempts = "1"

    def __init__(self) -> None:
        self.session = import_module("amqtt.session").Session()
        self.got: list[int] = []

    def first(self) -> None:
        self.got.append(self.session.next_packet_id)

    def holds(self) -> bool:
        return len(set(self.got)) == 2


class Ghost(Race):
    pin = "pykka==4.4.1"
    modules = ("pykka._ref", "pykka._actor")
    place = "ActorRef.tell"
    says = "a message is taken by an actor that has stopped, and is never read"
    attempts = "17"

    def __init__(self) -> None:
        library = import_module("pykka")
        self.received: list[object] = []
        received = self.received

        class Actor(library.ThreadingActor):  # type: ignore[name-defined,misc]  # imported late
            def on_receive(self, message: object) -> None:
                received.append(message)

        self.actor = Actor.start()
        self.dead = library.ActorDeadError
        self.told = 0

    def first(self) -> None:
        try:
            self.actor.tell("hello")
        except self.dead:
            return
        self.told += 1

    def second(self) -> None:
        self.actor.stop()

    def holds(self) -> bool:
        return self.told == len(self.received)


class Dispatcher(Race):
    pin = "PyDispatcher==2.0.7"
    modules = ("pydispatch.dispatcher",)
    place = "dispatcher.connect"
    says = "of two receivers, one is lost"
    attempts = "1.3"

    def __init__(self) -> None:
        self.dispatcher = import_module("pydispatch.dispatcher")
        for each in ("connections", "senders", "sendersBack"):
            getattr(self.dispatcher, each).clear()
        self.sender = object()

    def _connect(self, receiver: object) -> None:
        self.dispatcher.connect(receiver, signal="rings", sender=self.sender, weak=False)

    def first(self) -> None:
        self._connect(_one)

    def second(self) -> None:
        self._connect(_other)

    def holds(self) -> bool:
        known = self.dispatcher.connections.get(id(self.sender), {})
        return len(known.get("rings", ())) == 2


def _one() -> None:
    pass


def _other() -> None:
    pass


class Library(Race):
    pin = "threadpoolctl==3.6.0"
    modules = ("threadpoolctl",)
    place = "ThreadpoolController._get_libc"
    says = "the C library is opened twice"
    attempts = "1"

    def __init__(self) -> None:
        library: Any = import_module("threadpoolctl")
        self.controller = library.ThreadpoolController
        self.controller._system_libraries.clear()  # noqa: SLF001 - that is where the race is
        # To find the library's name, Python starts another process, which there is none of here.
        library.find_library = "lib{}.so.6".format
        self.got: list[object] = []

    def first(self) -> None:
        self.got.append(self.controller._get_libc())  # noqa: SLF001 - the same

    def holds(self) -> bool:
        return self.got[0] is self.got[1]


class Orphan(Race):
    pin = "tenacity==9.1.2"
    modules = ("tenacity",)
    place = "@retry, its statistics"
    says = "right after a call, its statistics are those of another call"
    attempts = "1"

    def __init__(self) -> None:
        library = import_module("tenacity")
        wait, stop = library.wait_none(), library.stop_after_attempt(3)
        self.left = threading.local()

        @library.retry(wait=wait, stop=stop)  # type: ignore[untyped-decorator]  # imported late
        def work(failures: int) -> int:
            self.left.count = getattr(self.left, "count", failures) - 1
            if self.left.count >= 0:
                raise ValueError
            return failures

        self.work = work
        self.seen: dict[int, int] = {}

    def _do(self, failures: int) -> None:
        self.work(failures)
        self.seen[failures] = self.work.statistics["attempt_number"]

    def first(self) -> None:
        self._do(0)

    def second(self) -> None:
        self._do(1)

    def holds(self) -> bool:
        return self.seen == {0: 1, 1: 2}


RACES: tuple[type[Race], ...] = (
    *(CacheSet, CacheDelete, CacheSetDelete, LeastRecentlyUsed, Random, LeastFrequentlyUsed),
    *(Timed, Counted, Breaker, Pool, Overflow, PacketIds, Ghost, Dispatcher, Library),
    Orphan,
)
