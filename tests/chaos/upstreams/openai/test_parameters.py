"""Every parameter that the SDK knows is modelled or refused; none is accepted and ignored."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openai.types import (
    batch_create_params,
    batch_list_params,
    completion_create_params,
    embedding_create_params,
    file_list_params,
    moderation_create_params,
)
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.chat import completion_list_params as chat_list_params
from openai.types.responses import (
    input_item_list_params,
    response_create_params,
    response_retrieve_params,
)
from pydantic import BaseModel

from chaos.http import Request
from chaos.upstreams.declared import Declared, DeclaredQuery
from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.openai.batches import BatchRequest
from chaos.upstreams.openai.chat.request import ChatRequest
from chaos.upstreams.openai.chat.stored import StoredQuery
from chaos.upstreams.openai.completions import CompletionRequest
from chaos.upstreams.openai.embeddings import EmbeddingRequest
from chaos.upstreams.openai.files import FilesQuery
from chaos.upstreams.openai.listing import OrderedPageQuery, PageQuery
from chaos.upstreams.openai.moderations import ModerationRequest
from chaos.upstreams.openai.responses.request import ResponseRequest, RetrieveQuery
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.majors.__main__ import problems
from tests.chaos.upstreams.openai.asking import chat, post, strict
from tests.chaos.upstreams.typed import examples, keys

BODIES: Mapping[str, tuple[str, Any, type[Declared], str]] = {
    "chat": (
        "/chat/completions",
        chat_create_params.CompletionCreateParamsNonStreaming,
        ChatRequest,
        "gpt-4o-mini",
    ),
    "streamed chat": (
        "/chat/completions",
        chat_create_params.CompletionCreateParamsStreaming,
        ChatRequest,
        "gpt-4o-mini",
    ),
    "responses": (
        "/responses",
        response_create_params.ResponseCreateParamsNonStreaming,
        ResponseRequest,
        "gpt-4o-mini",
    ),
    "streamed responses": (
        "/responses",
        response_create_params.ResponseCreateParamsStreaming,
        ResponseRequest,
        "gpt-4o-mini",
    ),
    "legacy completions": (
        "/completions",
        completion_create_params.CompletionCreateParamsNonStreaming,
        CompletionRequest,
        "gpt-3.5-turbo-instruct",
    ),
    "embeddings": (
        "/embeddings",
        embedding_create_params.EmbeddingCreateParams,
        EmbeddingRequest,
        "text-embedding-3-small",
    ),
    "moderations": (
        "/moderations",
        moderation_create_params.ModerationCreateParams,
        ModerationRequest,
        "omni-moderation-latest",
    ),
    "batches": ("/batches", batch_create_params.BatchCreateParams, BatchRequest, ""),
}
"""Path, the SDK's type of its request, our declaration, and a model that serves it."""

QUERIES: Mapping[str, tuple[str, Any, type[DeclaredQuery]]] = {
    "stored chat": ("/chat/completions", chat_list_params.CompletionListParams, StoredQuery),
    "a response": (
        "/responses/resp_1",
        response_retrieve_params.ResponseRetrieveParamsNonStreaming,
        RetrieveQuery,
    ),
    "items": (
        "/responses/resp_1/input_items",
        input_item_list_params.InputItemListParams,
        OrderedPageQuery,
    ),
    "files": ("/files", file_list_params.FileListParams, FilesQuery),
    "batches": ("/batches", batch_list_params.BatchListParams, PageQuery),
}

FREE_FORM = {"metadata", "parameters", "schema", "logit_bias", "annotations", "logprobs"}
"""Keys whose objects have keys of the caller's own, or come back as they were given."""

FITTING = {
    "modalities": ["text"],
    "input_file_id": "file-1",
    "endpoint": "/v1/embeddings",
    "completion_window": "24h",
}
"""Values that fit better than the first of their type."""


