"""Ways in which threads share something; each has the users act at once, and shows what is left.

What comes of an interleaving is seen in two places: in what a user got, and in what is left.
"""

from __future__ import annotations

import functools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from tests.chaos.explorer import elsewhere


class Way:
    """Something that is shared; made anew for each run."""

    def act(self) -> object:
        """What one user does, and gets."""
        raise NotImplementedError

    def look(self) -> object:
        """What is left when all are through."""
        return None


class Attribute(Way):
    """Looks, then acts."""

    def __init__(self) -> None:
        self.seats = 1

    def act(self) -> object:
        """Buy the last seat."""
        wanted = 1
        wanted = wanted + 0
        if self.seats >= wanted:
            self.seats = self.seats - wanted
            return "sold"
        return "sold out"

    def look(self) -> object:
        """How many seats are left."""
        return self.seats


class Guarded(Attribute):
    """The same under a lock."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def act(self) -> object:
        """Buy it alone."""
        with self.lock:
            before = self.seats
            self.seats = before - 1
            self.seats = self.seats + 0
            return before


class TwoLocks(Way):
    """Each user goes through two rooms, which have nothing to do with each other."""

    def __init__(self) -> None:
        self.kitchen, self.cellar = threading.Lock(), threading.Lock()
        self.plates = self.bottles = 0

    def act(self) -> object:
        """One plate, one bottle."""
        with self.kitchen:
            plates = self.plates
            self.plates = plates + 1
        with self.cellar:
            self.bottles += 1
            bottles = self.bottles
        return plates, bottles


_total = 0


class Global(Way):
    """A variable of the module."""

    def __init__(self) -> None:
        global _total  # noqa: PLW0603 - it is the way that is tried
        _total = 0

    def act(self) -> object:
        """Count, carelessly."""
        global _total  # noqa: PLW0603 - the same
        before = _total
        _total = before + 1
        return before

    def look(self) -> object:
        """The count."""
        return _total


class Closure(Way):
    """A variable that two functions share."""

    def __init__(self) -> None:
        count = 0

        def act() -> int:
            nonlocal count
            before = count
            count = before + 1
            return before

        def look() -> int:
            return count

        self._act, self._look = act, look

    def act(self) -> object:
        """Count."""
        return self._act()

    def look(self) -> object:
        """The count."""
        return self._look()


class Mapping(Way):
    """A dictionary, and a list in it."""

    def __init__(self) -> None:
        self.known: dict[str, list[int]] = {}

    def act(self) -> object:
        """Make the list if it is missing."""
        if "a" not in self.known:
            self.known["a"] = []
        own = self.known["a"]
        own.append(1)
        return len(own)

    def look(self) -> object:
        """What became of it."""
        return self.known


class Alias(Way):
    """Two names for one list; the one that is changed is not the one that is looked at."""

    def __init__(self) -> None:
        self.left: list[int] = []
        self.right = self.left

    def act(self) -> object:
        """Change it in place by one name, and look at it by the other."""
        before = len(self.right)
        mine = self.left
        mine += [before]
        return before

    def look(self) -> object:
        """The list."""
        return self.right


class Generated(Way):
    """One generator for all: what it keeps between two numbers is shared."""

    def __init__(self) -> None:
        self.numbers = self._numbers()

    @staticmethod
    def _numbers() -> Iterator[int]:
        number = 0
        while True:
            number += 1
            half = number
            yield half

    def act(self) -> object:
        """Take the next number; a generator goes on for one at a time."""
        try:
            return next(self.numbers)
        except ValueError:
            return "busy"


class Reflected(Way):
    """Attributes that are reached without being named."""

    def __init__(self) -> None:
        self.seats = 1
        self.tables = 1

    def act(self) -> object:
        """By three ways."""
        seats = self.seats
        setattr(self, "seats", seats - 1)  # noqa: B010 - it is the way that is tried
        tables = vars(self)["tables"]
        self.__dict__["tables"] = tables - 1
        return seats, tables

    def look(self) -> object:
        """What is left."""
        return self.seats, self.tables


class Slotted(Way):
    """Slots, and a property on top."""

    __slots__ = ("_seats",)

    def __init__(self) -> None:
        self._seats = 1

    @property
    def left(self) -> int:
        """Seats."""
        return self._seats

    @left.setter
    def left(self, seats: int) -> None:
        self._seats = seats

    def act(self) -> object:
        """Buy one."""
        before = self.left
        self.left = before - 1
        return before

    def look(self) -> object:
        """What is left."""
        return self.left


class Elsewhere(Way):
    """A helper in a module whose lines are no switch points changes what is looked at here."""

    def __init__(self) -> None:
        self.till = elsewhere.Till(1)

    def act(self) -> object:
        """Look here, act there."""
        before = self.till.seats
        elsewhere.take_one(self.till)
        after = self.till.seats
        return before, after

    def look(self) -> object:
        """What is left."""
        return self.till.seats


class Between(Way):
    """A helper elsewhere calls back, and changes something afterwards."""

    def __init__(self) -> None:
        self.till = elsewhere.Till(3)

    def step(self) -> int:
        """Look."""
        seats: int = self.till.seats
        return seats

    def act(self) -> object:
        """Twice."""
        return elsewhere.with_a_step_between(self.till, self.step)

    def look(self) -> object:
        """What is left."""
        return self.till.seats


class Asleep(Way):
    """Somebody changes something right after a nap, elsewhere."""

    def __init__(self) -> None:
        self.till = elsewhere.Till(3)

    def act(self) -> object:
        """Look, nap, and look again."""
        before = self.till.seats
        elsewhere.nap_and_take(self.till)
        middle = self.till.seats
        after = self.till.seats
        return before, middle, after


class Cached(Way):
    """A cache of compiled code."""

    def __init__(self) -> None:
        self.made = 0

        @functools.lru_cache
        def make(key: str) -> int:
            self.made += 1
            return self.made

        self.make = make

    def act(self) -> object:
        """Both may make one."""
        return self.make("a")

    def look(self) -> object:
        """How many were made."""
        return self.made


class Sorted(Way):
    """Somebody appends while a key function in Python looks at a list that is being sorted."""

    def __init__(self) -> None:
        self.names = ["b", "a"]
        self.lookups = 0

    def _key(self, name: str) -> str:
        self.lookups += 1
        return name

    def act(self) -> object:
        """Append and sort."""
        self.names.append("c")
        known = sorted(self.names, key=self._key)
        size = self.lookups
        return known, size


class Evented(Way):
    """The first tells the second by an event."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.value = 0

    def act(self) -> object:
        """Whoever comes first sets it."""
        if not self.ready.is_set():
            self.value = self.value + 1
            self.ready.set()
            return "first", self.value
        self.ready.wait()
        return "second", self.value


