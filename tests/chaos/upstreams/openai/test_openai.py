"""The stand-in for OpenAI, as the real SDK sees it."""

from __future__ import annotations

import json
import time
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from chaos.http import Request, Response
from chaos.ports import Operation
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.upstreams.sdk import openai_client

CHAT = Operation("chat.completions")
QUESTION = "How do I reset my password when the portal is down?"


def ask(client: openai.OpenAI, question: str = QUESTION, **options: Any) -> ChatCompletion:
    """One plain chat completion."""
    arguments: dict[str, Any] = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": question}],
        "temperature": 0.6,
        "max_tokens": 500,
    }
    completion = client.chat.completions.create(**arguments | options)
    assert isinstance(completion, ChatCompletion)
    return completion


def ask_streamed(client: openai.OpenAI, **options: Any) -> list[ChatCompletionChunk]:
    """All chunks of one streamed chat completion."""
    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        **options,
    )
    return list(stream)


def post(body: object, *, key: str = "Bearer sk-test") -> Request:
    """A chat request as raw HTTP."""
    return Request(
        method="POST",
        url="https://api.openai.com/v1/chat/completions",
        headers={"authorization": key},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


@pytest.fixture
def upstream() -> OpenAIUpstream:
    """A new stand-in."""
    return OpenAIUpstream()


@pytest.fixture
def client(upstream: OpenAIUpstream) -> openai.OpenAI:
    """A client that checks every field of every response."""
    return openai_client(upstream.handle, _strict_response_validation=True)


def test_completion_quotes_the_question(client: openai.OpenAI) -> None:
    """A plain completion passes strict validation and begins from what was asked."""
    completion = ask(client)

    assert completion.choices[0].finish_reason == "stop"
    assert "How do I reset my password when the" in (completion.choices[0].message.content or "")
    assert completion.usage is not None
    assert completion.usage.total_tokens > completion.usage.prompt_tokens > 0


def test_stream_says_what_the_plain_completion_says(client: openai.OpenAI) -> None:
    """A streamed completion passes strict validation and joins up to the same text."""
    chunks = ask_streamed(client)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == ask(client).choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks][-1] == "stop"
    assert len(chunks) > 10
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_ends_with_the_usage_if_asked(client: openai.OpenAI) -> None:
    """With include_usage, the last chunk has no choices but the usage."""
    chunks = ask_streamed(client, stream_options={"include_usage": True})

    assert chunks[-1].choices == []
    assert chunks[-1].usage == ask(client).usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_texts_tell_conversations_apart(client: openai.OpenAI) -> None:
    """Two questions that begin alike get different texts; the same question the same one."""
    texts = [ask(client, f"{QUESTION} {end}").choices[0].message.content for end in "aba"]

    assert texts[0] == texts[2] != texts[1]


def test_answers_are_numbered_and_dated(
    client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids differ within a run and repeat in the next; ``created`` is the clock's."""
    monkeypatch.setattr(time, "time", lambda: 1_767_225_600.9)
    first, second = ask(client), ask(client)
    again = ask(openai_client(OpenAIUpstream().handle))

    assert first.id == again.id != second.id
    assert first.created == 1_767_225_600


def test_text_longer_than_the_limit_is_cut(client: openai.OpenAI) -> None:
    """When max_tokens runs out, the text is a part of the whole and says so."""
    cut, whole = ask(client, max_tokens=5).choices[0], ask(client).choices[0]

    assert cut.finish_reason == "length"
    assert (whole.message.content or "").startswith(cut.message.content or "-")
    assert len((cut.message.content or "").split()) == 5


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        pytest.param({"messages": []}, "messages", "empty_array", id="no messages"),
        pytest.param({"messages": 3}, "messages", "invalid_type", id="messages not a list"),
        pytest.param({"messages": ["hi"]}, "messages[0]", "invalid_type", id="text for a message"),
        pytest.param(
            {"messages": [{"role": "user", "content": None}]},
            "messages[0].content",
            "invalid_type",
            id="null content",
        ),
        pytest.param(
            {"messages": [{"role": "wizard", "content": "x"}]},
            "messages[0].role",
            "invalid_value",
            id="unknown role",
        ),
        pytest.param({"temperature": 2.1}, "temperature", "decimal_above_max_value", id="too hot"),
        pytest.param({"temperature": -1}, "temperature", "decimal_below_min_value", id="too cold"),
        pytest.param({"temperature": "hot"}, "temperature", "invalid_type", id="words"),
        pytest.param({"max_tokens": 0}, "max_tokens", "integer_below_min_value", id="no tokens"),
        pytest.param({"max_tokens": "x"}, "max_tokens", "invalid_type", id="text for a limit"),
        pytest.param({"model": ""}, None, None, id="no model"),
    ],
)
def test_bad_request_names_the_parameter(
    client: openai.OpenAI, change: dict[str, Any], param: str | None, code: str | None
) -> None:
    """A request that cannot be read is a 400 that says which part of it, as OpenAI does."""
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **change)

    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="half a body"),
        pytest.param([], id="a list"),
        pytest.param({"model": "gpt-4o-mini"}, id="messages missing"),
    ],
)
def test_unreadable_request_is_400(upstream: OpenAIUpstream, body: object) -> None:
    """What no SDK would send is refused too."""
    assert upstream.handle(post(body)).status == 400


def test_wrong_key_is_401(upstream: OpenAIUpstream) -> None:
    """A key that begins with sk-invalid is refused with the provider's code."""
    client = openai_client(upstream.handle, api_key="sk-invalid-1")

    with pytest.raises(openai.AuthenticationError) as caught:
        ask(client)

    assert caught.value.code == "invalid_api_key"


