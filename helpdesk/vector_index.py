"""Unit vectors, searched by inner product; with `vector_lists`, all that knows FAISS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.embedding import Vectors
from helpdesk.errors import DamagedIndexError
from helpdesk.manifest import IndexKind
from helpdesk.vector_lists import (
    FLAT_UP_TO,
    check_lengths,
    check_lists,
    divided,
    probes_for,
)

Rows = npt.NDArray[np.int64]
"""Numbers of vectors, in the order in which they were added."""

_BEGINS: Mapping[IndexKind, bytes] = {"flat": b"IxFI", "ivf_flat": b"IwFl"}
"""How FAISS begins the file of an index by inner product, by its kind."""

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
        """An index with one row for each vector; of many vectors, one that is divided into lists.

        The same vectors always give the same bytes, on the same kind of processor.
        """
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        in_lists = divided(rows) if len(rows) > FLAT_UP_TO else None
        if in_lists is not None:
            return cls(in_lists)
        flat = faiss.IndexFlatIP(rows.shape[1])
        flat.add(rows)
        return cls(flat)

    @property
    def kind(self) -> IndexKind:
        """How the vectors are kept."""
        return "ivf_flat" if isinstance(self._index, faiss.IndexIVFFlat) else "flat"

    @classmethod
    def parse(cls, data: bytes, *, rows: int, dimensions: int, kind: IndexKind = "flat") -> Self:
        """Read what ``to_bytes`` wrote.

        Hashes tell that a file is what somebody once wrote, and not that it was an index of ours.
        One of another kind answers with rows that are not there, or with distances for likenesses.

        Raises:
            DamagedIndexError: The bytes are not an index of that kind as it is written here,
                with ``rows`` vectors of ``dimensions`` each, all of them usable. Otherwise a
                search would find nothing, or the wrong thing, in silence.
        """
        begins = _BEGINS[kind]
        if data[: len(begins)] != begins:
            raise DamagedIndexError(
                f"the file begins with {data[: len(begins)]!r}; expected an index with "
                f"{begins!r}, of vectors by inner product"
            )
        if kind == "ivf_flat":
            check_lists(data, rows=rows, dimensions=dimensions)
        # A forged length could otherwise make FAISS allocate gigabytes for a small file.
        faiss.set_deserialization_vector_byte_limit(4 * len(data))
        try:
            index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        except (RuntimeError, MemoryError, AssertionError) as error:
            raise DamagedIndexError(f"not a FAISS index: {error}") from error
        if isinstance(index, faiss.IndexIVFFlat):
            # How much of it is searched is for us to say, and not for the file.
            index.nprobe = probes_for(index.nlist)
        else:
            _check_flat(index, rows=rows, dimensions=dimensions)
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


def _check_flat(index: faiss.Index, *, rows: int, dimensions: int) -> None:
    if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise DamagedIndexError("the index does not compare vectors by inner product")
    if index.d != dimensions or index.ntotal != rows:
        raise DamagedIndexError(
            f"index has {index.ntotal} vectors of {index.d} dimensions; "
            f"expected {rows} of {dimensions}"
        )
    if not rows:
        return
    vectors = faiss.rev_swig_ptr(index.get_xb(), rows * dimensions).reshape(rows, dimensions)
    if not check_lengths(vectors, "a vector"):
        raise DamagedIndexError("the index has only zero vectors, which match nothing")
