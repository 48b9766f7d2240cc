"""Where a newer generation of the index comes from: a bucket, or the package itself."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from helpdesk.articles import PACKAGED_ARTICLES, load_articles
from helpdesk.embedding import Embedder
from helpdesk.errors import DamagedIndexError, DownloadError
from helpdesk.index_builder import build_index, content_key
from helpdesk.manifest import FILE_NAMES, MANIFEST_FILE, Manifest, ManifestFile
from helpdesk.retry import Retry
from helpdesk.settings import IndexSettings

if TYPE_CHECKING:
    from helpdesk.bucket import IndexBucket

_LARGEST_MANIFEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Update:
    """A generation that was fetched, verified file by file."""

    manifest: Manifest
    files: Mapping[str, bytes]
    size_bytes: int


class IndexSource(Protocol):
    """Knows the newest generation."""

    @property
    def expires(self) -> bool:
        """Whether a copy has to be compared with the source once it is old."""

    @property
    def has_order(self) -> bool:
        """Whether of two generations it can be told which is newer."""

    def accepts(self, manifest: Manifest) -> bool:
        """Whether a copy found in the cache may be served until the source was asked."""

    def newer_than(self, known: Manifest | None, *, deadline: float) -> Update | None:
        """The source's generation; None if ``known`` is that.

        Raises:
            HelpdeskError: It cannot be had now, or is not newer.
        """


class BucketSource:
    """The generation that ``manifest.json`` in a bucket names."""

    expires = True
    has_order = True

    def __init__(self, bucket: IndexBucket, prefix: str, retry: Retry) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._retry = retry

    def accepts(self, manifest: Manifest) -> bool:  # noqa: ARG002 - any generation may be the newest
        """Always: only the bucket knows better."""
        return True

    def newer_than(self, known: Manifest | None, *, deadline: float) -> Update | None:
        """Read the manifest and, if it names other content, all its files.

        Raises:
            DownloadError: Some object cannot be fetched, the manifest names objects that are
                not its own, or the bucket's generation is older than ``known``. An older one is
                never installed: it is a stale read, or the work of someone who restored the
                wrong thing. Publish again to go back.
        """
        manifest, size = self._retry.call(
            functools.partial(self._fetch_manifest, deadline), deadline=deadline
        )
        stranger = manifest.stranger(self._prefix)
        if stranger is not None:
            raise DownloadError(
                f"the manifest at gs://{self._bucket.name}/{self._prefix} names {stranger!r}; "
                "expected only objects of its own generation below that prefix; publish it again",
                retryable=False,
            )
        if known is not None and manifest.has_content_of(known):
            return None
        if known is not None and manifest.generation < known.generation:
            raise DownloadError(
                f"gs://{self._bucket.name}/{self._prefix} offers generation "
                f"{manifest.generation}, older than {known.generation}, which is kept",
                retryable=False,
            )
        files = {
            name: self._retry.call(
                functools.partial(self._fetch_file, manifest.files[name], deadline),
                deadline=deadline,
            )
            for name in FILE_NAMES
        }
        return Update(manifest, files, size + sum(map(len, files.values())))

    def _fetch_manifest(self, deadline: float) -> tuple[Manifest, int]:
        data = self._bucket.download(
            f"{self._prefix}{MANIFEST_FILE}", deadline=deadline, max_bytes=_LARGEST_MANIFEST_BYTES
        )
        try:
            return Manifest.parse(data), len(data)
        except DamagedIndexError as error:
            raise DownloadError(
                f"the manifest arrived damaged: {error}", retryable=True
            ) from error

    def _fetch_file(self, entry: ManifestFile, deadline: float) -> bytes:
        data = self._bucket.download(
            entry.object,
            deadline=deadline,
            max_bytes=entry.size,
            generation=entry.generation,
        )
        try:
            # Our own check, of the whole: storage may leave its hash header out, and then the
            # SDK checks nothing.
            entry.verify(data)
        except DamagedIndexError as error:
            raise DownloadError(f"arrived damaged: {error}", retryable=True) from error
        return data


class PackagedSource:
    """The articles that come with the package; a new release is a new generation."""

    expires = False
    has_order = False

    def __init__(self, embedder: Embedder, folder: Path = PACKAGED_ARTICLES) -> None:
        self._embedder = embedder
        self._folder = folder

    def accepts(self, manifest: Manifest) -> bool:
        """Only what was built from these very articles, with this very model."""
        return manifest.generation == self._generation()

    def newer_than(self, known: Manifest | None, *, deadline: float) -> Update | None:  # noqa: ARG002 - takes no time
        """Build the index, unless ``known`` is it.

        Raises:
            KnowledgeError: An article has a mistake.
        """
        generation = self._generation()
        if known is not None and known.generation == generation:
            return None
        articles = load_articles(self._folder)
        newest = max(article.updated for article in articles)
        # Not the present time: two processes that build at once must build the same.
        created_at = dt.datetime.combine(newest, dt.time(), tzinfo=dt.UTC)
        built = build_index(articles, self._embedder, generation=generation, created_at=created_at)
        return Update(built.manifest, built.files, 0)

    def _generation(self) -> str:
        return f"packaged-{content_key(self._folder, self._embedder)}"


def cache_folder(options: IndexSettings) -> Path:
    """The folder of the local copy: one for each source, so that copies never mix.

    Example:
        >>> cache_folder(IndexSettings(cache_dir=Path("cache"))).as_posix()
        'cache/packaged'
    """
    if options.bucket is None:
        return options.cache_dir / "packaged"
    source = f"gs://{options.bucket}/{options.prefix}"
    return options.cache_dir / f"bucket-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