def test_missing_key_is_401(upstream: OpenAIUpstream) -> None:
    """A request without a key is refused before anything else is looked at."""
    assert upstream.handle(post(b"{", key="")).status == 401


def test_unknown_model_is_404(client: openai.OpenAI) -> None:
    """A model that does not exist is not found, and says which."""
    with pytest.raises(openai.NotFoundError, match="gpt-9") as caught:
        ask(client, model="gpt-9")

    assert caught.value.code == "model_not_found"


def test_unknown_path_is_404(upstream: OpenAIUpstream) -> None:
    """What the API does not have is not an operation, and is answered with 404."""
    request = Request(method="GET", url="https://api.openai.com/v1/unicorns")

    assert upstream.classify(request) is None
    assert upstream.handle(request).status == 404


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    """Every model of the list can be retrieved, and no other."""
    listed = [model.id for model in client.models.list()]

    assert "gpt-4o-mini" in listed
    assert [client.models.retrieve(name).id for name in listed] == listed
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_embeddings_are_unit_vectors_of_their_text(client: openai.OpenAI) -> None:
    """Embeddings pass strict validation; equal texts get equal vectors of length one."""
    result = client.embeddings.create(
        model="text-embedding-3-small",
        input=["vpn", "printer", "vpn"],
        dimensions=64,
        encoding_format="float",
    )
    vpn, printer, again = (item.embedding for item in result.data)

    assert vpn == again != printer
    assert sum(x * x for x in vpn) == pytest.approx(1.0)
    assert len(vpn) == 64


def test_embeddings_come_packed_if_asked(upstream: OpenAIUpstream) -> None:
    """Left alone, the SDK asks for Base64 and reads single-precision floats from it."""
    client = openai_client(upstream.handle)

    packed = client.embeddings.create(model="text-embedding-3-small", input="vpn")
    plain = client.embeddings.create(
        model="text-embedding-3-small", input="vpn", encoding_format="float"
    )

    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-7)


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_describe_tells_the_text_given(upstream: OpenAIUpstream, *, streamed: bool) -> None:
    """What the trace keeps of a completion is its whole text, streamed or not."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": QUESTION}]}
    response = upstream.handle(post(body | {"stream": streamed}))

    described = upstream.describe(CHAT, response)

    assert described["text"] == ask(openai_client(upstream.handle)).choices[0].message.content
    assert described["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"choices": []}', b'{"choices": null}', b"\xff", b"null"]
)
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_describe_says_nothing_of_nonsense(
    upstream: OpenAIUpstream, body: bytes, content_type: str
) -> None:
    """A body that is no completion is not described, whatever it is."""
    event = b"data: " + body + b"\n\n"
    for sent in (body, event):
        response = Response(status=200, headers=(("content-type", content_type),), body=sent)
        assert upstream.describe(CHAT, response) == {}


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "insufficient_quota"])
def test_rate_limits_tell_their_code(upstream: OpenAIUpstream, code: str) -> None:
    """Both kinds of 429 are RateLimitError; only the code tells them apart."""
    with pytest.raises(openai.RateLimitError) as caught:
        ask(openai_client(lambda _: upstream.rate_limited(code)))

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "error", "body_is"),
    [
        (400, openai.BadRequestError, dict),
        (401, openai.AuthenticationError, dict),
        (403, openai.PermissionDeniedError, dict),
        (404, openai.NotFoundError, dict),
        (408, openai.APIStatusError, dict),
        (409, openai.ConflictError, dict),
        (422, openai.UnprocessableEntityError, dict),
        (429, openai.RateLimitError, dict),
        (500, openai.InternalServerError, dict),
        (502, openai.InternalServerError, str),
        (503, openai.InternalServerError, dict),
        (504, openai.InternalServerError, str),
        (529, openai.InternalServerError, str),
        (599, openai.InternalServerError, dict),
    ],
)
def test_errors_have_the_shape_of_their_status(
    upstream: OpenAIUpstream, status: int, error: type[openai.APIStatusError], body_is: type
) -> None:
    """Errors of OpenAI are JSON that the SDK understands; errors of its proxy are HTML."""
    with pytest.raises(error) as caught:
        ask(openai_client(lambda _: upstream.failed(status)))

    assert isinstance(caught.value.body or caught.value.response.text, body_is)
    assert caught.value.response.status_code == status


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b'{"model": "text-embedding-3-small"}'],
    ids=["half a body", "a list", "nothing", "no input"],
)
def test_unreadable_embedding_request_is_400(upstream: OpenAIUpstream, body: bytes) -> None:
    """An embedding needs a model and an input."""
    request = Request(
        method="POST",
        url="https://api.openai.com/v1/embeddings",
        headers={"authorization": "Bearer sk-test"},
        body=body,
    )

    assert upstream.handle(request).status == 400


def test_embedding_of_an_unknown_model_is_404(client: openai.OpenAI) -> None:
    """A chat model does not embed."""
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="gpt-9", input="vpn")


def test_message_in_parts_is_read_as_one(client: openai.OpenAI) -> None:
    """A question that comes in parts is quoted like one that does not."""
    parts = [{"type": "text", "text": "Is the"}, {"type": "text", "text": "VPN down?"}]

    completion = ask(client, messages=[{"role": "user", "content": parts}])

    assert 'You asked: "Is the VPN down?"' in (completion.choices[0].message.content or "")


def test_models_are_not_described(upstream: OpenAIUpstream) -> None:
    """Only completions that came are described."""
    response = Response(status=200, body=b"{}")

    assert upstream.describe(Operation("models.list"), response) == {}
    assert upstream.describe(CHAT, upstream.failed(500)) == {}
