"""Whether a text gives a reason, or only stands where one should."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

FEWEST_WORDS = 3
"""Who did what to whom: with less, no sentence says why."""

_PLACEHOLDERS = frozenset({"todo", "tbd", "tba", "fixme", "xxx", "wip", "placeholder", "lorem"})
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
"""Scripts without a space between words: there, a letter is as good as a word."""

A_REASON = "a reason in a sentence, of three words at least, that a reader can judge"


def is_reason(text: str, *, beside: Iterable[str] = ()) -> bool:
    """Whether somebody could agree with it, or not.

    What it says, no program can judge. It can tell what says nothing: a placeholder, a shrug of
    one or two words, a word written again and again, or nothing beside the names of what it is a
    reason for.

    Args:
        text: What stands there.
        beside: What it is a reason for, by name; names are no part of it.

    Example:
        >>> [is_reason(text) for text in ("The outage outlasts the run.", "故障が長引くため")]
        [True, True]
        >>> [is_reason(text) for text in ("todo", "TODO: write it down", "x", "...", "no no no")]
        [False, False, False, False, False]
    """
    for name in beside:
        text = text.replace(name, " ")
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words or words[0] in _PLACEHOLDERS:
        return False
    return len({part for word in words for part in _parts(word)}) >= FEWEST_WORDS


def _parts(word: str) -> list[str]:
    is_unspaced = unicodedata.name(word[0], "").startswith(_UNSPACED)
    return list(word) if is_unspaced else [word]
