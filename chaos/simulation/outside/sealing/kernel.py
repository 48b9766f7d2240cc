"""A seccomp filter that lets somebody else decide on ``socket(AF_INET)`` and ``AF_INET6``."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass

_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_AF_INET, _AF_INET6 = 2, 10


@dataclass(frozen=True, slots=True)
class _Machine:
    architecture: int
    socket: int
    seccomp: int


_MACHINES = {
    "x86_64": _Machine(architecture=0xC000003E, socket=41, seccomp=317),
    "aarch64": _Machine(architecture=0xC00000B7, socket=198, seccomp=277),
}


def can_seal() -> bool:
    """Whether this is a kernel, and a machine, for which there is a filter."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def seal_this_thread() -> int:
    """Have the filter for the calling thread, and for all that it will start; for ever.

    Returns:
        A descriptor at which somebody is asked; see seccomp_unotify(2). Until there is an answer,
        whoever wants a socket waits.

    Raises:
        OSError: The kernel does not do it.
    """
    machine = _MACHINES[platform.machine()]
    code = (
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 0, 5, machine.architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 0, 3, machine.socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_EQUAL, 2, 0, _AF_INET),
        (_EQUAL, 1, 0, _AF_INET6),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ASK),
    )
    packed = b"".join(struct.pack("HBBI", *each) for each in code)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    # Without privileges, a filter is only for those who can never gain any.
    if libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise _last_error("no_new_privs")
    descriptor = libc.syscall(
        machine.seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.c_char_p(program)
    )
    if descriptor < 0:
        raise _last_error("seccomp")
    return int(descriptor)


def _last_error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
