"""The helpdesk's world before the first step: published generations, and the copy on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node, UnsignedDuration
from chaos.upstreams.gcs import GcsUpstream
from helpdesk.articles import Article, load_articles
from helpdesk.embedding import Embedder, MultilingualEmbedder, Vectors
from helpdesk.index_builder import BuiltIndex, build_index
from helpdesk.index_cache import IndexCache

BUCKET = "helpdesk"
PREFIX = "helpdesk-index/"
BORN = datetime(2025, 12, 1, tzinfo=UTC)

Damage = Literal["truncated", "bit_flip", "empty", "wrong_manifest", "missing_file"]


class CachedCopy(Node):
    """``given.index_cache`` as a scenario writes it; empty, a copy fetched just now."""

    age: UnsignedDuration = Field(
        default=timedelta(0), description="How long ago it was fetched.", examples=["2h"]
    )
    damage: Damage | None = Field(
        default=None,
        description="What happened to it on disk since.",
        examples=["truncated"],
    )


INDEX_CACHE = Circumstance(model=CachedCopy, words=("absent",))


def cached_copy(given: Mapping[str, Any]) -> CachedCopy | None:
    """The copy that there is on disk before the first step, if any."""
    read = INDEX_CACHE.read("index_cache", given.get("index_cache", {}))
    return read if isinstance(read, CachedCopy) else None


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


ARTICLES = frozenset(
    {
        "add-printer",
        "battery-drains-fast",
        "connect-office-wifi",
        "excel-crashes",
        "help-desk-hours",
        "lost-phone",
        "mailbox-full",
        "report-phishing-email",
        "request-new-software",
        "reset-forgotten-password",
        "set-up-vpn",
        "shared-drive-access",
    }
)
"""Articles of the published index: one or two of each kind. What is tested is how an index travels
and ages, not what it finds; loading all of them would cost a run more than everything else."""


@cache
def generation(number: int) -> BuiltIndex:
    """The ``number``-th generation of the index; each differs in index and in documents."""
    articles = [_revised(article, number) for article in load_articles() if article.id in ARTICLES]
    return build_index(
        articles,
        embedder(),
        generation=str(number),
        created_at=BORN + timedelta(days=number),
    )


def _revised(article: Article, number: int) -> Article:
    """One article carries the number of its generation, so that no two have the same bytes."""
    if number == 1 or article.id != "help-desk-hours":
        return article
    return replace(article, body=f"{article.body}\n\nRevision {number}.\n")


@dataclass(frozen=True)
class StandInBucket:
    """Puts objects straight into the stand-in, without a request."""

    gcs: GcsUpstream

    def upload(self, object_name: str, data: bytes, *, replaces: int | None) -> int:
        """Store an object."""
        del replaces
        return self.gcs.put(BUCKET, object_name, data)

    def generation_of(self, object_name: str) -> int:
        """Nobody else publishes here, so nothing is ever in the way."""
        del object_name
        return 0


def publish(gcs: GcsUpstream, number: int) -> None:
    """Make a generation the published one."""
    generation(number).publish(StandInBucket(gcs), PREFIX)


def lay_out_cache(folder: Path, given: CachedCopy, *, now: float) -> None:
    """Leave the first generation as an earlier process would have, damaged if so asked."""
    first = generation(1)
    fetched_at = now - given.age.total_seconds()
    IndexCache(folder).install(first.manifest, first.files, fetched_at=fetched_at)
    if given.damage is not None:
        pointer = json.loads((folder / "current.json").read_text())
        _damage(folder / "generations" / pointer["folder"], given.damage)


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
