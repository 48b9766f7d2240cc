"""Arguments of commands as Redis reads them: whole numbers, and how it refuses what is none."""

from __future__ import annotations

import re

from chaos.upstreams.redis.resp import Refused

LARGEST = 2**63 - 1
SMALLEST = -(2**63)

WRONG_TYPE = Refused("WRONGTYPE Operation against a key holding the wrong kind of value")
NO_NUMBER = Refused("ERR value is not an integer or out of range")
SYNTAX = Refused("ERR syntax error")

# Without spaces, signs, zeros or lines that Python's `int` would let pass.
_WHOLE = re.compile(rb"0|-?[1-9][0-9]*")


class RefusalError(Exception):
    """The command is refused.

    Args:
        value: What Redis answers.
    """

    def __init__(self, value: Refused) -> None:
        super().__init__(value.message)
        self.value = value


def whole(text: bytes) -> int:
    """A number of 64 bits with a sign, written as Redis writes it.

    Raises:
        RefusalError: It is none.

    Example:
        >>> whole(b"-12")
        -12
        >>> whole(b"1_0")
        Traceback (most recent call last):
            ...
        chaos.upstreams.redis.values.RefusalError: ERR value is not an integer or out of range
    """
    if not _WHOLE.fullmatch(text) or not SMALLEST <= int(text) <= LARGEST:
        raise RefusalError(NO_NUMBER)
    return int(text)