class Queued(Way):
    """A worker takes from a queue."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[int | None] = queue.Queue()
        self.done: list[int] = []
        self.coming = 0

    def act(self) -> object:
        """Put in a number; the second one ends the day, and works it all off."""
        mine = self.coming
        self.coming = mine + 1
        self.jobs.put(mine)
        if mine:
            while not self.jobs.empty():
                self.done.append(self.jobs.get_nowait() or 0)
        return mine

    def look(self) -> object:
        """What was done."""
        return self.done


class Conditioned(Way):
    """The second waits until the first has come."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.here = 0
        self.seen: list[int] = []

    def act(self) -> object:
        """Meet."""
        with self.changed:
            self.here += 1
            self.changed.notify_all()
            while self.here < 2:
                self.changed.wait()
        seen = self.here
        self.seen.append(seen)
        return seen


class Helped(Way):
    """Each user starts a thread and waits for its end."""

    def __init__(self) -> None:
        self.sums = 0

    def _add(self) -> None:
        before = self.sums
        self.sums = before + 1

    def act(self) -> object:
        """Have it added."""
        helper = threading.Thread(target=self._add)
        helper.start()
        helper.join()
        return self.sums


class Own(Way):
    """What each thread has of its own."""

    def __init__(self) -> None:
        self.mine = threading.local()

    def act(self) -> object:
        """Nobody sees what another has set."""
        self.mine.value = 1
        value = self.mine.value
        self.mine.value = value + 1
        return self.mine.value


class Clocked(Way):
    """Time passes for whoever sleeps, and for the other as well."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.slept = 0

    def act(self) -> object:
        """Sleep longer if somebody sleeps already."""
        sleepers = self.slept
        self.slept = sleepers + 1
        time.sleep(1 + sleepers)
        return time.monotonic() - self.began_s


class Turning(Way):
    """A deque that is turned."""

    def __init__(self) -> None:
        self.nodes = deque("ab")

    def act(self) -> object:
        """Take the first, and turn."""
        first = self.nodes[0]
        self.nodes.rotate(1)
        return first


class Bounced(Way):
    """Some leave by an exception, which undoes what was done."""

    def __init__(self) -> None:
        self.inside = 0

    def act(self) -> object:
        """No more than one at a time."""
        self.inside += 1
        try:
            if self.inside > 1:
                raise RuntimeError("full")  # noqa: TRY301 - it is the way that is tried
        except RuntimeError as error:
            return str(error)
        finally:
            self.inside -= 1
        return "in"

    def look(self) -> object:
        """Who is still inside."""
        return self.inside


class Matched(Way):
    """A match statement looks into objects."""

    __match_args__ = ("seats",)

    def __init__(self) -> None:
        self.seats = 1

    def act(self) -> object:
        """By position."""
        match self:
            case Matched(1):
                self.seats = 0
                return "sold"
            case _:
                return "sold out"


class Spread(Way):
    """Unpacks, and joins what another may have taken from an iterator."""

    def __init__(self) -> None:
        self.letters = iter("abcd")

    def act(self) -> object:
        """Two letters."""
        first = next(self.letters)
        return "-".join([first, *[each for each, _ in zip(self.letters, "x", strict=False)]])


class Failing(Attribute):
    """Breaks down when the last seat is sold twice."""

    def act(self) -> object:
        """Buy."""
        got = super().act()
        if self.seats < 0:
            raise RuntimeError("sold twice")
        return got


WAYS: tuple[Callable[[], Way], ...] = (*Way.__subclasses__(), Guarded, Failing)
