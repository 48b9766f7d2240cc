"""How many vectors the index of `helpdesk` bears: ``python -m benchmarks.vectors [SIZE ...]``.

For each size it builds the index that the service would build, and a flat one of the same vectors,
and measures loading, searching, memory, how many of the ten nearest are found, and searches that
go on while newer generations are loaded. It ends with exit code 1 if a bound was broken: too few
of the ten nearest, a search that was lost, or one that took too long.

The vectors are made up, with a fixed seed, and are as much like each other as sentences are: see
`vectors_like_sentences`. A million of them take 10 GB of memory, and half an hour.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks import vectors_swapped
from benchmarks.figures import Figure, beside
from benchmarks.results import as_markdown, machine
from helpdesk.embedding import Vectors, unit_length
from helpdesk.manifest import IndexKind
from helpdesk.vector_index import VectorIndex

DEFAULT_SIZES = (1_000, 100_000)
DIMENSIONS = 512
QUESTIONS = 400
CANDIDATES = 2_000
"""What the service asks for; it ranks them by words as well."""

LEAST_RECALL = 95.0
SEED = 7

Found = TypeVar("Found")


def vectors_like_sentences(count: int, *, seed: int = SEED) -> tuple[Vectors, Vectors]:
    """Vectors, and as many questions as are asked; both of length 1.

    All of them share a direction; around it are areas, one for each 2,000 vectors, around these
    topics, one for each 50, and around these the vectors and questions. How far each is from what
    it is around was chosen so that cosines are about those of 71,000 sentences of documentation
    under our model: 0.56 to the tenth nearest, 0.32 to the two thousandth, 0.13 to any. Of 50,000
    that are made up, they are 0.58, 0.26 and 0.14.
    """
    chance = np.random.default_rng(seed)

    def around(centres: Vectors, cosine: float) -> Vectors:
        away = unit_length(chance.standard_normal(centres.shape, dtype=np.float32))
        return unit_length(cosine * centres + (1 - cosine**2) ** 0.5 * away)

    def some_of(centres: Vectors, number: int) -> Vectors:
        return centres[chance.integers(0, len(centres), number)]

    middle = unit_length(chance.standard_normal((1, DIMENSIONS), dtype=np.float32))
    areas = around(some_of(middle, max(1, count // 2_000)), 0.64)
    topics = around(some_of(areas, max(1, count // 50)), 0.75)
    vectors = np.empty((count, DIMENSIONS), dtype=np.float32)
    # In parts: a million at once would take ten gigabytes for what is around them.
    for start in range(0, count, 50_000):
        part = vectors[start : start + 50_000]
        part[:] = around(some_of(topics, len(part)), 0.75)
    return vectors, around(some_of(topics, QUESTIONS), 0.75)


def main() -> None:
    """Measure each size, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE", help="default: 1000 100000")
    parser.add_argument("--markdown", action="store_true", help="print tables for a page")
    arguments = parser.parse_args()
    sizes = arguments.sizes or list(DEFAULT_SIZES)
    if min(sizes) < 1:
        parser.error("a size is a number of vectors; expected 1 or more")
    broken: list[str] = []
    for size in sizes:
        found, bounds = measured(size)
        broken += [f"{size:,} vectors: {bound}" for bound in bounds]
        sys.stdout.write(f"{size:,} vectors\n\n{as_markdown(found)}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{machine()}\n")
    sys.stdout.write("\n".join(broken or ["all bounds kept"]) + "\n")
    sys.exit(1 if broken else 0)


