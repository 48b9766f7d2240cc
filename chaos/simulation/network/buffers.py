"""How much fits between two sockets of a run before whoever writes has to wait.

A kernel keeps what was written and not read yet in two buffers, one at each end, and counts more
than the bytes. What fits is therefore about what Linux takes over loopback, and not exactly that.
"""

from __future__ import annotations

import socket

_SENDS, _RECEIVES = 16_384, 131_072
"""What a new socket says that its buffers have; Linux lets them grow far beyond."""

_GROWN = 4_194_304
"""About what fits into both when nobody has set them."""

_LEAST_SENDS, _LEAST_RECEIVES = 4_608, 2_304
_MOST = 2 * 212_992
"""What the kernel makes of any larger wish."""

_PAIR = 212_992
"""What a pair of sockets has room for: nothing grows there."""


class Buffers:
    """The buffers of one socket, in bytes.

    Args:
        is_pair: Whether it is one of a pair.

    Example:
        >>> one, other = Buffers(), Buffers()
        >>> one.set(socket.SO_SNDBUF, 4096), other.set(socket.SO_RCVBUF, 1)
        (True, True)
        >>> one.shown(socket.SO_SNDBUF), one.room_to(other)
        (8192, 10496)
    """

    __slots__ = ("_is_pair", "_receives", "_sends")

    def __init__(self, *, is_pair: bool = False) -> None:
        self._is_pair = is_pair
        self._sends: int | None = None
        self._receives: int | None = None

    def like(self, other: Buffers) -> None:
        """Have what a listening socket hands on to those that it accepts."""
        self._sends, self._receives = other._sends, other._receives

    def set(self, option: int, wished: int) -> bool:
        """Set one of them, if the option is about one; returns whether it is."""
        if option == socket.SO_SNDBUF:
            self._sends = _granted(wished, _LEAST_SENDS)
        elif option == socket.SO_RCVBUF:
            self._receives = _granted(wished, _LEAST_RECEIVES)
        else:
            return False
        return True

    def shown(self, option: int) -> int | None:
        """What ``getsockopt`` says; None if the option is about something else."""
        if option == socket.SO_SNDBUF:
            return self._sends or (_PAIR if self._is_pair else _SENDS)
        if option == socket.SO_RCVBUF:
            return self._receives or (_PAIR if self._is_pair else _RECEIVES)
        return None

    def is_roomy(self, size: int, unread: int) -> bool:
        """Whether a poller calls a socket writable, of which so much of that size is unread.

        Linux waits for a third to be free, and of a pair for three quarters: whoever was told of
        less would only wait again.
        """
        return unread * 4 <= size if self._is_pair else unread * 3 <= size * 2

    def room_to(self, other: Buffers) -> int:
        """How much fits on the way from this socket to another."""
        if self._is_pair:
            return self._sends or _PAIR
        if self._sends is None and other._receives is None:
            return _GROWN
        return (self._sends or _GROWN - _RECEIVES) + (other._receives or _RECEIVES)


def _granted(wished: int, least: int) -> int:
    # The kernel doubles a wish: half of it is for its own books.
    return max(least, min(2 * wished, _MOST))
