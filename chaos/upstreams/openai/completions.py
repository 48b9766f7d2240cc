"""Legacy completions: a text goes on, without roles or messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from chaos.http import Response, json_response
from chaos.upstreams import model as imitation
from chaos.upstreams import sse, tokens
from chaos.upstreams.declared import Declared, only
from chaos.upstreams.model import Prompt, Turn
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.chat.api import STREAM_HEADERS
from chaos.upstreams.openai.chat.request import (
    NOTHING_TO_SEE,
    SAMPLING,
    Percent,
    Seed,
    Stops,
    StreamOptions,
)
from chaos.upstreams.openai.errors import in_a_stream, invalid_request
from chaos.upstreams.openai.logprobs import logprob, ranked
from chaos.upstreams.openai.models import Catalogue
from chaos.upstreams.openai.reading import Read
from chaos.upstreams.openai.windows import require_short_prompt
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.script import ReplyScript

_DEFAULT_MAX_TOKENS = 16


def _form(sent: object) -> str:
    if not isinstance(sent, list):
        return "<text>"
    match sent[:1]:
        case [int()]:
            return "<numbers>"
        case [list()]:
            return "<lists>"
        case _:
            return "<texts>"


Prompts = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[list[str], Field(min_length=1), Tag("<texts>")]
    | Annotated[list[int], Tag("<numbers>")]
    | Annotated[list[list[int]], Tag("<lists>")],
    Discriminator(_form),
]


class CompletionRequest(Declared):
    """``POST /completions``."""

    model: Annotated[str, Field(min_length=1)] = Field(description="One of the models it has.")
    prompt: Prompts | None = Field(
        default=None, description="A text or several, in words or in numbers of tokens."
    )
    n: Annotated[int, Field(ge=1, le=128)] | None = Field(
        default=None, description="So many choices for each prompt, each with a text of its own."
    )
    max_tokens: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="The text ends after so many tokens; 16 if nothing is said."
    )
    stop: Stops | None = Field(
        default=None, description="The text ends before the first of these."
    )
    stream: bool | None = Field(default=None, description="The answer comes as events.")
    stream_options: StreamOptions | None = Field(default=None, description="Needs `stream`.")
    echo: bool | None = Field(default=None, description="The prompt comes before the text.")
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = Field(
        default=None, description="Each token comes with its log probability."
    )
    best_of: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="Not less than `n`; the others are not seen, but cost tokens."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=None, description=SAMPLING
    )
    top_p: Percent | None = Field(default=None, description=SAMPLING)
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description=SAMPLING
    )
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description=SAMPLING
    )
    seed: Seed | None = Field(
        default=None, description="The same request has the same answer anyway."
    )
    logit_bias: Annotated[dict[str, float], only({})] | None = Field(
        default=None, description="Only if it is empty."
    )
    user: str | None = Field(default=None, description=NOTHING_TO_SEE)

    @property
    def prompts(self) -> Sequence[str]:
        """Each prompt as a text; numbers stay numbers, which nobody can read back."""
        match self.prompt:
            case None:
                return ["<|endoftext|>"]
            case str(text):
                return [text]
            case [int(), *_] as numbers:
                return [json.dumps(numbers)]
            case several:
                return [each if isinstance(each, str) else json.dumps(each) for each in several]

    @property
    def limit(self) -> int:
        """How many tokens each text may have."""
        return _DEFAULT_MAX_TOKENS if self.max_tokens is None else self.max_tokens

    @property
    def stops(self) -> Sequence[str]:
        """The stop sequences, as a list."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class CompletionsApi:
    """Answers requests for legacy completions."""

    def __init__(self, models: Catalogue, script: ReplyScript) -> None:
        self._models = models
        self._script = script

    def create(self, asked: Asked) -> Response:
        """Let each prompt go on, ``n`` times."""
        request = asked.body(CompletionRequest)
        model = self._models.find(request.model, "completion", asked)
        longest = max(map(tokens.count, request.prompts), default=0)
        require_short_prompt(model, longest, request.limit, "prompt")
        if request.best_of is not None and request.best_of < (request.n or 1):
            raise RefusalError(invalid_request("best_of must be greater than n", "best_of"))
        if request.best_of is not None and request.best_of > 1 and request.stream:
            raise RefusalError(invalid_request("Cannot stream results with best_of > 1"))
        if request.stream_options is not None and not request.stream:
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            raise RefusalError(invalid_request(message, "stream_options"))
        turns = [
            (prompt, self._turn(request, prompt, number))
            for prompt in request.prompts
            for number in range(request.n or 1)
        ]
        head = {
            "id": asked.new_id("cmpl-", 29),
            "object": "text_completion",
            "created": asked.now_s,
            "model": request.model,
            "system_fingerprint": "fp_simulated",
        }
        usage = _usage(request, [turn for _, turn in turns])
        breaks = next((turn.breaks for _, turn in turns if turn.breaks), None)
        if request.stream:
            chunks = _chunks(head, request, turns, usage)
            if breaks is None:
                return _stream(sse.encode_events(chunks))
            kept = [*chunks[: breaks.after], in_a_stream(breaks.code)]
            return _stream(b"".join(map(sse.encode_event, kept)))
        if breaks is not None:
            return json_response(500, in_a_stream(breaks.code))
        choices = [
            _choice(index, request, prompt, turn) for index, (prompt, turn) in enumerate(turns)
        ]
        return json_response(200, head | {"choices": choices, "usage": usage})

    def _turn(self, request: CompletionRequest, prompt: str, number: int) -> Turn:
        asked = Prompt(question=prompt, conversation=json.dumps(prompt))
        turn = imitation.take_turn(asked, self._script, choice=number)
        return imitation.end(turn, stops=request.stops, limit=request.limit)


