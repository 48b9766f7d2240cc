"""What newer Pythons do and older ones do not, for clients on loopback.

Python 3.10 to 3.12.2 take a reset of a TLS connection for its end (python/cpython#115627). The
world does what Pythons without that mistake do, and is compared with those.
"""

from __future__ import annotations

import errno
import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from weakref import WeakSet

_TELLS_RESETS = (3, 12, 3)
_ENDED: WeakSet[ssl.SSLSocket] = WeakSet()
_read: Any = ssl.SSLSocket.read


@contextmanager
def resets_are_told() -> Iterator[None]:
    """Let a reset of a TLS connection be an error, as it is without TLS."""
    if sys.version_info >= _TELLS_RESETS:
        yield
        return
    with mock.patch.object(ssl.SSLSocket, "read", _read_or_raise):
        yield


def _read_or_raise(self: Any, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - its name
    suppresses, self.suppress_ragged_eofs = self.suppress_ragged_eofs, False
    try:
        return _read(self, len, buffer)
    except ssl.SSLEOFError as error:
        # OpenSSL gives a reason for the end of a connection when it first meets it, and none for
        # an error of the system.
        if getattr(error, "reason", None):
            _ENDED.add(self)
        elif self not in _ENDED:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from None
        if suppresses:
            return b"" if buffer is None else 0
        raise
    finally:
        self.suppress_ragged_eofs = suppresses
