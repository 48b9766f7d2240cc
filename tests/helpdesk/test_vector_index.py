"""FAISS behind glass: what it reads without complaint, it must not get to read."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from helpdesk.errors import DamagedIndexError
from helpdesk.vector_index import VectorIndex

EYE = np.eye(4, dtype=np.float32)


def parse(data: bytes, rows: int = 4, dimensions: int = 4) -> VectorIndex:
    """Read an index of four vectors."""
    return VectorIndex.parse(data, rows=rows, dimensions=dimensions)


def test_index_survives_writing_and_reading() -> None:
    """The vector that was put in is found again."""
    index = parse(VectorIndex.build(EYE).to_bytes())

    rows, likenesses = index.search(EYE[2], 1)
    assert (rows.tolist(), likenesses.tolist()) == ([2], [1.0])


def test_asking_for_more_than_there_is_gives_what_there_is() -> None:
    """FAISS would fill up with row -1, the last document in Python."""
    rows, likenesses = VectorIndex.build(EYE).search(EYE[0], 100)

    assert len(rows) == len(likenesses) == 4


def test_nan_finds_nothing() -> None:
    """A question without direction has no best row."""
    rows, likenesses = VectorIndex.build(EYE).search(np.full(4, np.nan, np.float32), 3)

    assert len(rows) == len(likenesses) == 0


@pytest.mark.parametrize("data", [b"", b"IxFI", b"<html></html>"], ids=["empty", "head", "HTML"])
def test_other_bytes_are_refused(data: bytes) -> None:
    """Whatever FAISS raises becomes one error."""
    with pytest.raises(DamagedIndexError):
        parse(data)


def written(index: faiss.Index) -> bytes:
    """The file that FAISS makes of an index."""
    return bytes(faiss.serialize_index(index).tobytes())


def by_distance() -> bytes:
    """Vectors compared by distance: the nearest has the smallest number."""
    index = faiss.IndexFlatL2(4)
    index.add(EYE)
    return written(index)


def by_distance_under_our_name() -> bytes:
    """The same, with the beginning of a file of ours."""
    return b"IxFI" + by_distance()[4:]


def of_another_kind() -> bytes:
    """A graph, which finds what is near and not what is nearest."""
    index = faiss.IndexHNSWFlat(4, 8, faiss.METRIC_INNER_PRODUCT)
    index.add(EYE)
    return written(index)


def with_ids_of_its_own() -> bytes:
    """Rows are numbers that no article has."""
    index = faiss.IndexIDMap(faiss.IndexFlatIP(4))
    index.add_with_ids(EYE, np.arange(10**12, 10**12 + 4))
    return written(index)


def with_vectors(*changes: tuple[int, float]) -> bytes:
    """Some vectors have another number in them."""
    vectors = EYE.copy()
    for row, value in changes:
        vectors[row, 0] = value
    index = faiss.IndexFlatIP(4)
    index.add(vectors)
    return written(index)


def nothing_but_zeros() -> bytes:
    """No vector has a direction, so nothing would ever be found."""
    return VectorIndex.build(np.zeros_like(EYE)).to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"null" + bytes(60),
        by_distance(),
        by_distance_under_our_name(),
        of_another_kind(),
        with_ids_of_its_own(),
        with_vectors((1, float("nan"))),
        with_vectors((1, float("inf"))),
        with_vectors((1, 1e30)),
        with_vectors((1, 2.0)),
        nothing_but_zeros(),
        b"IBxF" + bytes(60),
    ],
    ids=[
        "null index",
        "distances",
        "distances under our name",
        "graph",
        "ids of its own",
        "NaN",
        "infinity",
        "huge",
        "too long",
        "zeros",
        "bits",
    ],
)
def test_index_that_is_whole_and_not_ours_is_refused(data: bytes) -> None:
    """FAISS reads it without complaint, or crashes later; it is no index of unit vectors."""
    with pytest.raises(DamagedIndexError):
        parse(data)


def test_index_of_another_kind_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS has fifty kinds, and code for each of them that strangers' bytes would run through."""
    read: list[object] = []
    monkeypatch.setattr(faiss, "deserialize_index", read.append)

    with pytest.raises(DamagedIndexError, match="expected an index with b'IxFI'"):
        parse(of_another_kind())

    assert read == []


def test_vector_of_a_text_without_words_is_sound() -> None:
    """It has no direction, and is found by nobody."""
    vectors = EYE.copy()
    vectors[1] = 0

    assert len(parse(VectorIndex.build(vectors).to_bytes()).search(EYE[0], 4)[0]) == 4


def test_empty_index_is_sound() -> None:
    """No vectors are not a damage."""
    empty = VectorIndex.build(np.empty((0, 4), dtype=np.float32))

    rows, _ = parse(empty.to_bytes(), rows=0).search(EYE[0], 3)

    assert rows.tolist() == []


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, AssertionError])
def test_whatever_faiss_raises_is_damage(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """It answers bytes that it cannot read with any of these, and with no OSError."""

    def refuse(_: object) -> None:
        raise error("no")

    monkeypatch.setattr(faiss, "deserialize_index", refuse)

    with pytest.raises(DamagedIndexError, match="not a FAISS index"):
        parse(VectorIndex.build(EYE).to_bytes())


def test_shortened_index_is_refused() -> None:
    """One byte less is no index."""
    with pytest.raises(DamagedIndexError):
        parse(VectorIndex.build(EYE).to_bytes()[:-1])


@pytest.mark.parametrize(("rows", "dimensions"), [(5, 4), (4, 5)], ids=["rows", "dimensions"])
def test_index_of_another_shape_is_refused(rows: int, dimensions: int) -> None:
    """Another model's vectors would find nothing, in silence."""
    with pytest.raises(DamagedIndexError, match="expected"):
        parse(VectorIndex.build(EYE).to_bytes(), rows, dimensions)


def test_forged_length_does_not_take_the_memory() -> None:
    """A file that claims a gigabyte is refused before a gigabyte is allocated."""
    data = bytearray(VectorIndex.build(EYE).to_bytes())
    claimed = (16).to_bytes(8, "little")
    assert claimed in data
    forged = bytes(data).replace(claimed, (1 << 28).to_bytes(8, "little"))

    with pytest.raises(DamagedIndexError, match="limit"):
        parse(forged)
