"""What sockets are given, looked at as the real ones look at it: in their words, and no milder."""

from __future__ import annotations

import errno
import operator
import os
from typing import Any

_PORTS = 65_536
_HOST_AND_PORT = 2


def as_bytes(data: Any) -> bytes:  # noqa: ANN401 - anything that somebody wants to send
    """What is to be sent.

    Raises:
        TypeError: It is no buffer.

    Example:
        >>> as_bytes(bytearray(b"hello"))
        b'hello'
        >>> as_bytes(5)
        Traceback (most recent call last):
        TypeError: a bytes-like object is required, not 'int'
    """
    if type(data) is bytes:
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        refused = f"a bytes-like object is required, not '{type(data).__name__}'"
    raise TypeError(refused)


def size_to_read(size: Any, caller: str) -> int:  # noqa: ANN401 - whatever a service passes
    """How much may be read.

    Raises:
        ValueError: Less than nothing.
    """
    number = operator.index(size)
    if number < 0:
        raise ValueError(f"negative buffersize in {caller}")
    return number


def room_in(buffer: Any, size: Any, caller: str) -> tuple[memoryview, int]:  # noqa: ANN401 - any buffer
    """A buffer to read into, and how much of it is to be used; size 0 is for all.

    Raises:
        ValueError: It is smaller than that.
    """
    view = memoryview(buffer).cast("B")
    wanted = size_to_read(size, caller)
    if wanted > len(view):
        raise ValueError("buffer too small for requested bytes")
    return view, wanted or len(view)


def check_address(address: Any, caller: str, family: str) -> None:  # noqa: ANN401 - whatever a service passes
    """Refuse what is no address of the internet.

    Raises:
        TypeError: It is not a host and the number of a port.
        OverflowError: There is no such port.
    """
    if not isinstance(address, tuple):
        raise TypeError(
            f"{caller}(): {family} address must be tuple, not {type(address).__name__}"
        )
    if len(address) < _HOST_AND_PORT:
        raise TypeError(f"{family} address must be a pair (host, port)")
    if not 0 <= operator.index(address[1]) < _PORTS:
        raise OverflowError(f"{caller}(): port must be 0-65535.")


def os_error(number: int) -> OSError:
    """An error of the system; the constructor picks its class, such as BrokenPipeError."""
    return OSError(number, os.strerror(number))


def bad_descriptor() -> OSError:
    """What a socket that is closed has for everybody."""
    return os_error(errno.EBADF)
