"""Searches that go on in threads while newer generations of an index are loaded.

All that the service does when it refreshes is done: the files are hashed, read, checked, written
to the cache on disk, and the copy that is searched is exchanged. Only the download is left out.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from helpdesk.embedding import Vectors
from helpdesk.index_cache import IndexCache
from helpdesk.index_source import Update
from helpdesk.live_index import LiveIndex
from helpdesk.manifest import DOCUMENTS_FILE, INDEX_FILE, EmbeddingModel, IndexKind, Manifest
from helpdesk.settings import IndexSettings

THREADS = 4
SWAPS = 3
QUIET_S = 3.0
SLOWEST_S = 1.0
"""A search may take so long while an index is exchanged, for each 100,000 vectors.

The interpreter does one thing at a time, and reads the articles of the newer index in one go.
"""

SLOWER = 3
"""Or so many times as long as the slowest search in quiet, on a machine that has no time."""

_UNIT = "ms of real time"
_SECTIONS = 5
_MODEL = "made-up"
_WORDS = "badge laptop printer password office wifi camera invoice travel screen".split()  # noqa: SIM905 - reads better


class _Embedder:
    """Knows the vectors of numbered questions."""

    model, floor = _MODEL, 0.1

    def __init__(self, questions: Vectors) -> None:
        self._questions = questions
        self.dimensions = questions.shape[1]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, by its last word."""
        return self._questions[[int(text.rsplit(" ", 1)[1]) for text in texts]]


class _Source:
    """Has a newer generation whenever it is asked."""

    expires = has_order = True

    def __init__(self, index: bytes, kind: IndexKind, size: int, dimensions: int) -> None:
        self._index, self._kind, self._size = index, kind, size
        self._dimensions = dimensions
        self._number = 0

    def accepts(self, manifest: Manifest) -> bool:
        """Any."""
        del manifest
        return True

    def prepared(self) -> Update:
        """The next generation, as it would have been downloaded."""
        self._number += 1
        files = {
            INDEX_FILE: self._index,
            DOCUMENTS_FILE: _documents(self._size, self._number),
        }
        manifest = Manifest.describe(
            files,
            generation=f"g{self._number:03d}",
            created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            embedding=EmbeddingModel(model=_MODEL, dimensions=self._dimensions),
            articles=-(-self._size // _SECTIONS),
            kind=self._kind,
        )
        return Update(manifest, files, sum(map(len, files.values())))

    next: Update

    def newer_than(self, known: Manifest | None, *, deadline: float) -> Update | None:
        """The generation that was prepared."""
        del known, deadline
        return self.next


def _documents(size: int, revision: int) -> bytes:
    """Articles of five sections, of which the first says the revision."""
    articles: list[Mapping[str, object]] = []
    for number, start in enumerate(range(0, size, _SECTIONS)):
        many = min(_SECTIONS, size - start)
        word, other = _WORDS[number % 10], _WORDS[number // 10 % 10]
        texts = [
            f"How to mend the {word} beside the {other}, {start + row}" for row in range(many)
        ]
        if number == 0:
            texts[0] += f", revision{revision}"
        articles.append(
            {"id": f"a{number}", "title": f"The {word}", "tags": [word], "sections": texts}
        )
    return json.dumps({"articles": articles}).encode()


@dataclass(frozen=True, slots=True)
class _Search:
    """One of them; generation and first article are None if it came to nothing."""

    began_s: float
    took_s: float
    question: int
    generation: str | None = None
    first: str | None = None


def measured(folder: Path, kind: IndexKind, size: int) -> tuple[list[Figure], list[str]]:
    """How long searches take in quiet and while indexes are exchanged, and each broken bound."""
    logging.disable(logging.WARNING)
    questions = np.load(folder / "questions.npy")
    data = (folder / kind).read_bytes()
    source = _Source(data, kind, size, questions.shape[1])
    source.next = source.prepared()
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        live = LiveIndex(source, IndexCache(Path(cache)), _Embedder(questions), IndexSettings())
        live.refresh()
        expected = [_search(live, number).first for number in range(len(questions))]
        searches: list[_Search] = []
        is_over = threading.Event()
        threads = [
            threading.Thread(target=_go_on, args=(live, searches, is_over, start))
            for start in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(QUIET_S)
        swapped_s = []
        for _ in range(SWAPS):
            # Another process would make these; here it takes the interpreter from the searches.
            source.next = source.prepared()
            time.sleep(0.2)
            began_s = time.monotonic()
            ended = live.refresh()
            swapped_s.append((began_s, time.monotonic()))
            time.sleep(0.2)
            assert ended.outcome == "updated", ended
        is_over.set()
        for thread in threads:
            thread.join()
    first_s = swapped_s[0][0]
    quiet = [each.took_s for each in searches if each.began_s < first_s - 0.5][50:]
    during = [
        each.took_s
        for each in searches
        if any(
            each.began_s < end and began < each.began_s + each.took_s for began, end in swapped_s
        )
    ]
    most_s = max(SLOWEST_S, SLOWEST_S * size / 100_000, SLOWER * max(quiet))
    return _figures(quiet, during, swapped_s), _broken(searches, during, expected, most_s)


def _search(live: LiveIndex, number: int) -> _Search:
    began_s = time.monotonic()
    served = live.get(began_s + 30)
    found = served.index.search(f"mend the laptop {number}", 3) if served.index else ()
    took_s = time.monotonic() - began_s
    return _Search(
        began_s, took_s, number, served.generation, found[0].article_id if found else None
    )


def _go_on(
    live: LiveIndex, searches: list[_Search], is_over: threading.Event, number: int
) -> None:
    while not is_over.is_set():
        number = (number + THREADS) % 400
        try:
            searches.append(_search(live, number))
        except Exception as error:  # noqa: BLE001 - whatever it is, a search was lost
            searches.append(_Search(time.monotonic(), 0.0, number, first=repr(error)))


def _figures(
    quiet: Sequence[float], during: Sequence[float], swapped_s: Sequence[tuple[float, float]]
) -> list[Figure]:
    figures = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        before_ms, ms = (float(np.quantile(each, share)) * 1000 for each in (quiet, during))
        what = f"{THREADS} threads, {name}"
        figures.append(Figure(f"{what}, in quiet", before_ms, _UNIT))
        figures.append(Figure(f"{what}, during a swap", ms, _UNIT, ms / before_ms, "in quiet"))
    slowest = Figure(
        *("slowest during a swap", max(during) * 1000, _UNIT),
        *(max(during) / max(quiet), "the slowest in quiet"),
    )
    took = statistics.median(end - began for began, end in swapped_s)
    return [*figures, slowest, Figure("a swap", took, "s of real time")]


def _broken(
    searches: Sequence[_Search],
    during: Sequence[float],
    expected: Sequence[str | None],
    most_s: float,
) -> list[str]:
    lost = [each for each in searches if each.first != expected[each.question]]
    generations = {each.generation for each in searches}
    broken = []
    if lost:
        broken.append(f"{len(lost)} of {len(searches)} searches were lost, such as {lost[0]}")
    if len(generations) != SWAPS + 1:
        broken.append(f"generations {sorted(map(str, generations))} were searched")
    if max(during) > most_s:
        broken.append(f"a search took {max(during):.2f} s; at most {most_s:.1f} s was expected")
    return broken
