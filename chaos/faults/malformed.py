"""The fault by which a 200 carries something that nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from chaos.faults.behaviour import AlteringFault
from chaos.faults.completions import completion_objects, with_objects
from chaos.http import Response
from chaos.scenario.faults import MalformedFault
from chaos.upstreams.sse import is_event_stream, split_events

_PORTAL = Response(
    status=HTTPStatus.OK,
    headers=(("content-type", "text/html; charset=utf-8"),),
    body=(
        b"<!DOCTYPE html>\n<html><head><title>Network sign-in</title></head>\n"
        b"<body><h1>Please sign in to use this network</h1></body></html>\n"
    ),
)
_NOT_UTF8 = b"\xff\xfe"


class Malformed(AlteringFault[MalformedFault]):
    """A 200 whose body is not what the client expects.

    ``html`` is the page of a captive portal: it takes the place of the headers too, hashes among
    them. The others keep the headers. ``empty_choices`` and ``null_choices`` affect
    completions alone.
    """

    model = MalformedFault

    def alter(self, response: Response) -> Response:
        """Spoil a 200 that has a body."""
        if response.status != HTTPStatus.OK or not response.body:
            return response
        match self.fault.as_:
            case "html":
                return _PORTAL
            case "empty_object":
                as_json = response.with_headers([("content-type", "application/json")])
                return replace(as_json, body=b"{}")
            case "empty_choices" | "null_choices":
                choices: list[object] | None = [] if self.fault.as_ == "empty_choices" else None
                objects = [{**each, "choices": choices} for each in completion_objects(response)]
                return with_objects(response, objects)
            case "truncated_json":
                return replace(response, body=_truncated(response))
            case "invalid_utf8":
                middle = len(response.body) // 2
                body = response.body[:middle] + _NOT_UTF8 + response.body[middle:]
                return replace(response, body=body)


def _truncated(response: Response) -> bytes:
    """The first half of a body; of a stream, one event and the first half of another."""
    match split_events(response.body) if is_event_stream(response) else []:
        case [first, second, *_]:
            return first + second[: len(second) // 2] + b"\n\n"
        case _:
            return response.body[: len(response.body) // 2]
