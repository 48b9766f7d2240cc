"""The chunks in which HTTP sends a body whose length nobody knows."""

from __future__ import annotations


def chunk(data: bytes) -> bytes:
    r"""A piece of a stream.

    Example:
        >>> chunk(b"hello")
        b'5\r\nhello\r\n'
    """
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


LAST_CHUNK = b"0\r\n\r\n"
"""What says that a stream is whole."""
