"""Glob patterns over the names of objects, as listings take them in ``matchGlob``."""

from __future__ import annotations

import re
from functools import lru_cache

_GROUP = re.compile(r"\[([!^]?)(\][^\]]*|[^\]]+)\]")
"""A bracket right after the opening one is one of the characters, and does not close the group."""


@lru_cache(maxsize=256)
def compiled(glob: str) -> re.Pattern[str]:
    r"""A pattern that matches a whole name.

    ``*`` stands for anything without a slash and ``**`` for anything at all, ``?`` for one
    character but a slash, ``[ab]`` and ``[!a-c]`` for one of some, ``{a,b}`` for either, and a
    backslash takes the meaning from the character after it.

    Raises:
        ValueError: A bracket or a brace is not closed, or a range runs backwards.

    Example:
        >>> [bool(compiled("a/**.{txt,md}").fullmatch(n)) for n in ("a/b/c.md", "a/b", "b/c.md")]
        [True, False, False]
    """
    pattern, place, open_braces = "", 0, 0
    while place < len(glob):
        here = glob[place]
        if glob.startswith("**", place):
            pattern += ".*"
            place += 2
            continue
        if here == "[":
            group = _GROUP.match(glob, place)
            if group is None:
                raise ValueError(f"unclosed bracket in {glob!r}")
            # A bracket within is a character like any other.
            inside = group[2].replace("\\", "\\\\").replace("[", "\\[")
            pattern += f"[{'^' if group[1] else ''}{inside}]"
            place = group.end()
            continue
        if here == "\\" and place + 1 < len(glob):
            place += 1
            pattern += re.escape(glob[place])
        elif here == "{":
            open_braces += 1
            pattern += "(?:"
        elif here == "}" and open_braces:
            open_braces -= 1
            pattern += ")"
        elif here == "," and open_braces:
            pattern += "|"
        else:
            pattern += {"*": "[^/]*", "?": "[^/]"}.get(here, re.escape(here))
        place += 1
    if open_braces:
        raise ValueError(f"unclosed brace in {glob!r}")
    return _regular(pattern, glob)


def _regular(pattern: str, glob: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error as error:
        # A range that runs backwards, for one: ``[z-a]``.
        raise ValueError(f"{error} in {glob!r}") from None
