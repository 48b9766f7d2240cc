"""Messages, plain and streamed, sync and async."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import anthropic
import httpx2
import jsonschema
import pytest
from anthropic.types import message_count_tokens_params, message_create_params

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.anthropic.request import CountRequest, MessageRequest
from chaos.upstreams.model import ScriptError
from chaos.upstreams.prices import Price
from chaos.upstreams.rates import RateLimits
from chaos.upstreams.replies import Breaks, Calls, Refuses, Says
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.majors.__main__ import unknown_fields
from tests.chaos.upstreams.openai.asking import QUESTION, Clock, user
from tests.chaos.upstreams.sdk import transport
from tests.chaos.upstreams.typed import examples, keys

MODEL = "claude-haiku-4-5"
ORDER = {"type": "object", "properties": {"order": {"type": "integer"}}}
TOOLS: list[Any] = [
    {"name": "look_up", "input_schema": {"type": "object"}},
    {"name": "refund", "input_schema": ORDER},
]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


def client_of(upstream: AnthropicUpstream, **options: Any) -> anthropic.Anthropic:
    """A client that checks every field of every response, and does not retry."""
    return anthropic.Anthropic(
        api_key=options.pop("api_key", "sk-test"),
        max_retries=0,
        http_client=httpx2.Client(transport=transport(upstream.handle)),
        _strict_response_validation=True,
    )


def strict(**options: Any) -> anthropic.Anthropic:
    """The same over a new stand-in."""
    return client_of(AnthropicUpstream(**options))


def ask(client: anthropic.Anthropic, question: str = QUESTION, **options: Any) -> Any:
    """One message."""
    arguments: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 500,
        "messages": [user(question)],
    }
    return client.messages.create(**(arguments | options))


def streamed(client: anthropic.Anthropic, question: str = QUESTION, **options: Any) -> Any:
    """One streamed message, put together by the SDK's own accumulator."""
    with client.messages.stream(
        model=MODEL, max_tokens=500, messages=[{"role": "user", "content": question}], **options
    ) as stream:
        return stream.get_final_message()


def text_of(message: Any) -> str:
    """What a message says."""
    return "".join(block.text for block in message.content if block.type == "text")


def called(message: Any) -> list[str]:
    """The tools that a message asks for."""
    return [block.name for block in message.content if block.type == "tool_use"]


def test_message_quotes_the_question() -> None:
    """A message passes strict validation, and says what the stand-in for OpenAI would say."""
    message = ask(strict())

    assert message.stop_reason == "end_turn"
    assert text_of(message).startswith('You asked: "How do I reset')
    assert message.usage.output_tokens > message.usage.input_tokens > 0


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_no_field_is_of_our_own_invention(*, stream: bool) -> None:
    """The SDK's models know every field of an answer."""
    thinking = {"type": "enabled", "budget_tokens": 1024}
    options: dict[str, Any] = {"thinking": thinking, "max_tokens": 2000, "tools": TOOLS}
    client = strict(answers=Calls("refund", order=7, before="One moment."))

    answer = ask(client, stream=stream, **options)

    assert list(unknown_fields(list(answer) if stream else answer)) == []


def test_stream_says_what_the_plain_message_says() -> None:
    """The SDK's accumulator makes the same message of the events."""
    client = strict(answers=Calls("refund", order=7, before="One moment.") & Calls("look_up"))

    plain, stream = ask(client, tools=TOOLS), streamed(client, tools=TOOLS)

    assert text_of(stream) == text_of(plain) == "One moment."
    assert called(stream) == called(plain) == ["refund", "look_up"]
    assert stream.content[1].input == plain.content[1].input == {"order": 7}
    assert (stream.stop_reason, stream.usage.output_tokens) == (
        plain.stop_reason,
        plain.usage.output_tokens,
    )


def test_events_come_in_the_order_that_clients_rely_on() -> None:
    """A message starts, its block is filled, and it stops; a ping comes in between."""
    seen = [event.type for event in ask(strict(answers="One two."), stream=True)]

    body = AnthropicUpstream(answers="One two.").handle(post(stream=True)).body
    assert seen == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert b"event: ping\n" in body
    assert b"[DONE]" not in body


