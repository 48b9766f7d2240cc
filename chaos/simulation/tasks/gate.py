"""The real lock at which a task waits for its turn."""

from __future__ import annotations

from _thread import LockType, allocate_lock

# Taken before anybody can replace them: what a simulation does to locks must not reach its own.
_acquire = LockType.acquire
_release = LockType.release


class Gate:
    """Closed when new; whoever opens it lets one through.

    Example:
        >>> gate = Gate()
        >>> gate.open()
        >>> gate.pass_through(), gate.pass_through(timeout_s=0.01)
        (True, False)
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = allocate_lock()
        _acquire(self._lock)

    def open(self) -> None:
        """Let the next one through."""
        _release(self._lock)

    def pass_through(self, timeout_s: float = -1) -> bool:
        """Wait until it is open, for at most so many real seconds; returns whether it was."""
        return _acquire(self._lock, True, timeout_s)  # noqa: FBT003 - a built-in takes no keywords
