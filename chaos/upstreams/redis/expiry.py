"""When keys expire: the options of the commands that say so, and what they come to."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.upstreams.redis.keys import Keys
from chaos.upstreams.redis.resp import Refused
from chaos.upstreams.redis.values import LARGEST, SYNTAX, RefusalError, whole

_UNITS_MS = {b"EX": 1000, b"PX": 1, b"EXAT": 1000, b"PXAT": 1}
_ABSOLUTE = frozenset({b"EXAT", b"PXAT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The words after the value of ``SET``, or after the key of ``GETEX``.

    Attributes:
        flags: Those without a value of their own, in capitals.
        unit: The one that says when, with its value; None if none does.
    """

    flags: frozenset[bytes]
    unit: tuple[bytes, bytes] | None

    def expires_s(self, keys: Keys, key: bytes, command: str) -> float | None:
        """The wall clock at which the key is to expire; infinite for never, None if unsaid.

        Raises:
            RefusalError: That is no time.
        """
        if self.unit is None:
            return keys.expires_s(key) if b"KEEPTTL" in self.flags else None
        word, text = self.unit
        return when_s(text, command, unit_ms=_UNITS_MS[word], absolute=word in _ABSOLUTE)


def options(words: Sequence[bytes], *known: bytes) -> Options:
    """Read options, of which one at most decides when a key expires.

    Args:
        words: As they were sent.
        known: Flags that the command has.

    Raises:
        RefusalError: One is unknown, says nothing, or contradicts another.
    """
    flags: set[bytes] = set()
    unit: tuple[bytes, bytes] | None = None
    left = iter(words)
    for each in left:
        word = each.upper()
        if word in _UNITS_MS:
            value = next(left, None)
            if value is None or unit is not None:
                raise RefusalError(SYNTAX)
            unit = (word, value)
        elif word in known:
            flags.add(word)
        else:
            raise RefusalError(SYNTAX)
    decides = len(flags & {b"KEEPTTL", b"PERSIST"}) + (unit is not None)
    if decides > 1 or {b"NX", b"XX"} <= flags:
        raise RefusalError(SYNTAX)
    return Options(flags=frozenset(flags), unit=unit)


def when_s(text: bytes, command: str, *, unit_ms: int, absolute: bool = False) -> float:
    """The wall clock at which a value expires that has to last for some time at least.

    Args:
        text: The time, as it was sent.
        command: Whose time it is, for the message.
        unit_ms: What the time counts.
        absolute: Whether it is counted from 1970, and not from now.

    Raises:
        RefusalError: It is no number, not above 0, or too far away.
    """
    number = whole(text)
    if number <= 0:
        raise no_time(command)
    return _point_s(number, command, unit_ms=unit_ms, absolute=absolute)


def expire(keys: Keys, arguments: Sequence[bytes], command: str, *, unit_ms: int) -> bool:
    """Carry out ``EXPIRE`` or ``PEXPIRE``; returns whether the key expires then.

    A time that is over deletes the key. A key that never expires counts as one that does so last.

    Raises:
        RefusalError: The time is none, or the options are.
    """
    key, text, *words = arguments
    flags = {word.upper() for word in words}
    for word in words:
        if word.upper() not in {b"NX", b"XX", b"GT", b"LT"}:
            shown = word.decode("latin-1")
            raise RefusalError(Refused(f"ERR Unsupported option {shown}"))
    for one, others in ((b"NX", {b"XX", b"GT", b"LT"}), (b"GT", {b"LT"})):
        if one in flags and flags & others:
            listed = "NX and XX, GT or LT" if one == b"NX" else "GT and LT"
            message = f"ERR {listed} options at the same time are not compatible"
            raise RefusalError(Refused(message))
    wanted_s = _point_s(whole(text), command, unit_ms=unit_ms, absolute=False)
    is_s = keys.expires_s(key)
    held_back = (
        (b"NX" in flags and not math.isinf(is_s))
        or (b"XX" in flags and math.isinf(is_s))
        or (b"GT" in flags and wanted_s <= is_s)
        or (b"LT" in flags and wanted_s >= is_s)
    )
    return not held_back and keys.expire(key, wanted_s)


def left_ms(keys: Keys, key: bytes) -> int:
    """Milliseconds until a key expires; -1 if it never does, -2 if it is not there."""
    left_s = keys.left_s(key)
    if left_s is None:
        return -2
    return -1 if math.isinf(left_s) else round(left_s * 1000)


def no_time(command: str) -> RefusalError:
    """The refusal of a time at which nothing can expire."""
    return RefusalError(Refused(f"ERR invalid expire time in '{command}' command"))


def _point_s(number: int, command: str, *, unit_ms: int, absolute: bool) -> float:
    now_ms = 0 if absolute else int(time.time() * 1000)
    if not -LARGEST <= number * unit_ms <= LARGEST - now_ms:
        raise no_time(command)
    return number * unit_ms / 1000 + (0.0 if absolute else time.time())
