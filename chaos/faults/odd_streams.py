"""The fault by which a stream of events is odd, though it comes to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chaos.faults.behaviour import AlteringFault
from chaos.faults.completions import completion_objects, with_objects
from chaos.http import Response
from chaos.scenario.faults import StreamFault
from chaos.upstreams import sse

_COMMENT = b": keep-alive\n\n"
_EMPTY = b"data:\n\n"
_WITHOUT_DATA = b"event: ping\n\n"
_ERROR = sse.encode_event(
    {
        "error": {
            "message": "The server had an error while processing your request.",
            "type": "server_error",
            "param": None,
            "code": None,
        }
    }
)


class OddStream(AlteringFault[StreamFault]):
    """Events that a standard allows and few clients meet, and some that should not come."""

    model = StreamFault

    def alter(self, response: Response) -> Response:
        """Change a stream; what is none stays as it is."""
        if not sse.is_event_stream(response):
            return response
        if self.fault.as_ == "finish_reason":
            return self._with_reason(response)
        events = sse.split_events(response.body)
        return replace(response, body=b"".join(self._changed(events)))

    def _changed(self, events: Sequence[bytes]) -> list[bytes]:
        first, rest = list(events[: self.fault.after]), list(events[self.fault.after :])
        match self.fault.as_:
            case "comments":
                return [part for event in events for part in (_COMMENT, event)]
            case "empty_events":
                return [*first, _EMPTY, *rest]
            case "without_data":
                return [*first, _WITHOUT_DATA, *rest]
            case "error_event":
                return [*first, _ERROR]
            case "without_done":
                return [event for event in events if event != sse.DONE]
            case "finish_reason":
                return list(events)

    def _with_reason(self, response: Response) -> Response:
        """Another reason to stop, wherever one is given; OpenAI's chunks alone have it there."""
        objects = [
            chunk
            | {
                "choices": [
                    choice | {"finish_reason": self.fault.finish_reason}
                    if choice.get("finish_reason")
                    else choice
                    for choice in chunk["choices"]
                ]
            }
            for chunk in completion_objects(response)
        ]
        return with_objects(response, objects)
