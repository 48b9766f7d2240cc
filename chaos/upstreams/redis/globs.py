"""Glob patterns over keys, as Redis matches them; not quite as shells do."""

from __future__ import annotations

import re
from functools import lru_cache

_GROUP = re.compile(rb"\[(\^?)((?:\\.|[^\]])*)(?:\]|$)", re.DOTALL)
_MEMBER = re.compile(rb"\\?(.)(?:-\\?(.))?", re.DOTALL)


@lru_cache(maxsize=256)
def compiled(glob: bytes) -> re.Pattern[bytes]:
    r"""A pattern that matches a whole key.

    ``*`` stands for anything and ``?`` for one byte, ``[ab]``, ``[a-c]`` and ``[^a]`` for one of
    some, and a backslash takes the meaning from what comes after it.

    Example:
        >>> [bool(compiled(rb"h[^e]l\*").fullmatch(key)) for key in (b"hal*", b"hel*", b"hall")]
        [True, False, False]
    """
    pattern, place = b"", 0
    while place < len(glob):
        here = glob[place : place + 1]
        group = _GROUP.match(glob, place) if here == b"[" else None
        if group is not None:
            pattern += _one_of(group[2], is_not=bool(group[1]))
            place = group.end()
            continue
        if here == b"\\" and place + 1 < len(glob):
            place += 1
            pattern += re.escape(glob[place : place + 1])
        else:
            pattern += {b"*": b".*", b"?": b"."}.get(here, re.escape(here))
        place += 1
    return re.compile(pattern, re.DOTALL)


def _one_of(inside: bytes, *, is_not: bool) -> bytes:
    members = b""
    for first, last in _MEMBER.findall(inside):
        # A range may be written backwards.
        low, high = sorted((first, last or first))
        members += re.escape(low) + (b"-" + re.escape(high) if last else b"")
    if not members:
        return b"." if is_not else b"(?!)"
    return b"[" + (b"^" if is_not else b"") + members + b"]"
