"""Articles in, index with manifest out: in memory, to a folder, or to a bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from helpdesk.articles import Article
from helpdesk.embedding import Embedder
from helpdesk.manifest import (
    DOCUMENTS_FILE,
    FILE_NAMES,
    INDEX_FILE,
    MANIFEST_FILE,
    EmbeddingModel,
    Manifest,
)
from helpdesk.vector_index import VectorIndex

_RECIPE = 1
"""Raised whenever the same articles would give another index, so that none is reused."""


class Uploader(Protocol):
    """Where an index is published."""

    def upload(self, object_name: str, data: bytes, *, replaces: int | None) -> int:
        """Store an object, if its generation is still ``replaces``; return the new generation.

        0 means that the object must not exist; None, that anything may be replaced.
        """

    def generation_of(self, object_name: str) -> int:
        """The object's generation; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """One generation of the index, in memory.

    Attributes:
        manifest: Not yet located in a bucket: object names have no prefix.
        files: Content by name: ``index.faiss`` and ``documents.json``.
    """

    manifest: Manifest
    files: Mapping[str, bytes]

    def write(self, folder: Path) -> None:
        """Lay the generation out in ``folder`` as it would lie in a bucket, manifest last."""
        for name, entry in self.manifest.files.items():
            path = folder / entry.object
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.files[name])
        (folder / MANIFEST_FILE).write_bytes(self.manifest.to_bytes())

    def publish(self, bucket: Uploader, prefix: str) -> Manifest:
        """Upload the generation, and only then the manifest that names it.

        A reader sees the old manifest with the old files, or the new one with the new files.

        Returns:
            The manifest as uploaded, with the generations Cloud Storage gave to the files.

        Raises:
            DownloadError: An upload failed, or someone else published meanwhile; the manifest
                is then untouched.
        """
        manifest_name = f"{prefix}{MANIFEST_FILE}"
        replaces = bucket.generation_of(manifest_name)
        located = self.manifest.located(prefix)
        generations = {
            name: bucket.upload(located.files[name].object, self.files[name], replaces=None)
            for name in FILE_NAMES
        }
        published = self.manifest.located(prefix, generations)
        bucket.upload(manifest_name, published.to_bytes(), replaces=replaces)
        return published


def build_index(
    articles: Sequence[Article], embedder: Embedder, *, generation: str, created_at: datetime
) -> BuiltIndex:
    """The index of these articles; the same input always gives the same bytes.

    Each section of an article is one vector. Its title and tags are embedded with it, since a
    section under "Windows 11" rarely repeats what the article is about.

    Args:
        articles: In any order.
        embedder: Must be the one that later embeds the questions.
        generation: Must sort after the generations published before.
        created_at: With its time zone.
    """
    ordered = sorted(articles, key=lambda article: article.id)
    texts = [text for article in ordered for text in embedded_texts(article)]
    documents = {"articles": [_document(article) for article in ordered]}
    vectors = VectorIndex.build(embedder.embed(texts))
    files = {
        INDEX_FILE: vectors.to_bytes(),
        DOCUMENTS_FILE: json.dumps(documents, ensure_ascii=False, sort_keys=True).encode(),
    }
    manifest = Manifest.describe(
        files,
        generation=generation,
        created_at=created_at,
        embedding=EmbeddingModel(model=embedder.model, dimensions=embedder.dimensions),
        articles=len(ordered),
        kind=vectors.kind,
    )
    return BuiltIndex(manifest, files)


def content_key(folder: Path, embedder: Embedder) -> str:
    """A short hash of everything an index depends on: articles, model, and this module.

    The files are hashed as they are. Reading them takes 2 ms; parsing them, fifty times that.
    """
    digest = hashlib.sha256(f"{_RECIPE}/{embedder.model}/{embedder.dimensions}".encode())
    for path in sorted(folder.glob("*.md")):
        content = path.read_bytes()
        digest.update(f"/{path.name}/{len(content)}/".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def embedded_texts(article: Article) -> list[str]:
    """What is embedded of an article: one text for each section, with title and tags."""
    tags = " ".join(article.tags).replace("-", " ")
    return [f"{article.title}. {tags}. {section}" for section in article.sections()]


def _document(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "tags": list(article.tags),
        "sections": list(article.sections()),
    }
