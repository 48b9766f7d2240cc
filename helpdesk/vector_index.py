"""Unit vectors, searched by inner product: the only module that knows FAISS."""

from __future__ import annotations

from typing import Self

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.embedding import Vectors
from helpdesk.errors import DamagedIndexError

Rows = npt.NDArray[np.int64]
"""Numbers of vectors, in the order in which they were added."""

_KIND = b"IxFI"
"""How FAISS begins the file of a flat index by inner product."""

_LENGTH_TOLERANCE = 1e-3

# A search over a few hundred vectors takes microseconds; waking a pool of threads for it
# takes longer, and would take processors away from other requests.
faiss.omp_set_num_threads(1)


class VectorIndex:
    """An immutable set of vectors.

    FAISS crashes the process when an index grows during a search, so there is no way to add:
    a newer set is a new object.

    Example:
        >>> index = VectorIndex.build(np.eye(3, dtype=np.float32))
        >>> loaded = VectorIndex.parse(index.to_bytes(), rows=3, dimensions=3)
        >>> rows, likenesses = loaded.search([0, 1, 0], 9)
        >>> rows[0], likenesses[0]
        (np.int64(1), np.float32(1.0))
    """

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> Self:
        """An index with one row for each vector."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def parse(cls, data: bytes, *, rows: int, dimensions: int) -> Self:
        """Read what ``to_bytes`` wrote.

        Hashes tell that a file is what somebody once wrote, and not that it was an index of ours.
        One of another kind answers with rows that are not there, or with distances for likenesses.

        Raises:
            DamagedIndexError: The bytes are not an index of the one kind that is written here,
                with ``rows`` vectors of ``dimensions`` each, all of them usable. Otherwise a
                search would find nothing, or the wrong thing, in silence.
        """
        if data[: len(_KIND)] != _KIND:
            raise DamagedIndexError(
                f"the file begins with {data[: len(_KIND)]!r}; expected an index with {_KIND!r}, "
                "of vectors by inner product"
            )
        # A forged length could otherwise make FAISS allocate gigabytes for a small file.
        faiss.set_deserialization_vector_byte_limit(4 * len(data))
        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except (RuntimeError, MemoryError, AssertionError) as error:
            raise DamagedIndexError(f"not a FAISS index: {error}") from error
        if (
            not isinstance(index, faiss.IndexFlat)
            or index.metric_type != faiss.METRIC_INNER_PRODUCT
        ):
            raise DamagedIndexError("the index does not compare vectors by inner product")
        if index.d != dimensions or index.ntotal != rows:
            raise DamagedIndexError(
                f"index has {index.ntotal} vectors of {index.d} dimensions; "
                f"expected {rows} of {dimensions}"
            )
        vectors = index.reconstruct_n(0, rows) if rows else np.empty((0, dimensions))
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
        # Zeros are the vector of a text without a known word. NaN fails every comparison.
        if not np.all((lengths == 0) | (np.abs(lengths - 1) < _LENGTH_TOLERANCE)):
            raise DamagedIndexError("the index has vectors that are not of length 1")
        if rows and not lengths.any():
            raise DamagedIndexError("the index has nothing but zeros, which nothing is like")
        return cls(index)

    def to_bytes(self) -> bytes:
        """The index as a file's content; the same vectors always give the same bytes."""
        return bytes(faiss.serialize_index(self._index).tobytes())

    def search(self, vector: Vectors, limit: int) -> tuple[Rows, Vectors]:
        """Up to ``limit`` rows and their inner products with ``vector``, best first."""
        query = np.asarray(vector, dtype=np.float32).reshape(1, -1)
        # FAISS does not take 0; of an empty index it says that row -1 is the first.
        likenesses, rows = self._index.search(query, max(1, min(limit, self._index.ntotal)))
        # FAISS fills up with row -1 when it finds too few, which Python would take for the last.
        found = rows[0] >= 0
        return rows[0][found], likenesses[0][found]
