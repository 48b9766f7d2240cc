"""Texts in, unit vectors out: the embedder behind the index and behind each question."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from wordllama.inference import WordLlamaInference

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

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, of length 1; all zeros for a text without any known token."""


class WordLlamaEmbedder:
    """The model that comes inside the wordllama package: offline, 256 dimensions.

    Loading takes about half a second, most of it imports, so it waits for the first text and
    happens once in a process.

    Example:
        >>> WordLlamaEmbedder().embed(["reset my password"]).shape
        (1, 256)
    """

    model = "wordllama-l2-supercat-256"
    dimensions = 256

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text."""
        return unit_length(_load().embed(list(texts)))


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
def _load() -> WordLlamaInference:
    # Importing wordllama calls logging.basicConfig, which would print the log of any program
    # that has not set up logging. It does nothing while the root logger has a handler.
    guard = logging.NullHandler()
    logging.root.addHandler(guard)
    try:
        import wordllama  # noqa: PLC0415 - a third of a second that only a search should pay
    finally:
        logging.root.removeHandler(guard)
    # The loader looks for its tokenizer in the wrong folder of its own package, and would then
    # download it; naming that folder as its cache keeps it offline.
    return wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )
