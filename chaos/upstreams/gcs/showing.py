"""How every handler of the JSON API answers: with what was asked for of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chaos.http import Request, Response, json_response
from chaos.upstreams.gcs.resource import object_resource, select
from chaos.upstreams.gcs.store import StoredObject


def shown(request: Request, resource: Mapping[str, Any]) -> Response:
    """A resource, or the ``fields`` of it that the request asks for."""
    headers = (("etag", resource["etag"]),) if "etag" in resource else ()
    return json_response(HTTPStatus.OK, select(resource, request.query.get("fields")), headers)


def shown_object(request: Request, stored: StoredObject) -> Response:
    """An object, with who may do what if the request asks for that."""
    return shown(request, whole_object(request, stored))


def whole_object(request: Request, stored: StoredObject) -> dict[str, Any]:
    """The same as a part of a larger answer."""
    resource = object_resource(stored, full=is_full(request))
    if is_elsewhere(request):
        # Clients follow these, and must not be led to the real Cloud Storage.
        asked = urlsplit(request.url)
        for link in ("selfLink", "mediaLink"):
            resource[link] = (
                urlsplit(resource[link])
                ._replace(scheme=asked.scheme, netloc=asked.netloc)
                .geturl()
            )
    return resource


def is_elsewhere(request: Request) -> bool:
    """Whether the stand-in is asked at another address than Cloud Storage's own.

    Example:
        >>> is_elsewhere(Request(method="GET", url="http://127.0.0.1:8089/storage/v1/b/kb"))
        True
    """
    return not request.host.endswith("googleapis.com")


def is_full(request: Request) -> bool:
    """Whether a request asks for who may do what, too."""
    return request.query.get("projection") == "full"


def nothing() -> Response:
    """The answer to what leaves nothing to show."""
    return Response(status=HTTPStatus.NO_CONTENT)