def test_async_client_gets_the_same() -> None:
    """The async SDK, plain and streamed."""
    upstream = AnthropicUpstream()
    client = anthropic.AsyncAnthropic(
        api_key="sk-test",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=transport(upstream.handle)),
        _strict_response_validation=True,
    )
    messages: list[Any] = [user(QUESTION)]

    async def both() -> tuple[str, str]:
        plain = await client.messages.create(model=MODEL, max_tokens=500, messages=messages)
        async with client.messages.stream(
            model=MODEL, max_tokens=500, messages=messages
        ) as stream:
            return text_of(plain), await stream.get_final_text()

    plain, stream = asyncio.run(both())

    assert plain == stream == text_of(ask(strict()))


@pytest.mark.parametrize(
    ("question", "choice", "expected"),
    [
        pytest.param("Please refund order 7.", {"type": "auto"}, ["refund"], id="named"),
        pytest.param("Is it down?", {"type": "auto"}, [], id="not named"),
        pytest.param("Is it down?", {"type": "any"}, ["look_up"], id="any"),
        pytest.param("Is it down?", {"type": "tool", "name": "refund"}, ["refund"], id="one"),
        pytest.param("Please refund order 7.", {"type": "none"}, [], id="none"),
    ],
)
def test_tool_choice_decides_what_is_called(
    question: str, choice: Any, expected: list[str]
) -> None:
    """The model calls what it must, and what it may if it was asked to."""
    message = ask(strict(), question, tools=TOOLS, tool_choice=choice)

    assert called(message) == expected
    assert message.stop_reason == ("tool_use" if expected else "end_turn")


def test_result_of_a_tool_leads_to_an_answer() -> None:
    """A whole round of a script: question, call, result, answer."""
    client = strict(answers={"refund": [Calls("refund", order=7), "It is done."]})
    first = ask(client, "A refund, please.", tools=TOOLS)
    block = first.content[0]
    result = {"type": "tool_result", "tool_use_id": block.id, "content": "ok"}
    messages = [
        user("A refund, please."),
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]

    last = ask(client, messages=messages, tools=TOOLS)

    assert text_of(last) == "It is done."


def test_blocks_are_taken_back_as_they_came() -> None:
    """A client may send back all that a block has, what was null included."""
    client = strict()
    choice: Any = {"type": "any"}
    first = ask(client, tools=TOOLS, tool_choice=choice)
    said = [block.model_dump() for block in first.content]
    result = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": "ok"}
    messages: Any = [
        user("?"),
        {"role": "assistant", "content": said},
        {"role": "user", "content": [result]},
    ]

    assert ask(client, messages=messages, tools=TOOLS).stop_reason == "end_turn"


def test_models_come_in_pages() -> None:
    """So many at most, after or before one of them."""
    client = strict()
    every = [model.id for model in client.models.list(limit=1000)]

    page = client.models.list(limit=2)
    after = client.models.list(limit=2, after_id=every[1])
    before = client.models.list(limit=2, before_id=every[4])

    assert [model.id for model in page.data] == every[:2]
    assert page.has_more
    assert [model.id for model in after.data] == [model.id for model in before.data] == every[2:4]
    with pytest.raises(anthropic.BadRequestError):
        client.models.list(limit=0)


def test_parallel_calls_can_be_switched_off() -> None:
    """Only the first of several calls is made then."""
    client = strict(answers=Calls("refund", order=7) & Calls("look_up"))
    one = {"type": "any", "disable_parallel_tool_use": True}

    assert called(ask(client, tools=TOOLS, tool_choice=one)) == ["refund"]


CALL = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": {}}


EPHEMERAL = {"type": "ephemeral"}


def picture(source: dict[str, Any]) -> dict[str, Any]:
    """A message of the user that is a picture."""
    return {"role": "user", "content": [{"type": "image", "source": source}]}


RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"max_tokens": 0}, "max_tokens: Input should be greater", id="no tokens"),
        pytest.param({"messages": []}, "at least one message is required", id="nothing"),
        pytest.param({"messages": [user("")]}, "must have non-empty content", id="empty"),
        pytest.param({"messages": [user("word " * 200_001)]}, "prompt is too long", id="long"),
        pytest.param({"max_tokens": 64_001, "stream": True}, "64001 > 64000", id="many tokens"),
        pytest.param({"stop_sequences": [" "]}, "must contain non-whitespace", id="blank stop"),
        pytest.param({"metadata": {"user_id": "u" * 257}}, "at most 256", id="long user"),
        pytest.param({"tools": [TOOLS[0], TOOLS[0]]}, "must be unique", id="two of a name"),
        pytest.param(
            {"tools": [{"name": "a", "input_schema": {"type": "array"}}]},
            "input_schema.type: Input should be 'object'",
            id="tool that takes a list",
        ),
        pytest.param(
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            "'additionalProperties' must be explicitly set to false",
            id="open format",
        ),
        pytest.param(
            {
                "system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]
                * 5
            },
            "Found 5",
            id="cached too often",
        ),
        pytest.param(
            {"messages": [picture({"type": "url", "url": "a"})]}, "source.url", id="no URL"
        ),
        pytest.param(
            {"messages": [picture({"type": "base64", "media_type": "image/png", "data": "!"})]},
            "invalid base64",
            id="no picture",
        ),
        pytest.param(
            {
                "messages": [
                    user("?"),
                    {"role": "assistant", "content": [CALL]},
                    {"role": "user", "content": [{"type": "text", "text": "a"}, RESULT]},
                ]
            },
            "without `tool_result` blocks",
            id="result after a text",
        ),
        pytest.param(
            {
                "extra_headers": {"anthropic-version": "2026-10-21"},
                "extra_body": {"temperature": 0.5},
            },
            "temperature: Extra inputs",
            id="taken away",
        ),
        pytest.param({"tool_choice": {"type": "any"}}, "while providing tools", id="no tools"),
        pytest.param(
            {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "mail"}},
            "'mail' not found",
            id="unknown tool",
        ),
        pytest.param(
            {"messages": [user("?"), {"role": "user", "content": [RESULT]}]},
            "unexpected `tool_use_id`",
            id="result without a call",
        ),
        pytest.param(
            {"messages": [user("?"), {"role": "assistant", "content": [CALL]}, user("!")]},
            "without `tool_result` blocks",
            id="call without a result",
        ),
        pytest.param(
            {
                "model": "claude-opus-4-6",
                "messages": [user("?"), {"role": "assistant", "content": "The"}],
            },
            "prefill",
            id="beginning of an answer",
        ),
        pytest.param(
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            "must be greater",
            id="more thoughts than tokens",
        ),
        pytest.param(
            {"messages": [{"role": "wizard", "content": "x"}]}, "Input should be", id="?"
        ),
    ],
)
def test_bad_request_is_refused_in_the_providers_words(
    options: dict[str, Any], message: str
) -> None:
    """A 400 says where and what, as Anthropic does."""
    with pytest.raises(anthropic.BadRequestError, match=message) as caught:
        ask(strict(), **options)

    assert caught.value.type == "invalid_request_error"


def test_older_version_still_has_what_was_taken_away() -> None:
    """In the version before, temperatures are taken, within their limits."""
    assert AnthropicUpstream().handle(post(temperature=0.5)).status == 200
    assert AnthropicUpstream().handle(post(temperature=1.5)).status == 400
    assert AnthropicUpstream().handle(post(thinking=THINKING, max_tokens=2000)).status == 200
    hot = post(thinking=THINKING, max_tokens=2000, temperature=0.5)
    assert b"may only be set to 1" in AnthropicUpstream().handle(hot).body


THINKING = {"type": "enabled", "budget_tokens": 1024}


