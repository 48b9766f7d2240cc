"""The helpdesk's world before the first step: the copy on disk, and the model that embeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from chaos.targets.helpdesk import published
from chaos.targets.helpdesk.cached_copy import Damage, GivenCopy, cached_copy, is_packaged
from helpdesk.articles import load_articles
from helpdesk.embedding import Embedder, MultilingualEmbedder, Vectors
from helpdesk.index_builder import BuiltIndex, build_index

__all__ = ["GivenCopy", "cached_copy", "embedder", "generation", "is_packaged", "lay_out_cache"]


class _Remembering(MultilingualEmbedder):
    """The model; it reads no question twice, though a load asks the same thousands of times."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._one(texts[0]) if len(texts) == 1 else super().embed(texts)

    @cache  # noqa: B019 - there is one, for as long as the process lives
    def _one(self, text: str) -> Vectors:
        vectors = super().embed([text])
        vectors.flags.writeable = False
        return vectors


@cache
def embedder() -> Embedder:
    """The model, loaded once for all runs."""
    return _Remembering()


@cache
def generation(number: int) -> BuiltIndex:
    """An index as the service itself builds it, for tests of how it publishes one.

    What scenarios find in the bucket is in `published`, which does not trust the service's code.
    """
    return build_index(
        load_articles()[: published.ARTICLES],
        embedder(),
        generation=str(number),
        created_at=published.BORN + timedelta(days=number),
    )


def lay_out_cache(folder: Path, given: GivenCopy, manifest: bytes, *, now: float) -> None:
    """Leave the first generation as an earlier process would have, damaged if so asked."""
    copy = published.lay_out(folder, manifest, fetched_at=now - given.age.total_seconds())
    if given.damage is not None:
        _damage(copy, given.damage)


def _damage(copy: Path, damage: Damage) -> None:
    index = copy / "index.faiss"
    data = index.read_bytes()
    match damage:
        case "truncated":
            index.write_bytes(data[: len(data) // 2])
        case "bit_flip":
            middle = len(data) // 2
            index.write_bytes(data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :])
        case "empty":
            index.write_bytes(b"")
        case "missing_file":
            (copy / "documents.json").unlink()
        case "wrong_manifest":
            manifest = copy / "manifest.json"
            manifest.write_bytes(manifest.read_bytes().replace(b'"size"', b'"sise"', 1))
