"""Finds the articles that fit a question, whatever Cloud Storage does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpdesk.answers import Passage, SearchResult
from helpdesk.embedding import Embedder, MultilingualEmbedder
from helpdesk.events import IndexServed, Listener, RefreshEnded, notify
from helpdesk.index_cache import IndexCache
from helpdesk.index_source import BucketSource, IndexSource, PackagedSource, cache_folder
from helpdesk.live_index import LiveIndex, Served
from helpdesk.retry import Retry
from helpdesk.settings import IndexSettings, Settings

if TYPE_CHECKING:
    from google.cloud import storage

logger = logging.getLogger(__name__)


class FAISSHelpdeskService:
    """Searches the index of the bucket named in the settings, or else of the packaged articles.

    Safe to share between threads; one in a process is meant. A copy found in the cache folder
    is loaded at once, without asking the network.

    Args:
        settings: None reads them from the environment.
        storage_client: None makes one from the environment when it is first needed.
        embedder: None is the model that comes with the package.
        listeners: Told of each search, each refresh and each quarantined copy.

    Example:
        >>> import tempfile, time
        >>> from pathlib import Path
        >>> options = IndexSettings(cache_dir=Path(tempfile.mkdtemp()))
        >>> service = FAISSHelpdeskService(Settings(index=options))
        >>> found = service.search("printer", top_k=1, deadline=time.monotonic() + 5)
        >>> found.index_state, len(found.passages)
        ('fresh', 1)
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        storage_client: storage.Client | None = None,
        embedder: Embedder | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        options = (settings or Settings.load()).index
        embedder = embedder or MultilingualEmbedder()
        self._listeners = tuple(listeners)
        self._live = LiveIndex(
            _source(options, storage_client, embedder, self._listeners),
            IndexCache(cache_folder(options), listeners=self._listeners),
            embedder,
            options,
            listeners=self._listeners,
        )

    def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
        """The best articles for a question, and how far they can be trusted.

        Args:
            question: In the asker's words.
            top_k: Articles wanted; there may be fewer.
            deadline: Value of ``time.monotonic()`` by which the asker needs the result.

        Returns:
            Always a result. Without an index it has no passages, and says ``absent``.
        """
        logger.debug("searching for %r", question)
        # Taken once: all of this result comes from one generation, whatever is swapped meanwhile.
        served = self._live.get(deadline)
        passages = served.index.search(question, top_k) if served.index else ()
        if served.reason is not None:
            logger.warning("index is %s: %s", served.state, served.reason)
        notify(
            self._listeners,
            IndexServed(
                state=served.state,
                generation=served.generation,
                age_s=None if served.age is None else served.age.total_seconds(),
                sha256=served.sha256,
                reason=served.reason,
            ),
        )
        return SearchResult(
            passages=passages,
            index_state=served.state,
            generation=served.generation,
            age=served.age,
            stale_reason=served.reason,
        )

    def article(self, article_id: str) -> Passage | None:
        """A whole article of the copy that is served; None if it has none of that id."""
        index = self._live.served().index
        return index.article(article_id) if index else None

    def refresh(self) -> RefreshEnded:
        """Look for a newer index now, however fresh the copy; joins a refresh under way."""
        return self._live.refresh()

    @property
    def served(self) -> Served:
        """What is at hand at this moment."""
        return self._live.served()

    def get_status(self) -> dict[str, object]:
        """State of the index, for people and monitoring; never asks the network."""
        served = self._live.served()
        last_error, next_refresh_in_s = self._live.schedule()
        return {
            "state": served.state,
            "age_s": None if served.age is None else served.age.total_seconds(),
            "generation": served.generation,
            "last_error": last_error,
            "next_refresh_in_s": next_refresh_in_s,
            "sha256": served.sha256,
            "articles": served.index.manifest.articles if served.index else 0,
        }


def _source(
    options: IndexSettings,
    client: storage.Client | None,
    embedder: Embedder,
    listeners: Sequence[Listener],
) -> IndexSource:
    if options.bucket is None:
        return PackagedSource(embedder)
    # Late: the SDK takes half a second to import, and the packaged articles do not need it.
    from helpdesk.bucket import IndexBucket  # noqa: PLC0415

    timeout_s = options.timeout.total_seconds()
    bucket = IndexBucket(
        options.bucket,
        client=client,
        timeout_s=timeout_s,
        emulator=options.emulator,
        credentials=options.credentials,
    )
    retry = Retry(options.retry, upstream="gcs", listeners=listeners)
    return BucketSource(bucket, options.prefix, retry)