def _stream(body: bytes) -> Response:
    return Response(status=200, headers=STREAM_HEADERS, body=body)


def _choice(index: int, request: CompletionRequest, prompt: str, turn: Turn) -> dict[str, Any]:
    text = (prompt if request.echo else "") + (turn.text or "")
    return {
        "index": index,
        "text": text,
        "logprobs": None if request.logprobs is None else _logprobs(text, request.logprobs),
        "finish_reason": "content_filter" if turn.filtered else "length" if turn.cut else "stop",
    }


def _chunks(
    head: Mapping[str, Any],
    request: CompletionRequest,
    turns: Sequence[tuple[str, Turn]],
    usage: Mapping[str, Any],
) -> list[dict[str, Any]]:
    options = request.stream_options
    usage_wanted = options is not None and bool(options.include_usage)
    empty = {"usage": None} if usage_wanted else {}
    chunks = []
    for index, (prompt, turn) in enumerate(turns):
        whole = _choice(index, request, prompt, turn)
        for word in tokens.split(whole["text"]):
            odds = None if request.logprobs is None else _logprobs(word, request.logprobs)
            choice = whole | {"text": word, "logprobs": odds, "finish_reason": None}
            chunks.append({**head, "choices": [choice], **empty})
        chunks.append({**head, "choices": [whole | {"text": "", "logprobs": None}], **empty})
    if usage_wanted:
        chunks.append({**head, "choices": [], "usage": usage})
    return chunks


def _logprobs(text: str, most: int) -> dict[str, Any]:
    words = tokens.split(text)
    lengths = accumulate((len(word) for word in words), initial=0)
    return {
        "tokens": words,
        "token_logprobs": [logprob(word, place) for place, word in enumerate(words)],
        "top_logprobs": [dict(ranked(word, place, most)) for place, word in enumerate(words)],
        "text_offset": list(lengths)[: len(words)],
    }


def _usage(request: CompletionRequest, turns: Sequence[Turn]) -> dict[str, int]:
    read = sum(tokens.count(prompt) for prompt in request.prompts)
    made = sum(turn.tokens for turn in turns)
    if request.best_of is not None:
        # Candidates that lost are paid for, too.
        made = made * request.best_of // (request.n or 1)
    return {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}


def read(response: Response) -> Read:
    """What a legacy completion says; of several choices, the first.

    Raises:
        ValueError: It is none.
    """
    try:
        streamed = sse.is_event_stream(response)
        return _read(sse.payloads(response.body) if streamed else [response.json()])
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a completion: {error}") from error


def _read(parts: Sequence[Any]) -> Read:
    broken = next((part["error"] for part in parts if "error" in part), None)
    mine = [each for part in parts for each in part.get("choices") or () if each["index"] == 0]
    if not mine and broken is None:
        raise ValueError("not a completion: no choices")
    usage: dict[str, int] = next(
        (part["usage"] for part in reversed(parts) if part.get("usage")), {}
    )
    reasons = [each["finish_reason"] for each in mine if each["finish_reason"]]
    return Read(
        text="".join(each["text"] for each in mine),
        finish_reason=reasons[-1] if reasons else None,
        error=broken and str(broken.get("code") or broken.get("type") or "error"),
        model=parts[0].get("model"),
        tokens_in=usage.get("prompt_tokens"),
        tokens_out=usage.get("completion_tokens"),
    )
