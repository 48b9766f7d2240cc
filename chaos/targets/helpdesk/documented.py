"""What the OpenAPI document of a service says, held against what the service did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from chaos.http import Request, Response
from chaos.targets.helpdesk.responses import events_of
from chaos.upstreams import sse

_DOCUMENT = "urn:openapi"
_NOBODYS = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
"""How a server answers what it does not offer, and therefore does not describe."""

_UNREADABLE = 422
_FOR_PROGRAMS = ("application/json", "application/problem+json", "text/event-stream")


class Documented:
    """Compares exchanges with an OpenAPI document.

    Args:
        document: As the service serves it; version 3.1, whose schemas are JSON Schema 2020-12.

    Example:
        >>> of_nothing = Documented({"paths": {}})
        >>> asked = Request(method="GET", url="http://desk/status")
        >>> said = Response(status=200, headers=(("content-type", "application/json"),))
        >>> list(of_nothing.differences(asked, said))
        ['GET /status: the OpenAPI document has no such operation']
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._registry = Registry().with_resource(
            _DOCUMENT, DRAFT202012.create_resource(dict(document))
        )

    def differences(self, request: Request, response: Response) -> Iterator[str]:
        """What a client that trusts the document would not have expected."""
        asked, status = f"{request.method} {request.path}", response.status
        media_type = (response.header("content-type") or "").partition(";")[0]
        place = self._place(request)
        if place is None:
            # Pages are for people, who read no OpenAPI.
            if media_type in _FOR_PROGRAMS and status not in _NOBODYS:
                yield f"{asked}: the OpenAPI document has no such operation"
            return
        described = self._at(*place, "responses", f"{status}")
        if described is None:
            yield f"{asked}: the OpenAPI document does not describe HTTP {status}"
            return
        yield from self._of_request(request, response, place)
        if media_type not in described.get("content", {}):
            yield f"{asked}: HTTP {status} is {media_type!r}, which the OpenAPI document lacks"
            return
        content = (*place, "responses", f"{status}", "content", media_type)
        for value in _values(media_type, response):
            if wrong := self._wrong(value, (*content, "schema")):
                yield f"{asked}: HTTP {status} is not as the OpenAPI document has it: {wrong}"

    def _of_request(
        self, request: Request, response: Response, place: tuple[str, ...]
    ) -> Iterator[str]:
        """Whoever keeps to the document is answered, and nobody else."""
        schema = (*place, "requestBody", "content", "application/json", "schema")
        if self._at(*schema) is None:
            return
        wrong = self._wrong(_json(request.body), schema)
        asked = f"{request.method} {request.path}"
        if wrong and response.status == HTTPStatus.OK:
            yield f"{asked}: the request was answered; the OpenAPI document refuses it: {wrong}"
        if not wrong and response.status == _UNREADABLE:
            yield f"{asked}: the request was refused; the OpenAPI document allows it"

    def _place(self, request: Request) -> tuple[str, ...] | None:
        """Where the document has the operation."""
        for path, operations in self._document["paths"].items():
            parts = re.split(r"\{\w+\}", path)
            if re.fullmatch("[^/]+".join(map(re.escape, parts)), request.path):
                method = request.method.lower()
                return ("paths", path, method) if method in operations else None
        return None

    def _at(self, *place: str) -> Any:  # noqa: ANN401 - JSON is anything
        found: Any = self._document
        for each in place:
            if each not in found:
                return None
            found = found[each]
        return found

    def _wrong(self, value: object, place: Iterable[str]) -> str | None:
        pointer = "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in place)
        schema = {"$ref": f"{_DOCUMENT}#{pointer}"}
        validator = Draft202012Validator(schema, registry=self._registry)
        error = best_match(validator.iter_errors(value))
        return None if error is None else f"{error.json_path}: {error.message}"


def _values(media_type: str, response: Response) -> list[object]:
    """What the schema of a response speaks of: its value, or each event."""
    if sse.is_event_stream(response):
        return [{"event": name, "data": data} for name, data in events_of(response)]
    return [_json(response.body)] if media_type in _FOR_PROGRAMS else []


def _json(body: bytes) -> object:
    """The value; what is no JSON is no object either, as all schemas want one."""
    try:
        return json.loads(body)
    except ValueError:
        return None