def measured(size: int) -> tuple[list[Figure], list[str]]:
    """Everything about one size, and each bound that was broken, in words."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = _alone(_make, folder, size)
        loads = {kind: [_alone(_loaded, folder, kind, size) for _ in range(3)] for kind in kinds}
        figures = [_load_figure(kind, loads[kind]) for kind in kinds]
        figures += [
            figure for kind in kinds for figure in _memory_figures(kind, loads[kind], size)
        ]
        searched, recall = _alone(_searched, folder, kinds, size)
        figures += [*searched, *recall.values()]
        swap, broken = _alone(vectors_swapped.measured, folder, kinds[-1], size)
    found = recall["of 10"].value
    if found < LEAST_RECALL:
        broken = [f"{found:.1f} % of the ten nearest; at least {LEAST_RECALL} % expected", *broken]
    return [*figures, *swap], broken


def _alone(function: Callable[..., Found], *arguments: object) -> Found:
    """What the function returns in a process of its own, so that its memory is its own, too."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def _make(folder: Path, size: int) -> list[IndexKind]:
    """Leave the indexes in the folder; the last kind is what the service builds."""
    vectors, questions = vectors_like_sentences(size)
    np.save(folder / "questions.npy", questions)
    began = time.process_time()
    chosen = VectorIndex.build(vectors)
    sys.stderr.write(f"{size:,} built in {time.process_time() - began:.1f} s of processor time\n")
    (folder / chosen.kind).write_bytes(chosen.to_bytes())
    if chosen.kind == "flat":
        return ["flat"]
    flat = _flat(vectors)
    (folder / "flat").write_bytes(flat.to_bytes())
    return ["flat", chosen.kind]


def _loaded(folder: Path, kind: IndexKind, size: int) -> tuple[float, float, float]:
    """Processor seconds, megabytes kept, and megabytes at the highest, of loading a file."""
    data = (folder / kind).read_bytes()
    before = _resident_mb()
    began = time.process_time()
    index = VectorIndex.parse(data, rows=size, dimensions=DIMENSIONS, kind=kind)
    seconds = time.process_time() - began
    kept = _resident_mb() - before
    index.search(np.ones(DIMENSIONS, dtype=np.float32), 1)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    return seconds, kept, highest


def _searched(
    folder: Path, kinds: Sequence[IndexKind], size: int
) -> tuple[list[Figure], dict[str, Figure]]:
    """Searches in each kind, in turns; and how much of what is nearest the last kind finds."""
    indexes = {
        kind: VectorIndex.parse(
            (folder / kind).read_bytes(), rows=size, dimensions=DIMENSIONS, kind=kind
        )
        for kind in kinds
    }
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    rows: dict[str, list[npt.NDArray[np.int64]]] = {kind: [] for kind in kinds}
    questions = np.load(folder / "questions.npy")
    for question in (*questions[:20], *questions):
        for kind, index in indexes.items():
            began = time.thread_time()
            found, _ = index.search(question, CANDIDATES)
            took[kind].append((time.thread_time() - began) * 1000)
            rows[kind].append(found)
    figures = []
    for kind in kinds:
        # The first twenty warm up.
        ms = took[kind][20:]
        name = f"search, {_words(kind)}"
        figures.append(
            beside(name, ms, took["flat"][20:], unit="ms", against="flat")
            if kind != "flat"
            else Figure(name, float(np.median(ms)), "ms")
        )
        figures.append(Figure(f"{name}, p99", float(np.quantile(ms, 0.99)), "ms"))
    recall = {
        f"of {most}": Figure(
            f"found of the {most:,} nearest",
            100 * _recall(rows["flat"][20:], rows[kinds[-1]][20:], most),
            "%",
        )
        for most in (1, 10, 2_000)
        if most <= size
    }
    return figures, recall


def _recall(
    nearest: Sequence[npt.NDArray[np.int64]], found: Sequence[npt.NDArray[np.int64]], most: int
) -> float:
    shares = [
        len(np.intersect1d(ours[:most], theirs[:most])) / min(most, len(theirs))
        for theirs, ours in zip(nearest, found, strict=True)
    ]
    return float(np.mean(shares))


def _load_figure(kind: IndexKind, loads: Sequence[tuple[float, float, float]]) -> Figure:
    seconds = [each[0] for each in loads]
    return Figure(f"load, {_words(kind)}", float(np.median(seconds)) * 1000, "ms")


def _memory_figures(
    kind: IndexKind, loads: Sequence[tuple[float, float, float]], size: int
) -> list[Figure]:
    vectors_mb = size * DIMENSIONS * 4 / 2**20
    named = ((f"memory, {_words(kind)}", 1), ("the same, while loading", 2))
    figures = []
    for what, number in named:
        value = float(np.median([each[number] for each in loads]))
        figures.append(Figure(what, value, "MiB", value / vectors_mb, "the vectors themselves"))
    return figures


def _flat(vectors: Vectors) -> VectorIndex:
    """A flat index, however many vectors there are."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return VectorIndex(index)


def _words(kind: IndexKind) -> str:
    return {"flat": "flat", "ivf_flat": "in lists"}[kind]


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
