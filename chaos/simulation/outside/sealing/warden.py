"""Refuses sockets, in a process of its own: whoever asks may hold Python's lock while it waits.

A script, started with two descriptors: where it is asked, and where it reports. It imports nothing
of the harness, so that it is there in some milliseconds, and it ends with whoever it watches.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import sys

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_NOTICE_BYTES = 80
_ANSWER = struct.Struct("QqiI")
REPORT = struct.Struct("II")
"""A thread, as the kernel numbers it, and the family of the socket that it wanted."""


def watch(asked: int, reports: int) -> None:
    """Answer until nobody is left who could ask."""
    poll = select.poll()
    poll.register(asked, select.POLLIN)
    while True:
        ((_, events),) = poll.poll()
        if not events & select.POLLIN:
            return
        notice = bytearray(_NOTICE_BYTES)
        try:
            fcntl.ioctl(asked, _RECEIVE, notice)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue  # Whoever asked is gone.
            return
        number, thread = struct.unpack_from("QI", notice)
        (family,) = struct.unpack_from("Q", notice, 32)
        # First the report: when the thread goes on, it is there.
        os.write(reports, REPORT.pack(thread, family))
        try:
            fcntl.ioctl(asked, _SEND, _ANSWER.pack(number, 0, -errno.EACCES, 0))
        except OSError:
            continue


if __name__ == "__main__":
    watch(int(sys.argv[1]), int(sys.argv[2]))
