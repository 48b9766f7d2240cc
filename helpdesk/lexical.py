"""Articles ranked by the words they share with a question (BM25).

The embedder knows that "notebook" is like "laptop", but blurs exactly the words that matter
most to a help desk: product names, error codes, "badge" against "password". Rare shared words
are this module's strength, so the two are blended (see ``knowledge_index``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

# The usual constants of BM25: how soon repetition stops to count, how much length is held
# against a text. Articles repeat their subject on purpose, hence the mild length rule.
_SATURATION = 1.2
_LENGTH_WEIGHT = 0.5

_STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be been but by can cannot could did do does for from get
    got had has have he her his how i if in into is it its just me more my no not of on or our
    out she should so some than that the their them then there they this to too up us was we
    were what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list of words reads better without a hundred quotes
)
_SUFFIXES = ("ing", "ed", "es", "s")
_SHORTEST_STEM = 3
_WORD = re.compile(r"[a-z0-9]+")

# Rows of the texts that have a word, and what it weighs in each.
_Postings = tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]


def words(text: str) -> list[str]:
    """The words that carry meaning, lower case, without common endings.

    Example:
        >>> words("My printers are printing nothing")
        ['printer', 'print', 'noth']
    """
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


@lru_cache(maxsize=1024)
def _counted(text: str) -> Counter[str]:
    """How often each word occurs; a new generation of an index has most texts of the last."""
    return Counter(words(text))


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            stem = word.removesuffix(suffix)
            # "scanning" is "scan", but "installing" is "install" and "pressed" is "press".
            is_doubled = stem[-1] == stem[-2] and stem[-1] not in "lsz"
            return stem[:-1] if is_doubled else stem
    return word


class LexicalIndex:
    """Scores texts against a question by shared words.

    Example:
        >>> LexicalIndex(["Reset a password", "Add a printer"]).scores("printer jam").round(2)
        array([0.  , 0.13])
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [_counted(text) for text in texts]
        lengths = np.array([text.total() for text in self._texts], dtype=np.float64)
        mean_length = max(lengths.sum() / max(len(lengths), 1), 1.0)
        # What it takes in each text until repetition stops to count.
        self._saturations = _SATURATION * (
            1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * lengths / mean_length
        )
        self._postings: dict[str, _Postings] = {}

    def scores(self, question: str) -> npt.NDArray[np.float64]:
        """One number per text, from 0 (no word shared) towards 1 (all shared, again and again)."""
        scores = np.zeros(len(self._texts))
        best = 0.0
        for word in sorted(set(words(question))):
            rows, weights = self._postings_of(word)
            rarity = self._rarity(len(rows))
            best += rarity * (_SATURATION + 1)
            scores[rows] += weights * rarity
        return scores / best if best else scores

    def _postings_of(self, word: str) -> _Postings:
        """Where a word occurs, and what it weighs there.

        Worked out when it is first asked for: few words ever are, and an index is loaded while
        somebody waits. Words that occur nowhere are not kept, so askers cannot fill the memory.
        """
        postings = self._postings.get(word)
        if postings is None:
            rows = [row for row, text in enumerate(self._texts) if word in text]
            counts = np.array([self._texts[row][word] for row in rows], dtype=np.float64)
            weights = counts * (_SATURATION + 1) / (counts + self._saturations[rows])
            postings = np.array(rows, dtype=np.intp), weights
            if rows:
                self._postings[word] = postings
        return postings

    def _rarity(self, count: int) -> float:
        """How much a word says that ``count`` texts have."""
        return math.log(1 + (len(self._texts) - count + 0.5) / (count + 0.5))