@pytest.mark.parametrize(
    ("answers", "options", "reason", "sequence"),
    [
        pytest.param("one two three", {"max_tokens": 2}, "max_tokens", None, id="tokens"),
        pytest.param(
            "one two three",
            {"stop_sequences": ["three", "two"]},
            "stop_sequence",
            "two",
            id="stop sequence",
        ),
        pytest.param(Refuses("No."), {}, "refusal", None, id="refusal"),
    ],
)
def test_stop_reason_says_why(
    answers: Any, options: dict[str, Any], reason: str, sequence: str | None
) -> None:
    """Each way of ending has its reason, plain and streamed."""
    client = strict(answers=answers)

    message = ask(client, **options)
    last = [each for each in ask(client, stream=True, **options) if each.type == "message_delta"]

    assert (message.stop_reason, message.stop_sequence) == (reason, sequence)
    assert (last[0].delta.stop_reason, last[0].delta.stop_sequence) == (reason, sequence)


def test_thoughts_come_before_the_answer_and_cost_tokens() -> None:
    """With thinking there is a block of thoughts, signed, plain as streamed."""
    client = strict()
    thinking = {"type": "enabled", "budget_tokens": 1024}
    options: dict[str, Any] = {"thinking": thinking, "max_tokens": 2000}

    message, plain = ask(client, **options), ask(client)
    stream = [each.type for each in ask(client, stream=True, **options)]

    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[0].signature
    assert message.usage.output_tokens > plain.usage.output_tokens + 100
    assert stream.count("content_block_start") == 2


def test_answer_of_a_shape_fits_it() -> None:
    """With a format, the text is JSON that validates."""
    format_ = {"type": "json_schema", "schema": ORDER | {"additionalProperties": False}}

    message = ask(strict(), output_config={"format": format_})

    jsonschema.validate(json.loads(text_of(message)), ORDER)
    with pytest.raises(ScriptError):
        AnthropicUpstream(answers=Says("no JSON")).handle(post(output_config={"format": format_}))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (413, anthropic.APIStatusError, "request_too_large"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (502, anthropic.InternalServerError, None),
        (504, anthropic.InternalServerError, "timeout_error"),
        (529, anthropic.OverloadedError, "overloaded_error"),
    ],
)
def test_errors_have_the_shape_of_their_status(
    status: int, error: type[anthropic.APIStatusError], kind: str | None
) -> None:
    """Errors are Anthropic's own, with its overload; those of its proxy are HTML."""

    class Failing(AnthropicUpstream):
        """Fails always."""

        def handle(self, request: Request) -> Response:
            return self.failed(status)

    with pytest.raises(error) as caught:
        ask(client_of(Failing()))

    assert caught.value.type == kind
    assert caught.value.status_code == status


def test_stream_that_breaks_off_ends_in_an_error_event() -> None:
    """After some tokens comes an overload, and nothing after it; without a stream it is a 529."""
    client = strict(answers=Breaks(after=2))

    said: list[str] = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        read_into(said, ask(client, stream=True))
    with pytest.raises(anthropic.OverloadedError) as plain:
        ask(client)

    assert "".join(said) == "You asked:"
    assert caught.value.type == plain.value.type == "overloaded_error"
    assert plain.value.status_code == 529


def read_into(said: list[str], stream: Any) -> None:
    """Read a stream as far as it goes."""
    said.extend(event.delta.text for event in stream if event.type == "content_block_delta")


def test_limits_count_down_and_come_back(clock: Clock) -> None:
    """Headers tell what is left; what is too much is a 429 that says how long to wait."""
    upstream = AnthropicUpstream(limits=RateLimits(requests_per_minute=2, tokens_per_minute=100))

    answers = [upstream.handle(post()) for _ in range(3)]

    left = [each.header("anthropic-ratelimit-requests-remaining") for each in answers]
    tokens = [each.header("anthropic-ratelimit-input-tokens-remaining") for each in answers]
    assert [each.status for each in answers] == [200, 200, 429]
    assert left == ["1", "0", "0"]
    assert tokens == ["89", "78", "78"]
    assert answers[2].header("retry-after") == "30"
    assert answers[0].header("anthropic-ratelimit-requests-reset") == "2026-01-01T00:00:30Z"
    clock.advance(30)
    assert upstream.handle(post()).status == 200


