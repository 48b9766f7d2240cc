"""How every handler of the JSON API answers: with what was asked for of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chaos.http import Request, Response, json_response
from chaos.upstreams.gcs.resource import object_resource, select
from chaos.upstreams.gcs.store import StoredObject


def shown(request: Request, resource: Mapping[str, Any]) -> Response:
    """A resource, or the ``fields`` of it that the request asks for."""
    headers = (("etag", resource["etag"]),) if "etag" in resource else ()
    return json_response(HTTPStatus.OK, select(resource, request.query.get("fields")), headers)


def shown_object(request: Request, stored: StoredObject) -> Response:
    """An object, with who may do what if the request asks for that."""
    return shown(request, object_resource(stored, full=is_full(request)))


def is_full(request: Request) -> bool:
    """Whether a request asks for who may do what, too."""
    return request.query.get("projection") == "full"


def nothing() -> Response:
    """The answer to what leaves nothing to show."""
    return Response(status=HTTPStatus.NO_CONTENT)
