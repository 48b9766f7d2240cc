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


def words(text: str) -> list[str]:
    """The words that carry meaning, lower case, without common endings.

    Example:
        >>> words("My printers are printing nothing")
        ['printer', 'print', 'noth']
    """
    return [
        _stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP_WORDS
    ]


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
        array([0.  , 0.13], dtype=float32)
    """

    def __init__(self, texts: Sequence[str]) -> None:
        documents = [Counter(words(text)) for text in texts]
        lengths = [document.total() for document in documents]
        mean_length = max(sum(lengths) / max(len(lengths), 1), 1.0)
        frequency = Counter(word for document in documents for word in document)

        self._size = len(documents)
        self._rarity = {word: self._idf(count) for word, count in frequency.items()}
        self._postings: dict[str, list[tuple[int, float]]] = {word: [] for word in frequency}
        for row, document in enumerate(documents):
            length_norm = 1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * lengths[row] / mean_length
            for word, count in document.items():
                weight = count * (_SATURATION + 1) / (count + _SATURATION * length_norm)
                self._postings[word].append((row, weight * self._rarity[word]))

    def scores(self, question: str) -> npt.NDArray[np.float32]:
        """One number per text, from 0 (no word shared) towards 1 (all shared, again and again)."""
        scores = np.zeros(self._size, dtype=np.float32)
        best = 0.0
        for word in sorted(set(words(question))):
            best += self._rarity.get(word, self._idf(0)) * (_SATURATION + 1)
            for row, weight in self._postings.get(word, ()):
                scores[row] += weight
        return scores / np.float32(best) if best else scores

    def _idf(self, count: int) -> float:
        return math.log(1 + (self._size - count + 0.5) / (count + 0.5))
