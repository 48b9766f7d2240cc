"""Many vectors, divided into lists: what is built, what it finds, and which files are refused."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable

import faiss
import numpy as np
import pytest
import threadpoolctl

from helpdesk import vector_index, vector_lists
from helpdesk.embedding import Vectors, unit_length
from helpdesk.errors import DamagedIndexError
from helpdesk.vector_index import VectorIndex
from helpdesk.vector_lists import divided, lists_for, probes_for

ROWS, DIMENSIONS = 600, 16
LISTS = lists_for(ROWS)


def some_vectors(rows: int = ROWS, seed: int = 1) -> Vectors:
    """Unit vectors around forty directions."""
    chance = np.random.default_rng(seed)
    topics = unit_length(chance.standard_normal((40, DIMENSIONS)))
    spread = chance.standard_normal((rows, DIMENSIONS)) / 10
    return unit_length(topics[chance.integers(0, len(topics), rows)] + spread)


VECTORS = some_vectors()


def in_lists(vectors: Vectors = VECTORS) -> faiss.IndexIVFFlat:
    """The vectors in lists."""
    index = divided(vectors)
    assert index is not None
    return index


def written(index: faiss.Index) -> bytes:
    """The file that FAISS makes of an index."""
    return bytes(faiss.serialize_index(index).tobytes())


WHOLE = written(in_lists())


def parse(data: bytes, rows: int = ROWS, dimensions: int = DIMENSIONS) -> VectorIndex:
    """Read an index of lists."""
    return VectorIndex.parse(data, rows=rows, dimensions=dimensions, kind="ivf_flat")


def test_few_vectors_are_flat_and_many_are_in_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat search of few is quick, and exact."""
    monkeypatch.setattr(vector_index, "FLAT_UP_TO", ROWS)

    kinds = [VectorIndex.build(some_vectors(rows)).kind for rows in (ROWS, ROWS + 1)]

    assert kinds == ["flat", "ivf_flat"]


def test_lists_survive_writing_and_reading() -> None:
    """Each vector is found again, at its own row."""
    index = parse(WHOLE)

    assert [int(index.search(vector, 1)[0][0]) for vector in VECTORS] == list(range(ROWS))
    assert index.to_bytes() == WHOLE


