"""The embedder: vectors of length one, offline, without side effects."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from helpdesk import embedding, packaged_vectors
from helpdesk.articles import load_articles
from helpdesk.embedding import MultilingualEmbedder, unit_length
from helpdesk.index_builder import embedded_texts


def test_vectors_have_length_one_and_the_promised_dimensions() -> None:
    """An inner product of two rows is their cosine."""
    embedder = MultilingualEmbedder()

    vectors = embedder.embed(["reset my password", "the printer is jammed"])

    assert vectors.shape == (2, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_alike_texts_are_closer() -> None:
    """Meaning counts, not only words."""
    laptop, computer, mail = MultilingualEmbedder().embed(["laptop", "computer", "e-mail"])

    assert laptop @ computer > laptop @ mail


@pytest.mark.parametrize(
    "question",
    [
        "Ich habe mein Passwort vergessen",
        "J'ai oublié mon mot de passe",
        "He olvidado mi contraseña",
        "Zapomniałem hasła",
        "パスワードを忘れました",
    ],
)
def test_languages_meet(question: str) -> None:
    """A question finds what is written in another language."""
    asked, fitting, other = MultilingualEmbedder().embed(
        [question, "I forgot my password", "The printer has a paper jam"]
    )

    assert asked @ fitting > MultilingualEmbedder.floor > asked @ other


def test_text_without_tokens_becomes_zeros() -> None:
    """An empty question has no direction, and must not become NaN."""
    vectors = MultilingualEmbedder().embed(["", "printer", " \n"])

    assert vectors.any(axis=1).tolist() == [False, True, False]


def test_nan_becomes_zeros() -> None:
    """A row that cannot be scaled is neutral."""
    assert unit_length(np.array([[np.nan, 1.0], [np.inf, 1.0]])).tolist() == [[0, 0], [0, 0]]


def test_no_texts_give_no_rows() -> None:
    """An empty list is not an error."""
    assert MultilingualEmbedder().embed([]).shape == (0, 512)


def test_packaged_vectors_are_those_of_the_packaged_articles() -> None:
    """Made anew with each change of an article: python -m helpdesk.pack_vectors."""
    texts = [text for article in load_articles() for text in embedded_texts(article)]

    known = packaged_vectors.known(MultilingualEmbedder.model)

    assert set(known) == {packaged_vectors.digest(text) for text in texts}


def test_packaged_vectors_say_what_the_model_says() -> None:
    """A sample of them, up to what half the precision costs."""
    texts = [text for article in load_articles()[:2] for text in embedded_texts(article)]
    embedder = MultilingualEmbedder()

    np.testing.assert_allclose(embedder.embed(texts), embedder.computed(texts), atol=1e-3)


def test_model_uses_one_thread() -> None:
    """Several wait for each other: on a busy machine a question took half a second."""
    embedding._load().encode(["load it"])

    assert embedding._load().threads == 1
    # Without it the model takes no notice.
    assert embedding._load()._model._threadpool is not None


def test_vectors_of_another_model_are_not_taken() -> None:
    """They would find anything."""
    assert packaged_vectors.known("another model") == {}


def test_loading_needs_no_network_and_leaves_logging_alone() -> None:
    """In a new process without sockets the model loads, and the root logger has no handler."""
    script = (
        "import logging, socket\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from helpdesk.embedding import MultilingualEmbedder\n"
        "MultilingualEmbedder().embed(['printer'])\n"
        "assert logging.root.handlers == [], logging.root.handlers\n"
        "assert logging.root.level == logging.WARNING\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
