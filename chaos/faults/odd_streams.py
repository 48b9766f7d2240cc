"""The fault by which a stream of events is odd: comments, gaps, errors, what gateways do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chaos.faults.behaviour import AlteringFault
from chaos.faults.completions import Payload, completion_objects, with_objects
from chaos.http import Response
from chaos.scenario.faults import StreamFault
from chaos.upstreams import sse
from chaos.upstreams.anthropic import errors as anthropic
from chaos.upstreams.openai import errors as openai

_COMMENT = b": keep-alive\n\n"
_EMPTY = b"data:\n\n"
_WITHOUT_DATA = b"event: ping\n\n"


class OddStream(AlteringFault[StreamFault]):
    """Events that a standard allows and few clients meet, and some that should not come.

    What is odd in a chunk or in its choices is odd in streams of chat completions alone; an error
    has the form of the API whose stream it interrupts.
    """

    model = StreamFault

    def alter(self, response: Response) -> Response:
        """Change a stream; what is none stays as it is, unless it can be odd in the same way."""
        match self.fault.as_:
            case "byte_order_mark":
                return _marked(response)
            case "content_parts":
                return _changed(response, _in_parts)
            case _ if not sse.is_event_stream(response):
                return response
            case "finish_reason":
                return _changed(response, self._for_another_reason)
            case _:
                return self._with_odd_events(response)

    def _with_odd_events(self, response: Response) -> Response:
        events = sse.split_events(response.body)
        before_end = sum(event != sse.DONE for event in events)
        if self.fault.after > before_end:
            return response
        first, rest = events[: self.fault.after], events[self.fault.after :]
        match self.fault.as_:
            case "comments":
                odd = [part for event in events for part in (_COMMENT, event)]
            case "without_done":
                odd = [event for event in events if event != sse.DONE]
            case "error_event":
                odd = [*first, _error_after(events)]
            case _:
                odd = [*first, *self._between(response), *rest]
        return replace(response, body=b"".join(odd))

    def _between(self, response: Response) -> Sequence[bytes]:
        """What comes between the other events; nothing where it has no place."""
        if self.fault.as_ == "empty_events":
            return [_EMPTY]
        if self.fault.as_ == "without_data":
            return [_WITHOUT_DATA]
        chunk = next(iter(completion_objects(response)), None)
        if chunk is None:
            return []
        # Azure's filter reports like this which letters it has looked at.
        seen = {"start_offset": 0, "end_offset": 0, "check_offset": 0}
        annotated = {"index": 0, "finish_reason": None, "content_filter_offsets": seen}
        choices = None if self.fault.as_ == "null_choices" else [annotated]
        return [sse.encode_event(chunk | {"choices": choices})]

    def _for_another_reason(self, choice: Payload) -> Payload:
        if not choice.get("finish_reason"):
            return choice
        return choice | {"finish_reason": self.fault.finish_reason}


def _marked(response: Response) -> Response:
    """With a byte order mark, if it is text that a client reads as JSON."""
    kind = response.header("content-type") or ""
    if not response.body or not kind.startswith(("text/event-stream", "application/json")):
        return response
    return replace(response, body=sse.BOM + response.body)


def _changed(response: Response, change: Callable[[Payload], Payload]) -> Response:
    """With every choice of every chunk changed, or those of the whole completion."""
    objects = [
        each | {"choices": [change(choice) for choice in each["choices"] or ()]}
        for each in completion_objects(response)
    ]
    return with_objects(response, objects)


def _in_parts(choice: Payload) -> Payload:
    """A choice whose text is a list, as models are given it and some gateways give it back."""
    changed = dict(choice)
    for key in ("message", "delta"):
        words = choice.get(key)
        if words and isinstance(words.get("content"), str):
            part = {"type": "text", "text": words["content"]}
            changed[key] = words | {"content": [part]}
    return changed


def _error_after(events: Sequence[bytes]) -> bytes:
    """The error by which a provider ends a stream that began like this."""
    try:
        opening = next(iter(sse.payloads(b"".join(events[:1]))))
        kind = str(opening.get("type"))
    except (StopIteration, ValueError, AttributeError):
        kind = ""  # another fault was here before
    if kind == "message_start":
        return sse.encode_named("error", anthropic.by_type("api_error")[1])
    told = openai.in_a_stream(None)
    if kind.startswith("response."):
        said = {"code": "server_error", "message": told["error"]["message"], "param": None}
        return sse.encode_named("error", {"type": "error", **said, "sequence_number": len(events)})
    return sse.encode_event(told)
