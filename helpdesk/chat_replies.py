"""Reading what a model said: one body or a stream of events, from OpenAI or a gateway like it.

Gateways take liberties with the form of a reply, and none of them costs an answer here: events
without data, comments, chunks without choices or without a delta, content in parts, a byte order
mark, a stream for whoever asked for a body and the other way round. How a reply *ends* is another
matter. Only ``stop`` ends a whole answer and ``length`` one that is cut; a reply that ends in any
other way, or does not end at all, is no answer, however well it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, Literal

import httpx2
from openai._streaming import ServerSentEvent, SSEDecoder
from pydantic import BaseModel, BeforeValidator, Field

from helpdesk.chat_errors import declined, error_in_reply, malformed

_BOM = b"\xef\xbb\xbf"
_END = "[DONE]"
_LONGEST_QUOTE = 40

OnText = Callable[[str], None]
"""Is handed each piece of an answer as it arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model said.

    Attributes:
        text: Its words, unchanged.
        finish_reason: Why it stopped: ``stop``, or ``length`` at the token limit.
        model: The model that answered, as it calls itself.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    model: str

    @property
    def truncated(self) -> bool:
        """Whether it stopped at the token limit, in the middle of what it had to say."""
        return self.finish_reason == "length"


def read_reply(response: httpx2.Response, on_text: OnText | None = None) -> Reply:
    """Return the reply that a response carries, reading its body to the end.

    What it is read as depends on what it is, not on what was asked for.

    Args:
        response: A success whose body has not been read.
        on_text: Is handed the pieces of a stream; a reply in one body is one piece. None of them
            is the answer before the whole is returned.

    Raises:
        ChatError: It is no answer, or none that can be used.
        httpx2.HTTPError: The body did not arrive whole.
        ValueError: It is not JSON, not UTF-8, or not what a model says.

    Example:
        >>> read_reply(httpx2.Response(200, json={"choices": [
        ...     {"message": {"content": "Restart it."}, "finish_reason": "stop"}]})).text
        'Restart it.'
    """
    draft = _Draft(on_text or (lambda _: None))
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        for event in _events(response.iter_bytes()):
            draft.add(_chunk(event))
    else:
        draft.add(_Chunk.model_validate_json(response.read().removeprefix(_BOM)))
    return draft.finished()


def _events(body: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Yield the events that carry something, up to the one that says that no more will come."""
    # An event ends with an empty line. One that is complete but for that line has said all it
    # had to say, and one that is not is no JSON.
    for event in SSEDecoder().iter_bytes(chain(_without_bom(body), (b"\n\n",))):
        if event.data.strip() == _END:
            return
        if event.data.strip():
            yield event


def _without_bom(body: Iterable[bytes]) -> Iterator[bytes]:
    pieces = iter(body)
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= len(_BOM):
            break
    yield head.removeprefix(_BOM)
    yield from pieces


def _chunk(event: ServerSentEvent) -> _Chunk:
    chunk = _Chunk.model_validate_json(event.data)
    if event.event == "error" and not chunk.error:
        raise error_in_reply(json.loads(event.data))
    return chunk


def _text_of(content: object) -> object:
    """Join content that comes in parts; parts that are no text are not for the asker."""
    if not isinstance(content, list):
        return content
    parts = [
        part if isinstance(part, str) else _Part.model_validate(part).text for part in content
    ]
    return "".join(part for part in parts if part)


class _Part(BaseModel):
    text: str | None = None


class _Words(BaseModel):
    content: Annotated[str | None, BeforeValidator(_text_of)] = None
    refusal: str | None = None
    # Nothing was offered, so a model that wants to call something has not answered.
    tool_calls: Any = None
    function_call: Any = None


class _Choice(BaseModel):
    index: int | None = None
    # A body has a message, a stream has deltas; some gateways end a stream with the message.
    message: _Words | None = None
    delta: _Words | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    """A whole completion, or one event of a stream."""

    # None or empty where a chunk carries something else, such as the usage.
    choices: list[_Choice] | None = None
    model: str | None = None
    error: Any = Field(default=None)


class _Draft:
    """What has been said so far; thrown away with its attempt if that fails."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._text = ""
        self._refusal = ""
        self._wants_a_tool = False
        self._ends: list[str] = []
        self._model = ""

    def add(self, chunk: _Chunk) -> None:
        """Take in a chunk."""
        if chunk.error:
            raise error_in_reply(chunk.error)
        self._model = chunk.model or self._model
        for choice in chunk.choices or ():
            if not choice.index:
                self._add_choice(choice)

    def _add_choice(self, choice: _Choice) -> None:
        # A message after deltas repeats what they said.
        words = choice.delta or (choice.message if not self._text else None)
        if words is not None:
            self._refusal += words.refusal or ""
            self._wants_a_tool |= bool(words.tool_calls or words.function_call)
            if words.content:
                self._text += words.content
                self._on_text(words.content)
        if choice.finish_reason:
            self._ends.append(choice.finish_reason)

    def finished(self) -> Reply:
        """Return the reply, if it is one."""
        # Of several ends the one that is not "stop" is the true one: a gateway that breaks off
        # may still close the stream politely.
        end = next((end for end in self._ends if end != "stop"), None)
        end = end or next(iter(self._ends), None)
        return judged(self._text, self._refusal, end, self._model, wants_a_tool=self._wants_a_tool)


def judged(
    text: str, refusal: str, finish_reason: str | None, model: str, *, wants_a_tool: bool = False
) -> Reply:
    """Return the reply, if it is an answer: by what it says, and by how it ends.

    Raises:
        ChatError: It is none.
    """
    if finish_reason is None:
        raise malformed("the reply breaks off: it has no finish_reason")
    if finish_reason == "error":
        raise error_in_reply(None)
    if finish_reason == "content_filter" or refusal:
        raise declined(finish_reason)
    if wants_a_tool or finish_reason not in ("stop", "length"):
        end = repr(finish_reason[:_LONGEST_QUOTE])
        raise malformed(f"the reply ends in {end}, which is not how an answer ends")
    # Invisible characters alone are no words.
    if not any(letter.isalnum() for letter in text):
        raise declined(finish_reason)
    return Reply(text=text, finish_reason=finish_reason, model=model)  # type: ignore[arg-type] # narrowed just above
