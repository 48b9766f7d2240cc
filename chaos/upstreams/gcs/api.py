"""Cloud Storage over a store: which request is what, and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.upstreams.gcs import errors, signing
from chaos.upstreams.gcs.batching import answer_batch
from chaos.upstreams.gcs.bucket_api import BucketsApi
from chaos.upstreams.gcs.conditions import require_known_values
from chaos.upstreams.gcs.entries import EntriesApi
from chaos.upstreams.gcs.inserts import InsertsApi
from chaos.upstreams.gcs.objects import ObjectsApi
from chaos.upstreams.gcs.project_api import KeysApi, NotificationsApi
from chaos.upstreams.gcs.routes import Names, Route, find, require_modelled
from chaos.upstreams.gcs.store import Store
from chaos.upstreams.gcs.xml_api import XmlApi
from chaos.upstreams.google.identity import GoogleIdentity
from chaos.upstreams.refusal import RefusalError

Handler = Callable[[Request, Names], Response]

_UPLOADS = frozenset(
    {"objects.insert", "uploads.resumable.start", "uploads.resumable.put"}
    | {"uploads.resumable.cancel"}
)
"""Operations whose object is not in the path."""


class Api:
    """Answers requests from a store, and changes it as they say.

    Args:
        store: What is stored.
        upstream: Name of the stand-in, for messages.
        identity: Who gives out tokens; None if anybody may do anything.
    """

    def __init__(self, store: Store, upstream: str, identity: GoogleIdentity | None) -> None:
        self._upstream = upstream
        self._identity = identity
        self.inserts = InsertsApi(store)
        self.handlers = self._handlers(store)

    def classify(self, request: Request) -> Operation | None:
        """The operation and its object (its destination, for a copy); None if there is none."""
        route, names = find(request)
        if route is None:
            return None
        if route.operation in _UPLOADS:
            return Operation(route.operation, self.inserts.name_of(request, route.operation))
        return Operation(route.operation, names.get("to_object") or names.get("object"))

    def answer(self, request: Request) -> Response:
        """Do what is asked, or say why not.

        Raises:
            UnmodelledError: The request asks for something that is not modelled.
        """
        route, names = find(request)
        if route is None:
            return errors.failed(HTTPStatus.NOT_FOUND)
        require_modelled(request, route, self._upstream)
        try:
            self._admit(request, route)
            require_known_values(request)
            return self.handlers[route.operation](request, names)
        except RefusalError as refusal:
            is_xml = route.operation.startswith(("xml.", "uploads.multipart."))
            return errors.as_xml(refusal.response) if is_xml else refusal.response

    def _admit(self, request: Request, route: Route) -> None:
        """See to it that the caller may ask at all."""
        if signing.is_signed(request):
            signing.require_good_signature(request, self._identity)
        elif self._identity is not None and not self._identity.admits(request):
            raise RefusalError(errors.unauthorized(xml=route.operation.startswith("xml.")))

    def _batch(self, request: Request, names: Names) -> Response:
        del names
        return answer_batch(request, self.answer)

    def _handlers(self, store: Store) -> Mapping[str, Handler]:
        objects, buckets = ObjectsApi(store), BucketsApi(store)
        keys, notifications, xml = KeysApi(), NotificationsApi(store), XmlApi(store)
        return {
            "buckets.list": buckets.list,
            "buckets.insert": buckets.insert,
            "buckets.get": buckets.get,
            "buckets.patch": buckets.patch,
            "buckets.update": buckets.update,
            "buckets.delete": buckets.delete,
            "buckets.getIamPolicy": buckets.get_policy,
            "buckets.setIamPolicy": buckets.set_policy,
            "buckets.testIamPermissions": buckets.test_permissions,
            "buckets.lockRetentionPolicy": buckets.lock,
            "objects.list": objects.list,
            "objects.media": objects.media,
            "objects.get": objects.get,
            "objects.patch": objects.patch,
            "objects.update": objects.update,
            "objects.delete": objects.delete,
            "objects.restore": objects.restore,
            "objects.rewrite": objects.rewrite,
            "objects.copy": objects.copy,
            "objects.move": objects.move,
            "objects.compose": objects.compose,
            "objects.insert": self.inserts.insert,
            "uploads.resumable.start": self.inserts.start,
            "uploads.resumable.put": self.inserts.put,
            "uploads.resumable.cancel": self.inserts.cancel,
            "uploads.multipart.start": xml.start,
            "uploads.multipart.put": xml.put_part,
            "uploads.multipart.finish": xml.finish,
            "uploads.multipart.cancel": xml.cancel,
            "xml.get": xml.get,
            "xml.head": xml.head,
            "xml.put": xml.put,
            "xml.delete": xml.delete,
            "notifications.list": notifications.list,
            "notifications.insert": notifications.insert,
            "notifications.get": notifications.get,
            "notifications.delete": notifications.delete,
            "serviceaccount.get": keys.account,
            "hmacKey.list": keys.list,
            "hmacKey.create": keys.create,
            "hmacKey.get": keys.get,
            "hmacKey.update": keys.update,
            "hmacKey.delete": keys.delete,
            "batch": self._batch,
            **EntriesApi(store).handlers(),
        }
