"""``select``, ``poll`` and ``epoll`` for whoever uses them without a selector.

urllib3 and httpcore poll a connection before they use it again; trio waits with ``epoll``.
"""

from __future__ import annotations

import errno
import select
from collections.abc import Callable, Iterable
from typing import Any, Self

from chaos.simulation.network.arguments import os_error
from chaos.simulation.network.current import socket_of
from chaos.simulation.network.sockets import VirtualSocket
from chaos.simulation.tasks.baton import scheduler_here
from chaos.simulation.tasks.scheduler import Scheduler
from chaos.simulation.tasks.task import Task
from chaos.simulation.timing.clock import to_ticks

_IN, _OUT, _ERR, _HUP, _RDHUP = 1, 4, 8, 16, 0x2000
_ALWAYS_TOLD = _ERR | _HUP
_ONESHOT, _EDGE = 1 << 30, 1 << 31
_MS_PER_S = 1000

_real_select = select.select
_real_poll: Callable[[], Any] | None = getattr(select, "poll", None)
_real_epoll: Callable[..., Any] | None = getattr(select, "epoll", None)


class _Sockets:
    def why(self, task: Task) -> str:
        del task
        return "one of several sockets"


_SOCKETS = _Sockets()


class VirtualPoll:
    """Takes the place of a polling object: virtual sockets are asked, the rest is the kernel's.

    Args:
        kernel: The real one, for descriptors that are none of ours.
        unit_s: Seconds in one unit of its timeouts.
        is_epoll: Whether it is of the kind that refuses to be told of a descriptor twice.
    """

    def __init__(self, kernel: Any, *, unit_s: float, is_epoll: bool = False) -> None:  # noqa: ANN401 - of a class without a name
        self._kernel = kernel
        self._unit_s = unit_s
        self._is_epoll = is_epoll
        self._virtual: dict[int, int] = {}
        self._real: set[int] = set()

    def register(self, fd: Any, eventmask: int = _IN | 2 | _OUT) -> None:  # noqa: ANN401 - a number, or what has one
        """Look at a descriptor as well."""
        number = _number(fd)
        found = socket_of(number)
        if found is None:
            self._kernel.register(fd, eventmask)
            self._real.add(number)
            return
        if self._is_epoll and number in self._virtual:
            raise os_error(errno.EEXIST)
        if eventmask & _EDGE:
            raise found.violation(
                "an edge-triggered poll (EPOLLET) is not simulated; expected a level-triggered "
                "one; leave EPOLLET out"
            )
        self._virtual[number] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:  # noqa: ANN401 - the same
        """Look for something else."""
        number = _number(fd)
        if number in self._virtual:
            self._virtual[number] = eventmask
        else:
            self._kernel.modify(fd, eventmask)

    def unregister(self, fd: Any) -> None:  # noqa: ANN401 - the same
        """Look at it no more."""
        number = _number(fd)
        if self._virtual.pop(number, None) is None:
            self._real.discard(number)
            self._kernel.unregister(fd)

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """What has happened, or happens next."""
        happened = self._poll(timeout)
        return happened[:maxevents] if maxevents > 0 else happened

    def _poll(self, timeout: float | None) -> list[tuple[int, int]]:
        seconds = None if timeout is None or timeout < 0 else timeout * self._unit_s
        scheduler = scheduler_here()
        if scheduler is None:
            return self._now()
        return _wait(scheduler, seconds, self._now, self._sockets, has_files=bool(self._real))

    def close(self) -> None:
        """No more."""
        self._virtual.clear()
        if hasattr(self._kernel, "close"):
            self._kernel.close()

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return bool(self._kernel.closed)

    def fileno(self) -> int:
        """Of the real one."""
        return int(self._kernel.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _sockets(self) -> list[VirtualSocket]:
        return [found for each in self._virtual if (found := socket_of(each)) is not None]

    def _now(self) -> list[tuple[int, int]]:
        happened = []
        for number, mask in list(self._virtual.items()):
            virtual = socket_of(number)
            if virtual is None or not mask & ~_ONESHOT:
                continue
            events = _events_of(virtual) & (mask | _ALWAYS_TOLD)
            if events:
                happened.append((number, events))
                if mask & _ONESHOT:
                    self._virtual[number] = _ONESHOT
        return happened + (self._kernel.poll(0) if self._real else [])


def substitutes() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Real function to what takes its place."""
    found: dict[Callable[..., Any], Callable[..., Any]] = {_real_select: _select}
    if _real_poll is not None:
        found[_real_poll] = _poll
    if _real_epoll is not None:
        found[_real_epoll] = _epoll
    return found


def _select(
    rlist: Iterable[Any],
    wlist: Iterable[Any],
    xlist: Iterable[Any],
    timeout: float | None = None,
    /,
) -> tuple[list[Any], list[Any], list[Any]]:
    scheduler = scheduler_here()
    readers, writers, others = list(rlist), list(wlist), list(xlist)
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    if scheduler is None:
        return _real_select(readers, writers, others, timeout)
    virtual = {
        id(each): found
        for each in (*readers, *writers)
        if (found := socket_of(_number(each))) is not None
    }
    real_readers = [each for each in readers if id(each) not in virtual]
    real_writers = [each for each in writers if id(each) not in virtual]

    has_files = bool(real_readers or real_writers or others)

    def now() -> list[tuple[list[Any], list[Any], list[Any]]]:
        readable: list[Any] = [each for each in readers if _is(virtual, each, "is_readable")]
        writable: list[Any] = [each for each in writers if _is(virtual, each, "is_writable")]
        exceptional: list[Any] = []
        if has_files:
            real = _real_select(real_readers, real_writers, others, 0)
            readable += real[0]
            writable += real[1]
            exceptional = real[2]
        is_any = readable or writable or exceptional
        return [(readable, writable, exceptional)] if is_any else []

    happened = _wait(scheduler, timeout, now, lambda: list(virtual.values()), has_files=has_files)
    return happened[0] if happened else ([], [], [])


def _is(virtual: dict[int, VirtualSocket], each: object, what: str) -> bool:
    found = virtual.get(id(each))
    return found is not None and bool(getattr(found, what))


def _poll() -> Any:  # noqa: ANN401 - a real one has a class without a name
    assert _real_poll is not None, "replaced where it is there"
    kernel = _real_poll()
    if scheduler_here() is None:
        return kernel
    return VirtualPoll(kernel, unit_s=1 / _MS_PER_S)


def _epoll(sizehint: int = -1, flags: int = 0) -> Any:  # noqa: ANN401 - the real one, or ours
    assert _real_epoll is not None, "replaced where it is there"
    kernel = _real_epoll(sizehint, flags)
    return kernel if scheduler_here() is None else VirtualPoll(kernel, unit_s=1.0, is_epoll=True)


def _wait(
    scheduler: Scheduler,
    seconds: float | None,
    now: Callable[[], list[Any]],
    sockets: Callable[[], list[VirtualSocket]],
    *,
    has_files: bool,
) -> list[Any]:
    """Look, and wait in virtual time until there is something to see.

    Args:
        scheduler: Lets time pass.
        seconds: How long to wait; None is for ever.
        now: What there is to see.
        sockets: Those of them that are virtual.
        has_files: Whether some are real, such as pipes. They are looked at before anybody lets
            time pass.
    """
    until = None if seconds is None else scheduler.clock.ticks + to_ticks(max(seconds, 0))
    task = scheduler.acting
    assert task is not None, "whoever comes here is part of the run"
    noticed: list[Any] = []

    def look() -> None:
        # A kernel may tell of an event only once.
        noticed.extend(now())
        if noticed:
            scheduler.wake_task(task)

    while True:
        happened = noticed or now()
        if happened:
            return happened
        if until is not None and scheduler.clock.ticks >= until:
            scheduler.clock.look()
            return happened
        looked_at = sockets()
        dues = [due for each in looked_at if (due := each.next_change) is not None]
        soonest = min([*dues, *([] if until is None else [until])], default=None)
        for each in looked_at:
            each.inbox.parked.append(task)
        ends = scheduler.when_idle(look) if has_files else None
        try:
            scheduler.block(task, _SOCKETS, soonest)
        finally:
            if ends is not None:
                ends()
            for each in looked_at:
                if task in each.inbox.parked:
                    each.inbox.parked.remove(task)


def _events_of(virtual: VirtualSocket) -> int:
    """What there is to tell of a socket, in the words of ``poll``."""
    return (
        (_IN if virtual.is_readable else 0)
        | (_OUT if virtual.is_writable else 0)
        | (_ERR if virtual.has_failed else 0)
        | (_HUP if virtual.is_hung_up else 0)
        | (_RDHUP if virtual.far_end_has_finished else 0)
    )


def _number(fd: Any) -> int:  # noqa: ANN401 - a number, or what has one
    return fd if isinstance(fd, int) else int(fd.fileno())