def test_tokens_are_counted_without_an_answer() -> None:
    """The count is that which the answer would be billed by."""
    client = strict()
    messages: Any = [user(QUESTION)]

    counted = client.messages.count_tokens(model=MODEL, messages=messages, tools=TOOLS)

    assert counted.input_tokens == ask(client, tools=TOOLS).usage.input_tokens


def test_models_are_those_of_the_test() -> None:
    """Models are listed and found, dated or not, and no others."""
    client = strict(models=["claude-x"])

    assert [model.id for model in client.models.list()] == ["claude-x"]
    assert ask(client, model="claude-x-20260101").model == "claude-x-20260101"
    with pytest.raises(anthropic.NotFoundError):
        ask(client)
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-y")
    with pytest.raises(anthropic.AuthenticationError):
        ask(client_of(AnthropicUpstream(), api_key="sk-invalid"))


def post(path: str = "/messages", **change: Any) -> Request:
    """A request as raw HTTP; a part that is to be missing is given as ``...``."""
    body = {"model": MODEL, "max_tokens": 100, "messages": [user(QUESTION)]} | change
    body = {key: value for key, value in body.items() if value is not ...}
    headers = {"x-api-key": "sk-test", "anthropic-version": "2023-06-01"}
    return Request(
        method="POST",
        url=f"https://api.anthropic.com/v1{path}",
        headers=headers,
        body=json.dumps(body).encode(),
    )


BODIES: Any = {
    "plain": ("/messages", message_create_params.MessageCreateParamsNonStreaming, MessageRequest),
    "streamed": ("/messages", message_create_params.MessageCreateParamsStreaming, MessageRequest),
    "count": (
        "/messages/count_tokens",
        message_count_tokens_params.MessageCountTokensParams,
        CountRequest,
    ),
}
HEADERS = {"workspace_id", "user_profile_id", "betas", "anthropic_beta"}
"""Keys of the SDK's types that travel as headers."""


@pytest.mark.parametrize("name", BODIES)
def test_everything_the_sdk_can_send_is_answered_or_refused(name: str) -> None:
    """A part of a request leads to an answer, the provider's 400, or an error that names it."""
    path, kind, _ = BODIES[name]
    upstream = AnthropicUpstream()
    ends = {"answered": 0, "invalid": 0, "unmodelled": 0}

    for _, example in examples(kind):
        body = {key: value for key, value in example.items() if key not in HEADERS}
        without = {"max_tokens": ...} if name == "count" else {}
        try:
            response = upstream.handle(post(path, **without, **{**body, "model": MODEL}))
        except UnmodelledError:
            ends["unmodelled"] += 1
        else:
            assert response.status in {200, 400}, response.body
            ends["answered" if response.status == 200 else "invalid"] += 1

    assert all(ends.values()), ends


@pytest.mark.parametrize("name", BODIES)
def test_no_word_that_the_sdk_knows_is_called_wrong(name: str) -> None:
    """A word of a few is taken, not modelled, or refused for what stands beside it."""
    path, kind, _ = BODIES[name]
    upstream = AnthropicUpstream()
    words = 0

    for place, example in examples(kind):
        if not place or not place[-1].startswith("=") or place[0] in HEADERS:
            continue
        words += 1
        body = {key: value for key, value in example.items() if key not in HEADERS}
        without = {"max_tokens": ...} if name == "count" else {}
        with contextlib.suppress(UnmodelledError):
            said = upstream.handle(post(path, **without, **{**body, "model": MODEL})).body.decode()
            assert "Input should be '" not in said, (place, said)

    assert words


@pytest.mark.parametrize("name", BODIES)
def test_every_key_of_the_sdk_is_declared_or_refused_by_name(name: str) -> None:
    """What a declaration does not have raises an error with exactly that name in it."""
    path, kind, declared = BODIES[name]
    known = {field.alias or key for key, field in declared.model_fields.items()}

    # The SDK marks these as obsolete by leaving them out of its types; the API still has them.
    assert known <= keys(kind) | {"temperature", "top_p", "top_k"}
    for key in {*keys(kind), "unheard_of"} - known - HEADERS:
        # A count takes no limit, and would name that as well.
        without = {"max_tokens": ...} if name == "count" else {}
        with pytest.raises(UnmodelledError) as caught:
            AnthropicUpstream().handle(post(path, **without, **{key: "anything"}))
        assert caught.value.parameters == (key,)


