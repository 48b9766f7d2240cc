"""Vectors divided into lists of similar ones, so that a search looks at a part of them only.

FAISS calls such an index IVF-flat. A flat index compares a question with every vector, which is
exact and takes a time that grows with their number. Here each list has a centre, and a search
compares the question with the centres, and then with the vectors of the nearest lists. What it
misses lies in another list than one would expect: `benchmarks/vectors.py` measures how much.
"""

from __future__ import annotations

import struct

import faiss
import numpy as np
import numpy.typing as npt

from helpdesk.embedding import Vectors, unit_length
from helpdesk.errors import DamagedIndexError

FLAT_UP_TO = 20_000
"""More vectors than these are divided.

Up to here, a flat search in 512 dimensions takes no longer than embedding the question, which is
2 ms. Nobody would notice a quicker one, and a flat one misses nothing.
"""

# Chosen on 71,000 sentences of documentation, embedded by our model: the more lists and the more
# of them are searched, the less is missed, and the longer it takes. Of the ten nearest sentences,
# a search of every eighth list found 0.977 in 2.9 ms, of every sixteenth 0.949 in 1.8 ms, of every
# thirty-second 0.909 in 1.1 ms; a flat search took 16 ms. With half as many lists, or centres
# from half as many vectors, 0.01 to 0.03 less was found in the same time.

_LISTS_PER_ROOT = 4
"""Lists for each square root of the number of vectors."""

_PROBED_SHARE = 8
"""One list in so many is searched."""

_SAMPLED_PER_LIST = 64
"""Vectors from which the centres are computed."""

_SEED = 20_260_101
_ROUNDS = 10

_BLOCK = 8192
"""Vectors that are handled at once, so that checks take megabytes and not gigabytes."""

_KIND = b"IwFl"
_HEAD = struct.Struct("<4siqqq?i")
"""How FAISS begins each index: kind, dimensions, vectors, two unused numbers, trained, metric."""

_CENTRES = b"IxFI"
_LENGTH_TOLERANCE = 1e-3


def lists_for(rows: int) -> int:
    """How many lists so many vectors are divided into: a power of two.

    Example:
        >>> lists_for(20_001), lists_for(100_000), lists_for(1_000_000)
        (512, 1024, 4096)
    """
    return int(2 ** round(np.log2(_LISTS_PER_ROOT * rows**0.5)))


def probes_for(lists: int) -> int:
    """How many of them a search looks into.

    Example:
        >>> probes_for(1024), probes_for(4)
        (128, 1)
    """
    return max(1, lists // _PROBED_SHARE)


def divided(vectors: Vectors) -> faiss.IndexIVFFlat | None:
    """The vectors in lists; None if they are so much alike that most lists would be empty.

    The same vectors give the same bytes: centres are computed with a fixed seed by one thread,
    because sums of floats depend on how many threads share them. Another kind of processor may
    still round differently.
    """
    import threadpoolctl  # noqa: PLC0415 - only who builds a large index should pay for it

    with threadpoolctl.threadpool_limits(1):
        centres = _centres(vectors, lists_for(len(vectors)))
        nearest = _nearest(vectors, centres)
    # FAISS writes sparse lists in another layout, which nobody needs and the loader refuses.
    if 2 * len(np.unique(nearest)) <= len(centres):
        return None
    by_centre = faiss.IndexFlatIP(vectors.shape[1])
    by_centre.add(centres)
    index = faiss.IndexIVFFlat(
        by_centre, vectors.shape[1], len(centres), faiss.METRIC_INNER_PRODUCT
    )
    index.is_trained = True
    index.add_core(len(vectors), faiss.swig_ptr(vectors), None, faiss.swig_ptr(nearest))
    index.nprobe = probes_for(len(centres))
    return index


def _centres(vectors: Vectors, lists: int) -> Vectors:
    """K-means on the sphere: each centre is the direction of the sum of its vectors."""
    chance = np.random.default_rng(_SEED)
    many = min(len(vectors), lists * _SAMPLED_PER_LIST)
    sample = vectors[np.sort(chance.permutation(len(vectors))[:many])]
    centres = sample[np.sort(chance.permutation(many)[:lists])]
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centres)
        order = np.argsort(nearest, kind="stable")
        found, starts = np.unique(nearest[order], return_index=True)
        # A centre that nothing is nearest to stays where it is.
        centres[found] = unit_length(np.add.reduceat(sample[order], starts, axis=0))
    return centres


def _nearest(vectors: Vectors, centres: Vectors) -> npt.NDArray[np.int64]:
    """The nearest centre of each vector; of equals, the first."""
    nearest = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        nearest[block] = np.argmax(vectors[block] @ centres.T, axis=1)
    return nearest


