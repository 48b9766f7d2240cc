"""The operations of the Responses API, and the responses that are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from chaos.http import Response, json_response
from chaos.upstreams import model as imitation
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.chat.answering import THOUGHTS
from chaos.upstreams.openai.chat.api import STREAM_HEADERS
from chaos.upstreams.openai.errors import error, invalid_request
from chaos.upstreams.openai.listing import OrderedPageQuery, page
from chaos.upstreams.openai.models import Catalogue, Model
from chaos.upstreams.openai.responses import streaming
from chaos.upstreams.openai.responses.answering import Answer, Json
from chaos.upstreams.openai.responses.items import Item
from chaos.upstreams.openai.responses.pairs import KnownItems
from chaos.upstreams.openai.responses.prompting import items_of, prompt_of, tokens_of
from chaos.upstreams.openai.responses.request import ResponseRequest, RetrieveQuery
from chaos.upstreams.openai.windows import TOO_LONG, require_short_answer
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.script import ReplyScript
from chaos.upstreams.unmodelled import UnmodelledError

_QUEUED = 0.1
"""The part of its time that a response in the background waits for its turn."""

_CAN_BE_GONE_ON_FROM = frozenset({"completed", "incomplete"})

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A response that can be asked for again.

    Attributes:
        answer: What the model made of it.
        sent: The items of the request, as they are listed.
        conversation: All items up to here, those of the answer included.
        takes_s: How long it takes in the background; 0 if it was waited for.
        cancelled: Whether it was cancelled before it was done.
    """

    answer: Answer
    sent: tuple[Json, ...]
    conversation: tuple[Item, ...]
    takes_s: float
    cancelled: bool = False

    def resource(self, now_s: float) -> Json:
        """The response as it is at a time."""
        age_s = now_s - self.answer.created_at
        if self.cancelled:
            return self.answer.begun("cancelled")
        if age_s < self.takes_s:
            waiting = age_s < self.takes_s * _QUEUED
            return self.answer.begun("queued" if waiting else "in_progress")
        return self.answer.resource()


