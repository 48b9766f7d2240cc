"""Vectors of the packaged articles, made when they were written: a first start need not wait.

The model takes seconds for all the articles, more on a busy machine, and somebody would wait for
it. A text that has changed since is not found here, and goes to the model. ``python -m
helpdesk.pack_vectors`` writes the file anew; a test says when that is due.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

_FILE = Path(__file__).parent / "knowledge" / "vectors.npz"

_DIGEST_BYTES = 16


def digest(text: str) -> bytes:
    """Return what a text is known by.

    Example:
        >>> len(digest("reset my password"))
        16
    """
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()


@functools.cache
def known(model: str) -> Mapping[bytes, npt.NDArray[np.float16]]:
    """Return the vectors that ``model`` gave, by the digests of their texts."""
    with np.load(_FILE, allow_pickle=False) as file:
        if str(file["model"]) != model:
            return {}
        return dict(zip(map(bytes, file["digests"]), file["vectors"], strict=True))


def write(model: str, texts: Sequence[str], vectors: npt.NDArray[np.floating]) -> None:
    """Write the vectors of ``texts``; half the precision is plenty for a cosine."""
    digests = np.array([list(digest(text)) for text in texts], dtype=np.uint8)
    np.savez_compressed(
        _FILE, model=np.array(model), digests=digests, vectors=vectors.astype(np.float16)
    )
