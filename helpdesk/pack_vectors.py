"""Writes the vectors of the packaged articles anew: ``python -m helpdesk.pack_vectors``."""

from __future__ import annotations

from helpdesk import packaged_vectors
from helpdesk.articles import load_articles
from helpdesk.embedding import MultilingualEmbedder
from helpdesk.index_builder import embedded_texts


def main() -> None:
    """Have the model read every section of every article."""
    embedder = MultilingualEmbedder()
    texts = [text for article in load_articles() for text in embedded_texts(article)]
    packaged_vectors.write(embedder.model, texts, embedder.computed(texts))


if __name__ == "__main__":
    main()