class ResponsesApi:
    """Answers requests, and keeps the responses of one run.

    Args:
        models: Those that can be asked.
        script: What they say.
        background_takes_s: How long a response in the background takes, in seconds of the clock.
    """

    def __init__(
        self, models: Catalogue, script: ReplyScript, *, background_takes_s: float
    ) -> None:
        self._models = models
        self._script = script
        self._takes_s = background_takes_s
        self._kept: dict[str, Kept] = {}
        self._known = KnownItems()

    def create(self, asked: Asked) -> Response:
        """Answer a request: at once, as events, or in the background."""
        request = asked.body(ResponseRequest)
        model = self._models.find(request.model, "chat", asked)
        sent = items_of(request)
        before = self._before(request.previous_response_id, asked)
        _require_something(before, sent)
        self._known.require_pairs(before, sent)
        require_short_answer(model, request.max_output_tokens, "max_output_tokens")
        conversation = _cut_to(model, request, [*before, *sent])
        prompt = prompt_of(request, conversation, model)
        effort = (request.reasoning and request.reasoning.effort) or "medium"
        thoughts = THOUGHTS[effort] if model.reasons else 0
        limit = request.max_output_tokens
        turn = imitation.take_turn(prompt, self._script)
        turn = imitation.end(turn, limit=None if limit is None else max(limit - thoughts, 0))
        if limit is not None and thoughts >= limit:
            # Whatever was to be said, the thoughts have used up its tokens.
            turn = replace(turn, text=None, refusal=None, calls=(), cut=True)
        answer = Answer(
            id=asked.new_id("resp_"),
            request=request,
            turn=turn,
            reasons=model.reasons,
            thoughts=thoughts if limit is None else min(thoughts, limit),
            tokens_in=tokens_of(request, conversation),
            created_at=asked.now_s,
        )
        kept = Kept(
            answer=answer,
            sent=tuple(_listed(answer, place, item) for place, item in enumerate(sent)),
            conversation=(*conversation, *_taken_back(answer)),
            # A stream shows it to its end, so one that is streamed has ended.
            takes_s=self._takes_s if request.background and not request.stream else 0.0,
        )
        self._known.remember(answer.output(), is_stored=request.store is not False)
        if request.store is not False:
            self._kept[answer.id] = kept
        if request.stream:
            return _stream(streaming.events(answer))
        return json_response(200, kept.resource(asked.now_s))

    def retrieve(self, asked: Asked) -> Response:
        """A response as it is now, or its events once more."""
        kept, query = self._named(asked), asked.query(RetrieveQuery)
        if not query.stream:
            return json_response(200, kept.resource(asked.now_s))
        created = kept.answer.request
        if not (created.background and created.stream):
            message = "Only responses created in the background, and with 'stream', can be "
            message += "streamed again."
            raise RefusalError(invalid_request(message, "stream"))
        after = -1 if query.starting_after is None else query.starting_after
        return _stream(streaming.events(kept.answer)[after + 1 :])

    def delete(self, asked: Asked) -> Response:
        """Forget a response."""
        kept = self._named(asked)
        del self._kept[kept.answer.id]
        self._known.forget(kept.answer.output())
        deleted = {"id": kept.answer.id, "object": "response", "deleted": True}
        return json_response(200, deleted)

    def cancel(self, asked: Asked) -> Response:
        """End a response in the background; one that is done stays as it is."""
        kept = self._named(asked)
        if not kept.answer.request.background:
            message = "Cannot cancel a synchronous response."
            raise RefusalError(invalid_request(message))
        if kept.resource(asked.now_s)["status"] in {"queued", "in_progress"}:
            kept = replace(kept, cancelled=True)
            self._kept[kept.answer.id] = kept
        return json_response(200, kept.resource(asked.now_s))

    def input_items(self, asked: Asked) -> Response:
        """The items that a request had, newest first unless asked otherwise."""
        kept, query = self._named(asked), asked.query(OrderedPageQuery)
        listed = list(kept.sent)
        return page(listed if query.order == "asc" else listed[::-1], query)

    def _before(self, previous: str | None, asked: Asked) -> tuple[Item, ...]:
        if previous is None:
            return ()
        kept = self._kept.get(previous)
        if kept is None:
            message = f"Previous response with id '{previous}' not found."
            code = "previous_response_not_found"
            raise RefusalError(invalid_request(message, "previous_response_id", code))
        status = kept.resource(asked.now_s)["status"]
        if status not in _CAN_BE_GONE_ON_FROM:
            # Whether the provider waits, refuses or leaves it out, its pages do not say.
            part = f'previous_response_id of a response that is "{status}"'
            raise UnmodelledError(asked.upstream, asked.operation, [part], taught_in=__name__)
        return kept.conversation

    def _named(self, asked: Asked) -> Kept:
        kept = self._kept.get(asked.ids["id"])
        if kept is None:
            message = f"Response with id '{asked.ids['id']}' not found."
            raise RefusalError(error(404, message, kind="invalid_request_error"))
        return kept


def _require_something(before: Sequence[Item], sent: Sequence[Item]) -> None:
    """See to it that there is something to answer."""
    if not before and not sent:
        message = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' "
        code = "missing_required_parameter"
        raise RefusalError(invalid_request(f"{message}must be provided.", "input", code))


def _cut_to(model: Model, request: ResponseRequest, items: list[Item]) -> list[Item]:
    """As much of a conversation as the model reads; its beginning may be left out if asked so.

    Raises:
        RefusalError: It is too long: the provider's 400.
    """
    if model.context is None:
        return items
    begin = 0
    while tokens_of(request, items[begin:]) > model.context:
        if request.truncation != "auto" or begin + 1 >= len(items):
            message = "Your input exceeds the context window of this model. Please adjust your "
            raise RefusalError(
                invalid_request(message + "input and try again.", "input", TOO_LONG)
            )
        begin += 1
    return items[begin:]


def _stream(listed: list[Json]) -> Response:
    return Response(status=200, headers=STREAM_HEADERS, body=streaming.encode(listed))


def _taken_back(answer: Answer) -> list[Item]:
    """The answer as items of the conversation that goes on from it."""
    return [_ITEM.validate_python(item) for item in answer.output() if answer.breaks is None]


def _listed(answer: Answer, place: int, item: Item) -> Json:
    """An item of the request as it is listed: with an id, and its text in parts."""
    listed: dict[str, Any] = json.loads(item.model_dump_json(exclude_none=True))
    prefix = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}
    listed.setdefault("id", answer.item_id(prefix.get(listed["type"], "rs"), -1 - place))
    listed.setdefault("status", "completed")
    if isinstance(listed.get("content"), str):
        said = listed["role"] == "assistant"
        part: Json = {"type": "output_text" if said else "input_text", "text": listed["content"]}
        listed["content"] = [part | ({"annotations": []} if said else {})]
    return listed
