"""Cloud Storage as its clients see it, and as a test fills it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from chaos.http import Request, Response
from chaos.ports import Operation, Upstream
from chaos.processes import late
from chaos.trace.events import Scalar
from chaos.upstreams.gcs import errors
from chaos.upstreams.gcs.routes import OPERATIONS
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.said import Said

if TYPE_CHECKING:
    from chaos.upstreams.gcs.store import StoredObject
    from chaos.upstreams.google.identity import GoogleIdentity

# With these come signatures and keys; nobody waits for them who only wants to know which
# operations there are.
late.before_a_run(
    *(f"chaos.upstreams.gcs.{each}" for each in ("api", "store", "telling")),
)


class GcsUpstream(Upstream):
    """Stands in for Cloud Storage; holds its objects in memory.

    Requests are to be handled one at a time. One with a query, header or body that is not modelled
    raises `chaos.upstreams.unmodelled.UnmodelledError`.

    Args:
        versioning: Whether new buckets keep overwritten and deleted generations readable.
        identity: Who gives out tokens; without it, anybody may do anything, and 401 and 403 come
            from faults.

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
    reached_by: ClassVar[Mapping[str, str]] = {"STORAGE_EMULATOR_HOST": "{url}"}
    operations: ClassVar[tuple[str, ...]] = OPERATIONS

    def __init__(
        self, *, versioning: bool = False, identity: GoogleIdentity | None = None
    ) -> None:
        from chaos.upstreams.gcs.api import Api  # noqa: PLC0415 - late, see above
        from chaos.upstreams.gcs.store import Store  # noqa: PLC0415 - late, see above

        self._store = Store(versioning=versioning)
        self._api = Api(self._store, self.name, identity)

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
        except RefusalError:
            return ()

    def create_bucket(self, bucket: str) -> None:
        """Make an empty bucket; nothing happens if it is there."""
        self._store.add_bucket(bucket)

    def interrupt_upload(self, *, after: int, status: int = 503) -> None:
        """Let the next resumable upload that comes so far fail there, once.

        Args:
            after: Bytes of the object that are kept; a multiple of 256 KiB.
            status: What is answered instead of the rest.
        """
        self._api.inserts.interrupt(after, status)

    def classify(self, request: Request) -> Operation | None:
        """The operation, and the object it is about (its destination, for a copy)."""
        return self._api.classify(request)

    def handle(self, request: Request) -> Response:
        """Answer as Cloud Storage would.

        Raises:
            UnmodelledError: The request asks for something that is not modelled.
        """
        return self._api.answer(request)

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """``object``, ``generation`` and ``size`` (of the whole object) of media."""
        generation = response.header("x-goog-generation")
        size = response.header("x-goog-stored-content-length")
        if operation.name != "objects.media" or generation is None or size is None:
            return {}
        return {"object": operation.object, "generation": generation, "size": int(size)}

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """Whether something was done, and whether another try can help."""
        from chaos.upstreams.gcs import telling  # noqa: PLC0415 - late, see above

        return telling.said(operation, request, response)

    def rate_limited(self, code: str) -> Response:
        """Cloud Storage's 429."""
        return errors.rate_limited(code)

    def failed(self, status: int) -> Response:
        """Cloud Storage's usual error."""
        return errors.failed(status)

    def _peek(self, bucket: str, name: str, generation: int | None) -> StoredObject | None:
        try:
            return self._store.find(bucket, name, generation)
        except RefusalError:
            return None
