"""Selectors whose waits are virtual: what every event loop of the standard library waits with.

The methods are replaced in the selectors' own classes, so that a loop that is older than the
simulation works as well. Virtual sockets are asked directly, in the order in which they became
ready; descriptors of real files, such as pipes, are asked of the kernel, which is never waited
for.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from chaos.simulation.loops.awaiting import describe_loop
from chaos.simulation.loops.limits import timers_of
from chaos.simulation.network.current import socket_of
from chaos.simulation.network.sockets import VirtualSocket
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Task
from chaos.simulation.timing.clock import to_ticks

Ready = list[tuple[selectors.SelectorKey, int]]

_KINDS = tuple(
    kind
    for name in (
        *("EpollSelector", "PollSelector", "SelectSelector"),
        *("KqueueSelector", "DevpollSelector"),
    )
    if (kind := getattr(selectors, name, None)) is not None
)
_PLACE = "_chaos_poller"


class Poller:
    """What a selector knows of its virtual sockets.

    Args:
        selector: Whose keys these are.
    """

    def __init__(self, selector: Any) -> None:  # noqa: ANN401 - the base class is private
        self._keys: dict[int, selectors.SelectorKey] = selector._fd_to_key  # noqa: SLF001 - there is no other way to them by descriptor
        self._follows: dict[int, tuple[VirtualSocket, _Following]] = {}
        # Ticks, order of arrival, descriptor.
        self._upcoming: list[tuple[int, int, int]] = []
        self._count = 0
        # Descriptors that may be ready now, in the order in which they became so.
        self._candidates: dict[int, None] = {}
        self._parked: Task | None = None
        self._parked_until: int | None = None
        self._scheduler: Scheduler | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def has_real_files(self) -> bool:
        """Whether the kernel has to be asked, too."""
        return len(self._keys) > len(self._follows)

    def follow(self, descriptor: int, virtual: VirtualSocket) -> None:
        """A virtual socket was registered, or what is wanted of it has changed."""
        if descriptor not in self._follows:
            following = _Following(self, descriptor)
            virtual.inbox.followers.append(following)
            self._follows[descriptor] = virtual, following
        self._candidates[descriptor] = None
        if (due := virtual.next_change) is not None:
            self.comes(due, descriptor)

    def unfollow(self, descriptor: int) -> None:
        """A virtual socket is no longer of interest."""
        virtual, following = self._follows.pop(descriptor)
        virtual.inbox.followers.remove(following)
        self._candidates.pop(descriptor, None)

    def is_following(self, descriptor: int) -> bool:
        """Whether this is a virtual socket."""
        return descriptor in self._follows

    def comes(self, due: int, descriptor: int) -> None:
        """Something happens to a socket when the clock shows ``due`` ticks."""
        self._count += 1
        heapq.heappush(self._upcoming, (due, self._count, descriptor))
        parked = self._parked
        if parked is not None and (self._parked_until is None or due < self._parked_until):
            self._parked = None
            assert self._scheduler is not None, "whoever is parked is so in a scheduler"
            self._scheduler.wake_task(parked)

    def select(
        self, scheduler: Scheduler, timeout: float | None, ask_kernel: Callable[[], Ready]
    ) -> Ready:
        """What is ready; waits for it in virtual time."""
        self._note_limits(scheduler)
        ready = self._ready(scheduler, ask_kernel)
        if ready:
            scheduler.clock.moved()
            return ready
        if timeout is not None and timeout <= 0:
            scheduler.poll()
            return self._ready(scheduler, ask_kernel)
        limit = None if timeout is None else scheduler.clock.ticks + to_ticks(timeout)
        while not ready:
            self._wait(scheduler, limit, ask_kernel)
            ready = self._ready(scheduler, ask_kernel)
            if limit is not None and scheduler.clock.ticks >= limit:
                break
        return ready

    def _wait(
        self, scheduler: Scheduler, until: int | None, ask_kernel: Callable[[], Ready]
    ) -> None:
        """Wait until something has happened, of which perhaps nothing is wanted."""
        task = scheduler.acting
        assert task is not None, "whoever comes here is part of the run"
        if self._upcoming:
            due = self._upcoming[0][0]
            until = due if until is None else min(until, due)
        self._scheduler, self._parked, self._parked_until = scheduler, task, until
        self._loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises
        try:
            with self._asking(scheduler, ask_kernel):
                scheduler.block(task, self, until)
        finally:
            self._parked = None

    def _note_limits(self, scheduler: Scheduler) -> None:
        """Let the far ends know whether the loop, if it is one, waits for them for ever."""
        loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises
        task = scheduler.acting
        if loop is None or task is None:
            return
        is_limited = None
        for virtual, _ in self._follows.values():
            if virtual.far_end is not None:
                is_limited = is_limited or timers_of(loop, task.behalf)
                virtual.far_end.loop_waits(is_limited)

    def why(self, task: Task) -> str:
        """What the loop, if it is one, waits for."""
        del task
        return "a socket" if self._loop is None else describe_loop(self._loop)

    def _ready(self, scheduler: Scheduler, ask_kernel: Callable[[], Ready]) -> Ready:
        now, upcoming, candidates = scheduler.clock.ticks, self._upcoming, self._candidates
        while upcoming and upcoming[0][0] <= now:
            candidates[heapq.heappop(upcoming)[2]] = None
        ready: Ready = []
        for descriptor in tuple(candidates):
            key = self._keys.get(descriptor)
            followed = self._follows.get(descriptor)
            events = 0
            if key is not None and followed is not None:
                virtual = followed[0]
                wanted = key.events
                if wanted & selectors.EVENT_READ and virtual.is_readable:
                    events |= selectors.EVENT_READ
                if wanted & selectors.EVENT_WRITE and virtual.is_writable:
                    events |= selectors.EVENT_WRITE
            if events and key is not None:
                ready.append((key, events))
            else:
                del candidates[descriptor]
        return ready + ask_kernel() if self.has_real_files else ready

    @contextmanager
    def _asking(self, scheduler: Scheduler, ask_kernel: Callable[[], Ready]) -> Iterator[None]:
        """Look at the real files among the descriptors before anybody lets time pass."""
        if not self.has_real_files:
            yield
            return

        def look() -> None:
            if self._parked is not None and ask_kernel():
                parked, self._parked = self._parked, None
                scheduler.wake_task(parked)

        ends = scheduler.when_idle(look)
        try:
            yield
        finally:
            ends()


class _Following:
    """Tells a poller of arrivals at one socket."""

    __slots__ = ("_descriptor", "_poller")

    def __init__(self, poller: Poller, descriptor: int) -> None:
        self._poller = poller
        self._descriptor = descriptor

    def comes(self, due: int) -> None:
        self._poller.comes(due, self._descriptor)


def virtual_selectors() -> ExitStack:
    """Makes selectors virtual for whoever is part of a run, while entered."""
    undo = ExitStack()
    for kind in _KINDS:
        for name, substitute in _methods(kind).items():
            undo.enter_context(mock.patch.object(kind, name, substitute))
    return undo


def _methods(kind: Any) -> dict[str, Callable[..., Any]]:  # noqa: ANN401 - one of several classes
    base: Any = selectors._BaseSelectorImpl  # noqa: SLF001 - what all of them share
    real_register, real_unregister = kind.register, kind.unregister
    real_modify, real_select = kind.modify, kind.select

    def register(self: Any, fileobj: Any, events: int, data: Any = None) -> Any:  # noqa: ANN401 - as the real one
        virtual = _virtual(fileobj)
        if virtual is None:
            return real_register(self, fileobj, events, data)
        key = base.register(self, fileobj, events, data)
        _poller(self).follow(key.fd, virtual)
        return key

    def unregister(self: Any, fileobj: Any) -> Any:  # noqa: ANN401 - as the real one
        poller, key = _followed(self, fileobj)
        if poller is None:
            return real_unregister(self, fileobj)
        poller.unfollow(key.fd)
        return base.unregister(self, fileobj)

    def modify(self: Any, fileobj: Any, events: int, data: Any = None) -> Any:  # noqa: ANN401 - as the real one
        poller, key = _followed(self, fileobj)
        if poller is None:
            return real_modify(self, fileobj, events, data)
        key = key._replace(events=events, data=data)
        self._fd_to_key[key.fd] = key
        virtual = socket_of(key.fd)
        if virtual is not None:
            poller.follow(key.fd, virtual)
        return key

    def select(self: Any, timeout: float | None = None) -> Ready:  # noqa: ANN401 - as the real one
        scheduler = scheduler_here()
        if scheduler is None:
            ready: Ready = real_select(self, timeout)
            return ready
        return _poller(self).select(scheduler, timeout, lambda: real_select(self, 0))

    return {"register": register, "unregister": unregister, "modify": modify, "select": select}


def _virtual(fileobj: Any) -> VirtualSocket | None:  # noqa: ANN401 - a number, or what has one
    if isinstance(fileobj, int):
        return socket_of(fileobj)
    if isinstance(fileobj, VirtualSocket):
        return fileobj if fileobj.fileno() >= 0 else None
    fileno = getattr(fileobj, "fileno", None)
    number = fileno() if callable(fileno) else None
    return socket_of(number) if isinstance(number, int) else None


def _poller(selector: Any) -> Poller:  # noqa: ANN401 - one of several classes
    found: Poller | None = vars(selector).get(_PLACE)
    if found is None:
        found = vars(selector)[_PLACE] = Poller(selector)
    return found


def _followed(selector: Any, fileobj: Any) -> tuple[Poller | None, Any]:  # noqa: ANN401 - one of several classes
    """The poller that follows a virtual socket, and the selector's key for it; or two Nones."""
    poller: Poller | None = vars(selector).get(_PLACE)
    if poller is None:
        return None, None
    try:
        key = selector._fd_to_key.get(selector._fileobj_lookup(fileobj))  # noqa: SLF001 - as its own methods do
    except (ValueError, KeyError):
        return None, None
    return (poller, key) if key is not None and poller.is_following(key.fd) else (None, None)