def check_lists(data: bytes, *, rows: int, dimensions: int) -> None:
    """Accept exactly a file of what ``divided`` makes, before FAISS reads any of it.

    FAISS believes what a file says: it would allocate lists of any length, and find rows that are
    not there.

    Raises:
        DamagedIndexError: Another layout, another number of vectors or dimensions, rows that are
            missing, doubled or unknown, vectors not of length 1, or lists whose centres do not
            belong to them.
    """
    sizes, at, centres = _layout(data, rows=rows, dimensions=dimensions)
    check_lengths(centres, "a centre")
    is_there, has_direction = np.zeros(rows, dtype=bool), False
    firsts = np.zeros_like(centres)
    for number, size in enumerate(sizes):
        vectors = np.frombuffer(data, "<f4", size * dimensions, at).reshape(size, dimensions)
        at += vectors.nbytes
        ids = np.frombuffer(data, "<i8", size, at)
        at += ids.nbytes
        has_direction = check_lengths(vectors, "a vector") or has_direction
        if size:
            firsts[number] = vectors[0]
            if ids.min() < 0 or ids.max() >= rows:
                raise DamagedIndexError(f"the index has rows beyond its {rows} vectors")
            is_there[ids] = True
    # There are as many numbers as rows, so that one is missing if another comes twice.
    if not is_there.all():
        raise DamagedIndexError("the index has one row twice, and lacks another")
    if not has_direction:
        raise DamagedIndexError("the index has only zero vectors, which match nothing")
    _check_places(firsts, centres)


def _check_places(firsts: Vectors, centres: Vectors) -> None:
    """Look at the first vector of each list; all of them would take minutes."""
    for start in range(0, len(centres), _BLOCK):
        likenesses = firsts[start : start + _BLOCK] @ centres.T
        places = np.arange(start, start + len(likenesses))
        own = likenesses[np.arange(len(likenesses)), places]
        # Empty lists have zeros here, which are as near to one centre as to any other.
        if np.any(likenesses.max(axis=1) - own > _LENGTH_TOLERANCE):
            raise DamagedIndexError("the index has vectors in lists to which they do not belong")


def check_lengths(vectors: Vectors, what: str) -> bool:
    """Whether any of the vectors is not zero; an error unless each has length 1 or 0."""
    has_direction = False
    for start in range(0, len(vectors), _BLOCK):
        lengths = np.linalg.norm(vectors[start : start + _BLOCK].astype(np.float64), axis=1)
        # Zeros are the vector of a text without a known word. NaN fails every comparison.
        if not np.all((lengths == 0) | (np.abs(lengths - 1) < _LENGTH_TOLERANCE)):
            raise DamagedIndexError(f"the index has {what} whose length is not 1")
        has_direction = has_direction or bool(lengths.any())
    return has_direction


def _layout(data: bytes, *, rows: int, dimensions: int) -> tuple[list[int], int, Vectors]:
    """The sizes of the lists, where the first of them begins, and the centres."""
    try:
        at = _check_head(data, 0, _KIND, rows, dimensions)
        lists, _ = struct.unpack_from("<qq", data, at)
        if not 0 < lists <= rows:
            raise DamagedIndexError(f"the index has {lists} lists for {rows} vectors")
        at = _check_head(data, at + 16, _CENTRES, lists, dimensions)
        _expect(data, at, "<q", (lists * dimensions,))
        centres = np.frombuffer(data, "<f4", lists * dimensions, at + 8)
        # No map from rows to lists; then lists in full, of vectors as they are.
        at = _expect(data, at + 8 + centres.nbytes, "<bq", (0, 0))
        at = _expect(data, at, "<4sqq4sq", (b"ilar", lists, 4 * dimensions, b"full", lists))
        sizes = np.frombuffer(data, "<i8", lists, at)
    except (struct.error, ValueError) as error:
        raise DamagedIndexError("the index is cut short") from error
    at += sizes.nbytes
    if sizes.min() < 0 or sizes.max() > rows or sizes.sum() != rows:
        raise DamagedIndexError(f"the lists of the index do not have {rows} vectors together")
    if len(data) != at + rows * (4 * dimensions + 8):
        raise DamagedIndexError("the index is longer or shorter than it says")
    return sizes.tolist(), at, centres.reshape(lists, dimensions)


def _check_head(data: bytes, at: int, kind: bytes, rows: int, dimensions: int) -> int:
    seen, length, vectors, _, _, is_trained, metric = _HEAD.unpack_from(data, at)
    if seen != kind:
        raise DamagedIndexError(f"the index has a part {seen!r}; expected {kind!r}")
    if (length, vectors) != (dimensions, rows):
        raise DamagedIndexError(
            f"index has {vectors} vectors of {length} dimensions; expected {rows} of {dimensions}"
        )
    if metric != faiss.METRIC_INNER_PRODUCT or not is_trained:
        raise DamagedIndexError("the index does not compare vectors by inner product")
    return at + _HEAD.size


def _expect(data: bytes, at: int, layout: str, expected: tuple[object, ...]) -> int:
    if struct.unpack_from(layout, data, at) != expected:
        raise DamagedIndexError("the index is not laid out as this version writes it")
    return at + struct.calcsize(layout)
