"""The embedder: vectors of length one, offline, without side effects."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from helpdesk.embedding import WordLlamaEmbedder, unit_length


def test_vectors_have_length_one_and_the_promised_dimensions() -> None:
    """An inner product of two rows is their cosine."""
    embedder = WordLlamaEmbedder()

    vectors = embedder.embed(["reset my password", "the printer is jammed"])

    assert vectors.shape == (2, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_alike_texts_are_closer() -> None:
    """Meaning counts, not only words."""
    laptop, notebook, mail = WordLlamaEmbedder().embed(["laptop", "notebook", "email"])

    assert laptop @ notebook > laptop @ mail


def test_text_without_tokens_becomes_zeros() -> None:
    """An empty question has no direction, and must not become NaN."""
    (vector,) = WordLlamaEmbedder().embed([""])

    assert not vector.any()


def test_nan_becomes_zeros() -> None:
    """A row that cannot be scaled is neutral."""
    assert unit_length(np.array([[np.nan, 1.0], [np.inf, 1.0]])).tolist() == [[0, 0], [0, 0]]


def test_no_texts_give_no_rows() -> None:
    """An empty list is not an error."""
    assert WordLlamaEmbedder().embed([]).shape == (0, 256)


def test_loading_needs_no_network_and_leaves_logging_alone() -> None:
    """In a new process without sockets the model loads, and the root logger has no handler."""
    script = (
        "import logging, socket\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from helpdesk.embedding import WordLlamaEmbedder\n"
        "WordLlamaEmbedder().embed(['printer'])\n"
        "assert logging.root.handlers == [], logging.root.handlers\n"
        "assert logging.root.level == logging.WARNING\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