@pytest.mark.parametrize(
    ("name", "value"), [("anthropic-beta", "files-2025"), ("anthropic-version", "2099-01-01")]
)
def test_beta_features_are_refused_by_name(name: str, value: str) -> None:
    """A header that switches on what is not modelled is not ignored."""
    request = post()
    changed = Request(
        method="POST",
        url=request.url,
        headers={**request.headers, name: value},
        body=request.body,
    )

    with pytest.raises(UnmodelledError, match=name):
        AnthropicUpstream().handle(changed)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    ("reply", "text", "ended", "retry"),
    [
        pytest.param("Done.", "Done.", "finished", None, id="an answer"),
        pytest.param(Refuses("No."), "No.", "refused", False, id="a refusal"),
        pytest.param(Calls("refund"), None, "asks_for_tools", None, id="a call"),
        pytest.param("x " * 200, "x " * 100, "cut_short", None, id="cut"),
        pytest.param(Breaks(after=1, reply=Says("One two.")), "One", "failed", True, id="broken"),
    ],
)
def test_said_is_in_words_of_no_provider(
    reply: Any, text: str | None, ended: str, *, retry: bool | None, stream: bool
) -> None:
    """A reply is told as that of any other provider."""
    upstream, operation = AnthropicUpstream(answers=reply), Operation("messages")
    request = post(stream=stream, tools=TOOLS)
    response = upstream.handle(request)

    said = upstream.said(operation, request, response)

    assert said is not None
    silent = ended == "failed" and not stream
    assert (said.text or "").strip() == ("" if silent or text is None else text.strip())
    assert (said.ended, said.retry_can_help) == (ended, retry)
    assert said.whole is (ended in {"finished", "refused", "asks_for_tools"})


@pytest.mark.parametrize("events", [5, 6], ids=["before the reason", "after the reason"])
def test_stream_that_ends_too_soon_is_cut_short(events: int) -> None:
    """A message is whole only once its stream has stopped, whatever it said of its reason."""
    upstream, operation = AnthropicUpstream(answers="One."), Operation("messages")
    request = post(stream=True)
    response = upstream.handle(request)
    kept = b"\n\n".join(response.body.split(b"\n\n")[:events]) + b"\n\n"
    cut = Response(status=200, headers=response.headers, body=kept)

    said = upstream.said(operation, request, cut)

    assert said is not None
    assert (said.text, said.ended, said.whole) == ("One.", "cut_short", False)
    assert upstream.describe(operation, cut)["finish_reason"] is None
    assert (b"message_delta" in kept) is (events == 6)


@pytest.mark.parametrize(
    ("code", "retry"), [("rate_limit_exceeded", True), ("insufficient_quota", False)]
)
def test_errors_say_whether_another_try_can_help(code: str, *, retry: bool) -> None:
    """A balance that is too low does not come back by itself; an overload goes by."""
    upstream, operation = AnthropicUpstream(), Operation("messages")

    for response, helps in ((upstream.rate_limited(code), retry), (upstream.failed(529), True)):
        said = upstream.said(operation, post(), response)
        assert said is not None
        assert (said.ended, said.retry_can_help) == ("failed", helps)


def test_trace_knows_what_a_call_cost() -> None:
    """Text, reason, tokens and dollars; of an error, its type."""
    prices = {"claude-haiku-4-5": Price(input=1.0, output=5.0)}
    upstream = AnthropicUpstream(answers="One two three.", models=prices)
    operation = Operation("messages")

    described = upstream.describe(operation, upstream.handle(post()))

    assert (described["text"], described["finish_reason"]) == ("One two three.", "stop")
    assert (described["tokens_in"], described["tokens_out"]) == (11, 3)
    assert described["cost"] == pytest.approx((11 * 1.0 + 3 * 5.0) / 1e6)
    assert upstream.describe(operation, upstream.failed(529)) == {"code": "overloaded_error"}
    assert upstream.describe(operation, Response(status=200, body=b"{}")) == {}
