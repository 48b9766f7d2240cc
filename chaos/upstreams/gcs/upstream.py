"""Cloud Storage as a client of its JSON API sees it, and as a test fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from chaos.http import Request, Response
from chaos.ports import Operation, Upstream
from chaos.trace.events import Scalar
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.api import OPERATIONS, JsonApi
from chaos.upstreams.gcs.store import Store, StoredObject


class GcsUpstream(Upstream):
    """Stands in for Cloud Storage; holds its objects in memory.

    Anybody may do anything; 401 and 403 come from faults. A gzip-encoded object is sent as it is
    stored. Requests are to be handled one at a time.

    Args:
        versioning: Whether overwritten and deleted generations can still be read.

    Example:
        >>> gcs = GcsUpstream()
        >>> generation = gcs.put("kb", "a.txt", b"hello")
        >>> request = Request(
        ...     method="GET",
        ...     url="https://storage.googleapis.com/storage/v1/b/kb/o/a.txt?fields=size,crc32c",
        ... )
        >>> gcs.handle(request).json()
        {'size': '5', 'crc32c': 'mnG7TA=='}
    """

    name: ClassVar[str] = "gcs"
    hosts: ClassVar[tuple[str, ...]] = ("storage.googleapis.com", "www.googleapis.com")
    operations: ClassVar[tuple[str, ...]] = OPERATIONS

    def __init__(self, *, versioning: bool = False) -> None:
        self._store = Store(versioning=versioning)
        self._api = JsonApi(self._store)

    def put(
        self,
        bucket: str,
        name: str,
        data: bytes,
        *,
        content_type: str = "application/octet-stream",
    ) -> int:
        """Store an object as if somebody had uploaded it; the bucket is made if need be.

        Returns:
            Its generation.
        """
        self._store.add_bucket(bucket)
        return self._store.put(bucket, name, data, {"contentType": content_type}).generation

    def get(self, bucket: str, name: str, generation: int | None = None) -> bytes:
        """The bytes of an object: of that generation, or the live one.

        Raises:
            KeyError: There is no such object or generation.
        """
        stored = self._peek(bucket, name, generation)
        if stored is None:
            raise KeyError(f"{bucket}/{name}#{generation or 'live'}")
        return stored.data

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object; nothing happens if it is not there."""
        stored = self._peek(bucket, name, None)
        if stored is not None:
            self._store.delete(stored, for_good=False)

    def generations(self, bucket: str, name: str) -> tuple[int, ...]:
        """The generations that can be read, oldest first."""
        try:
            return tuple(each.generation for each in self._store.generations(bucket, name))
        except errors.RefusalError:
            return ()

    def create_bucket(self, bucket: str) -> None:
        """Make an empty bucket; nothing happens if it is there."""
        self._store.add_bucket(bucket)

    def classify(self, request: Request) -> Operation | None:
        """The operation, and the object it is about (its destination, for a copy)."""
        return self._api.classify(request)

    def handle(self, request: Request) -> Response:
        """Answer as Cloud Storage would."""
        return self._api.answer(request)

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """``object``, ``generation`` and ``size`` (of the whole object) of media."""
        generation = response.header("x-goog-generation")
        size = response.header("x-goog-stored-content-length")
        if operation.name != "objects.media" or generation is None or size is None:
            return {}
        return {"object": operation.object, "generation": generation, "size": int(size)}

    def rate_limited(self, code: str) -> Response:
        """Cloud Storage's 429."""
        return errors.rate_limited(code)

    def failed(self, status: int) -> Response:
        """Cloud Storage's usual error."""
        return errors.failed(status)

    def _peek(self, bucket: str, name: str, generation: int | None) -> StoredObject | None:
        try:
            return self._store.find(bucket, name, generation)
        except errors.RefusalError:
            return None