def test_lists_find_what_a_flat_search_finds() -> None:
    """Of the ten nearest, at least 95 of 100."""
    flat, lists = VectorIndex.build(VECTORS), parse(WHOLE)
    chance = np.random.default_rng(2)
    asked = unit_length(VECTORS[::3] + chance.standard_normal((ROWS // 3, DIMENSIONS)) / 10)

    found = [
        len({*flat.search(vector, 10)[0].tolist()} & {*lists.search(vector, 10)[0].tolist()})
        for vector in asked
    ]

    assert sum(found) >= 0.95 * 10 * len(asked)


def test_same_vectors_give_same_bytes_whichever_thread_divides_them() -> None:
    """FAISS and BLAS have settings of their own for each thread."""
    seen: list[bytes] = []
    thread = threading.Thread(target=lambda: seen.append(written(in_lists())))

    thread.start()
    thread.join()

    assert seen == [WHOLE]


def test_lists_are_computed_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many share the work decides how sums of floats are rounded."""
    threads: set[int] = set()
    centres = vector_lists._centres

    def spy(vectors: Vectors, lists: int) -> Vectors:
        threads.update(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
        return centres(vectors, lists)

    monkeypatch.setattr(vector_lists, "_centres", spy)
    divided(VECTORS)

    assert threads == {1}


def test_how_much_is_searched_is_not_for_the_file_to_say() -> None:
    """A file that says one list, or all of them, would make searches poor, or slow."""
    index = in_lists()
    index.nprobe = LISTS

    loaded = parse(written(index))

    assert loaded.to_bytes() == WHOLE
    assert probes_for(LISTS) < LISTS


def test_vectors_that_are_all_alike_stay_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would all be in one list, and the others empty."""
    monkeypatch.setattr(vector_index, "FLAT_UP_TO", 0)

    index = VectorIndex.build(np.repeat(VECTORS[:3], 100, axis=0))

    assert index.kind == "flat"


def test_vector_without_direction_is_sound_in_a_list() -> None:
    """It is that of a text without a known word."""
    vectors = VECTORS.copy()
    vectors[7] = 0

    assert parse(written(in_lists(vectors))).search(VECTORS[8], 1)[0].tolist() == [8]


def test_question_without_direction_finds_nothing_in_lists() -> None:
    """FAISS fills up with row -1, the last document in Python."""
    rows, likenesses = parse(WHOLE).search(np.full(DIMENSIONS, np.nan, np.float32), 3)

    assert len(rows) == len(likenesses) == 0


def test_asking_for_more_than_the_lists_have_gives_what_they_have() -> None:
    """No row comes twice, and none is negative."""
    rows, _ = parse(WHOLE).search(VECTORS[0], 10 * ROWS)

    assert 0 < len(rows) < ROWS
    assert len(set(rows.tolist())) == len(rows)
    assert rows.min() >= 0


def another(centres: faiss.Index | None = None, metric: int = faiss.METRIC_INNER_PRODUCT) -> bytes:
    """An index in lists, with other centres or another metric."""
    centres = centres or faiss.IndexFlatIP(DIMENSIONS)
    index = faiss.IndexIVFFlat(centres, DIMENSIONS, 16, metric)
    index.train(VECTORS)
    index.add(VECTORS)
    return written(index)


def compressed() -> bytes:
    """Lists of vectors that are shortened to bytes."""
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(DIMENSIONS),
        DIMENSIONS,
        16,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.train(VECTORS)
    index.add(VECTORS)
    return written(index)


def with_ids(change: Callable[[list[int]], list[int]]) -> bytes:
    """Rows have other numbers."""
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(DIMENSIONS), DIMENSIONS, 16, faiss.METRIC_INNER_PRODUCT
    )
    index.train(VECTORS)
    index.add_with_ids(VECTORS, np.array(change(list(range(ROWS)))))
    return written(index)


def with_vectors(change: Callable[[Vectors], None]) -> bytes:
    """Some vectors are other ones than the lists were made for."""
    index = in_lists()
    vectors = VECTORS.copy()
    change(vectors)
    lists = np.array([index.quantizer.search(VECTORS, 1)[1][:, 0]]).reshape(-1)
    index.reset()
    index.add_core(ROWS, faiss.swig_ptr(vectors), None, faiss.swig_ptr(lists))
    return written(index)


def _set(row: int, value: float) -> Callable[[Vectors], None]:
    def change(vectors: Vectors) -> None:
        vectors[row, 0] = value

    return change


def _clear(vectors: Vectors) -> None:
    vectors[:] = 0


def with_centres(change: Callable[[Vectors], Vectors]) -> bytes:
    """The centres of the lists are other ones."""
    index = in_lists()
    centres = index.quantizer.reconstruct_n(0, LISTS)
    at = WHOLE.index(centres.tobytes())
    changed = change(centres.copy()).tobytes()
    return WHOLE[:at] + changed + WHOLE[at + len(changed) :]


def _with_nan(centres: Vectors) -> Vectors:
    centres[3, 2] = np.nan
    return centres


def with_a_map() -> bytes:
    """Rows can be looked up, which nobody here does."""
    index = in_lists()
    index.make_direct_map()
    return written(index)


def sparse() -> bytes:
    """Most lists are empty, so that FAISS writes them in another way."""
    index = in_lists()
    index.reset()
    index.add(VECTORS[:5])
    return written(index)


def forged(layout: str, before: int, after: int) -> bytes:
    """The first such number in the file is another one."""
    seen, changed = struct.pack(layout, before), struct.pack(layout, after)
    assert seen in WHOLE
    return WHOLE.replace(seen, changed, 1)


def with_list_sizes(change: Callable[[list[int]], list[int]]) -> bytes:
    """The lists say of themselves that they have other lengths."""
    at = WHOLE.index(b"full") + 4 + 8
    sizes = list(struct.unpack_from(f"<{LISTS}q", WHOLE, at))
    changed = struct.pack(f"<{LISTS}q", *change(sizes))
    return WHOLE[:at] + changed + WHOLE[at + len(changed) :]


def _with_bytes(at: int, changed: bytes) -> bytes:
    """Some bytes of the file are other ones."""
    return WHOLE[:at] + changed + WHOLE[at + len(changed) :]


def flat_l2() -> faiss.Index:
    """Centres that are compared by distance."""
    return faiss.IndexFlatL2(DIMENSIONS)


def graph() -> faiss.Index:
    """Centres in a graph."""
    return faiss.IndexHNSWFlat(DIMENSIONS, 8, faiss.METRIC_INNER_PRODUCT)


STRANGE = {
    "null index": b"null" + bytes(60),
    "flat": VectorIndex.build(VECTORS).to_bytes(),
    "flat under our name": b"IwFl" + VectorIndex.build(VECTORS).to_bytes()[4:],
    "distances": another(flat_l2(), faiss.METRIC_L2),
    "centres by distance": another(flat_l2()),
    "centres in a graph": another(graph()),
    "metric": _with_bytes(33, b"\1"),
    "metric of the centres": _with_bytes(WHOLE.index(b"IxFI") + 33, b"\1"),
    "not trained": _with_bytes(32, b"\0"),
    "compressed": compressed(),
    "compressed under our name": b"IwFl" + compressed()[4:],
    "row beyond": with_ids(lambda ids: [*ids[:-1], ROWS]),
    "negative row": with_ids(lambda ids: [*ids[:-1], -1]),
    "row twice": with_ids(lambda ids: [*ids[:-1], 0]),
    "ids of its own": with_ids(lambda ids: [number + 10**12 for number in ids]),
    "NaN": with_vectors(_set(5, float("nan"))),
    "infinity": with_vectors(_set(5, float("inf"))),
    "too long": with_vectors(_set(5, 2.0)),
    "zeros": with_vectors(_clear),
    "vectors in other lists": with_vectors(lambda vectors: vectors.sort(axis=0)),
    "centre NaN": with_centres(_with_nan),
    "centre too long": with_centres(lambda centres: 2 * centres),
    "centres of other lists": with_centres(lambda centres: centres[::-1]),
    "a map": with_a_map(),
    "sparse": sparse(),
    "no lists": forged("<q", LISTS, 0),
    "more lists than memory": forged("<q", LISTS, 1 << 40),
    "other dimensions": forged("<i", DIMENSIONS, DIMENSIONS * 2),
    "lists too long": with_list_sizes(lambda sizes: [1 << 40, *sizes[1:]]),
    "lists of negative length": with_list_sizes(
        lambda sizes: [-1, sizes[0] + sizes[1] + 1, *sizes[2:]]
    ),
    "lists that overflow": with_list_sizes(
        lambda sizes: [(1 << 63) - 1, (1 << 63) - 1, 2 + sizes[0] + sizes[1], *sizes[3:]]
    ),
    "longer": WHOLE + b"\0",
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_lists_that_are_not_ours_are_not_even_read(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """FAISS would read most of them without complaint, or allocate what they claim."""
    read: list[object] = []
    monkeypatch.setattr(faiss, "deserialize_index", read.append)

    with pytest.raises(DamagedIndexError):
        parse(data)

    assert read == []


def test_shortened_lists_are_refused() -> None:
    """At whichever byte they end."""
    for length in [*range(400), *range(400, len(WHOLE), 97), len(WHOLE) - 1]:
        with pytest.raises(DamagedIndexError):
            parse(WHOLE[:length])


def test_changed_byte_of_the_layout_is_refused_or_makes_no_difference() -> None:
    """Whatever the head of the file says, what is read finds every vector, or nothing is read."""
    skipped = (WHOLE.index(b"IxFI") + 45, WHOLE.index(b"ilar") - 9)
    until = WHOLE.index(b"full") + 4 + 8 + 8 * LISTS
    accepted = []
    for at in [*range(skipped[0]), *range(skipped[1], until)]:
        changed = bytearray(WHOLE)
        changed[at] ^= 0x41
        try:
            index = parse(bytes(changed))
        except DamagedIndexError:
            continue
        accepted.append(at)
        assert index.search(VECTORS[5], 1)[0].tolist() == [5]
    # The two unused numbers of both heads, and how many lists to search. Older versions of FAISS
    # also take any byte but 0 for the "yes" of both heads, whether the index is trained.
    trained = {start + 32 for start in (0, WHOLE.index(b"IxFI"))}
    assert len(set(accepted) - trained) == 2 * 16 + 8


@pytest.mark.parametrize(("rows", "dimensions"), [(ROWS + 1, DIMENSIONS), (ROWS, 8)])
def test_lists_of_another_shape_are_refused(rows: int, dimensions: int) -> None:
    """Another model's vectors, or another generation's documents."""
    with pytest.raises(DamagedIndexError, match=f"index has {ROWS} vectors of {DIMENSIONS}"):
        parse(WHOLE, rows, dimensions)


def test_lists_are_not_taken_for_a_flat_index() -> None:
    """The manifest says which of the two it is."""
    with pytest.raises(DamagedIndexError, match="expected an index with b'IxFI'"):
        VectorIndex.parse(WHOLE, rows=ROWS, dimensions=DIMENSIONS)