def requests_of(name: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Requests of an operation, each with one part of what the SDK can send."""
    _, kind, _, model = BODIES[name]
    for path, example in examples(kind):
        fitting = {key: value for key, value in FITTING.items() if key in example}
        sent = {**fitting, **example} if path else {**example, **fitting}
        yield path, ({**sent, "model": model} if model and path[:1] != ("model",) else sent)


@pytest.mark.parametrize("name", BODIES)
def test_everything_the_sdk_can_send_is_answered_or_refused(name: str) -> None:
    """A part of a request leads to an answer, the provider's 400, or an error that names it."""
    path, *_ = BODIES[name]
    upstream = OpenAIUpstream()
    ends: dict[str, int] = {"answered": 0, "unmodelled": 0, "invalid": 0}

    for _, body in requests_of(name):
        try:
            response = upstream.handle(post(path, body))
        except UnmodelledError:
            ends["unmodelled"] += 1
        else:
            assert response.status in {200, 400, 404}, (body, response.body)
            ends["answered" if response.status == 200 else "invalid"] += 1

    assert ends["unmodelled"] or name in {"embeddings", "moderations"}, ends
    assert ends["answered"] or name == "batches", ends


@pytest.mark.parametrize("name", BODIES)
def test_no_word_that_the_sdk_knows_is_called_wrong(name: str) -> None:
    """A word of a few is taken, not modelled, or not for this model; it is never unknown."""
    path, *_ = BODIES[name]
    upstream = OpenAIUpstream()
    words = 0

    for place, body in requests_of(name):
        if not place or not place[-1].startswith("="):
            continue
        words += 1
        with contextlib.suppress(UnmodelledError):
            said = upstream.handle(post(path, body)).body.decode()
            assert "Supported values are" not in said or "not supported with" in said, (
                place,
                said,
            )

    assert words or name == "moderations"


@pytest.mark.parametrize("name", BODIES)
def test_every_top_level_key_of_the_sdk_is_declared_or_refused_by_name(name: str) -> None:
    """What a declaration does not have raises an error with exactly that name in it."""
    path, kind, declared, _ = BODIES[name]
    known = {field.alias or key for key, field in declared.model_fields.items()}
    least = next(body for _, body in requests_of(name))

    assert known <= keys(kind), "a parameter of our own invention"
    for key in keys(kind) - known:
        with pytest.raises(UnmodelledError) as caught:
            OpenAIUpstream().handle(post(path, {**least, key: "anything"}))
        assert caught.value.parameters == (key,)


@pytest.mark.parametrize("name", BODIES)
def test_no_part_of_a_request_lets_an_unknown_key_pass(name: str) -> None:
    """However deep in a request it stands, a key that nobody has declared is refused."""
    path, *_ = BODIES[name]
    upstream = OpenAIUpstream()
    placed = 0
    for _, body in requests_of(name):
        for spoiled in with_unknown_key(body):
            placed += 1
            with pytest.raises(UnmodelledError):
                upstream.handle(post(path, spoiled))

    assert placed


def with_unknown_key(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body with an unknown key in each of its objects, one at a time."""
    for place in places(body):
        spoiled = copy.deepcopy(body)
        inner: Any = spoiled
        for step in place:
            inner = inner[step]
        inner["unheard_of"] = 1
        yield spoiled


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there are objects of the API's own in a request."""
    if isinstance(value, dict):
        yield place
        for key, inner in value.items():
            if key not in FREE_FORM:
                yield from places(inner, (*place, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from places(inner, (*place, position))


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_key_of_the_sdk_is_declared_or_refused_by_name(name: str) -> None:
    """The same holds for queries."""
    path, kind, declared = QUERIES[name]
    upstream = OpenAIUpstream()
    if "resp_1" in path:
        path = path.replace("resp_1", upstream.handle(post("/responses", RESPONSE)).json()["id"])

    assert set(declared.model_fields) <= keys(kind)
    for key in {*keys(kind), "unheard_of"} - set(declared.model_fields):
        request = Request(
            method="GET",
            url=f"https://api.openai.com/v1{path}?{key}=1",
            headers={"authorization": "Bearer sk-test"},
        )
        with pytest.raises(UnmodelledError) as caught:
            upstream.handle(request)
        assert caught.value.parameters == (key,)


RESPONSE = {"model": "gpt-4o-mini", "input": "Is the VPN down?"}


def test_error_names_every_unmodelled_part_and_where_to_teach_it() -> None:
    """One message is enough to know what to leave out, and where to go otherwise."""
    with pytest.raises(UnmodelledError) as caught:
        chat(
            strict(),
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": "mp3"},
            extra_body={"messages": [{"role": "user", "content": "Hi", "mood": "good"}]},
        )

    assert caught.value.parameters == ("messages[0].mood", 'modalities[1]="audio"', "audio")
    assert caught.value.operation == "chat.completions"
    assert "declare them in chaos.upstreams.openai.chat.request" in str(caught.value)


def test_unmodelled_part_comes_before_a_mistake() -> None:
    """Nobody knows what the provider would say to the rest of such a request."""
    body = {"model": "gpt-4o-mini", "messages": [], "unheard_of": 1}

    with pytest.raises(UnmodelledError):
        OpenAIUpstream().handle(post("/chat/completions", body))


def declarations(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """A declaration and all those inside it."""
    found: set[type[BaseModel]] = set()

    def visit(thing: Any) -> None:
        new = isinstance(thing, type) and issubclass(thing, BaseModel) and thing not in found
        if new:
            found.add(thing)
            for field in thing.model_fields.values():
                visit(field.annotation)
        for inner in getattr(thing, "__args__", ()):
            visit(inner)

    visit(kind)
    return found


ALL = sorted(
    {
        inner
        for outer in [each[2] for each in BODIES.values()] + [each[2] for each in QUERIES.values()]
        for inner in declarations(outer)
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_declared_parameter_says_what_becomes_of_it(kind: type[BaseModel]) -> None:
    """A declaration is a promise in words, and closed to all that it does not name."""
    assert issubclass(kind, Declared)
    assert kind.model_config["extra"] == "forbid"
    assert all(field.description for field in kind.model_fields.values())


def test_sdk_sends_what_the_walk_sends() -> None:
    """The SDK does not hide a parameter that it has; the walk is about real requests."""
    with pytest.raises(UnmodelledError) as caught:
        chat(strict(), prediction={"type": "content", "content": "x"})

    assert caught.value.parameters == ("prediction",)


def test_every_call_is_valid_in_the_installed_version() -> None:
    """What `nox -s standins` shows of three major versions holds for this one, strictly."""
    assert list(problems()) == []
