"""The API where Azure serves it, and where gateways do, as the real SDK sees it."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest

from chaos.http import Request
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.upstreams.openai.asking import QUESTION, Clock, chat, client_of, post, respond
from tests.chaos.upstreams.sdk import openai_client, transport


def azure(upstream: OpenAIUpstream, **options: Any) -> openai.AzureOpenAI:
    """The SDK's client for Azure."""
    arguments: dict[str, Any] = {
        "azure_endpoint": "https://contoso.openai.azure.com",
        "api_version": "2024-10-21",
        "api_key": "key",
    }
    return openai.AzureOpenAI(
        **(arguments | options),
        max_retries=0,
        http_client=httpx2.Client(transport=transport(upstream.handle)),
    )


def test_deployment_takes_the_place_of_the_model() -> None:
    """A deployment has a name of its own; the answer is that of the model behind it."""
    upstream = OpenAIUpstream(deployments={"chat-eu": "gpt-4o"})

    completion = chat(azure(upstream), model="chat-eu")

    assert completion.model == "gpt-4o"
    assert QUESTION.split()[0] in completion.choices[0].message.content
    assert completion.choices[0].content_filter_results["hate"]["severity"] == "safe"
    assert completion.prompt_filter_results[0]["prompt_index"] == 0


def v1(upstream: OpenAIUpstream) -> openai.OpenAI:
    """The ordinary client at Azure's API without dates."""
    return openai_client(
        upstream.handle, base_url="https://contoso.openai.azure.com/openai/v1/", api_key="key"
    )


def test_deployment_may_stand_in_the_place_of_the_model() -> None:
    """Where no deployment is in the path, the model is the name of one."""
    upstream = OpenAIUpstream(deployments={"chat-eu": "gpt-4o"})

    completion = chat(v1(upstream), model="chat-eu")

    assert completion.model == "gpt-4o"
    assert completion.choices[0].content_filter_results["hate"]["severity"] == "safe"
    assert respond(azure(upstream), model="chat-eu").output_text
    with pytest.raises(openai.NotFoundError) as caught:
        chat(v1(upstream), model="nothing")
    assert caught.value.code == "DeploymentNotFound"


def test_stream_of_a_response_has_no_verdict_of_a_chat() -> None:
    """Its first event is its own."""
    first = next(iter(respond(v1(OpenAIUpstream()), stream=True)))
    assert first.type == "response.created"


@pytest.mark.parametrize("endpoint", ["/chat/completions", "/v1/chat/completions"])
def test_batch_on_azure_is_of_a_deployment(monkeypatch: pytest.MonkeyPatch, endpoint: Any) -> None:
    """Its key is Azure's, and its lines name the deployment."""
    clock = Clock(monkeypatch)
    upstream = OpenAIUpstream(deployments={"chat-eu": "gpt-4o"}, batch_takes_s=60.0)
    client = azure(upstream) if endpoint == "/chat/completions" else v1(upstream)
    body = {"model": "chat-eu", "messages": [{"role": "user", "content": QUESTION}]}
    line = {"custom_id": "q", "method": "POST", "url": endpoint, "body": body}
    file = client.files.create(file=("a.jsonl", json.dumps(line).encode()), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h"
    )
    clock.advance(60.0)

    done = client.batches.retrieve(batch.id)

    assert done.output_file_id is not None
    answered = json.loads(client.files.content(done.output_file_id).text)
    assert answered["response"]["body"]["model"] == "gpt-4o"


def test_first_chunk_on_azure_has_no_choices() -> None:
    """A stream begins with the verdict of the filter on the prompt, on which clients break."""
    chunks = list(chat(azure(OpenAIUpstream()), stream=True))

    assert chunks[0].choices == []
    said = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(said) == chat(client_of(OpenAIUpstream())).choices[0].message.content


def test_unknown_deployment_is_said_in_azures_words() -> None:
    """A deployment that is not there is 404, with a code of Azure's."""
    with pytest.raises(openai.NotFoundError) as caught:
        chat(azure(OpenAIUpstream()), model="nothing")

    assert caught.value.code == "DeploymentNotFound"


@pytest.mark.parametrize(
    "options",
    [{"api_key": "sk-invalid"}, {"azure_ad_token": "sk-invalid", "api_key": None}],
    ids=["key", "token"],
)
def test_bad_key_is_401_in_azures_words(options: dict[str, str | None]) -> None:
    """A key or a token that is not good is refused as Azure does it."""
    with pytest.raises(openai.AuthenticationError) as caught:
        chat(azure(OpenAIUpstream(), **options))

    assert caught.value.code == "401"


def test_token_does_for_a_key() -> None:
    """Entra's tokens come as bearers."""
    client = azure(OpenAIUpstream(), api_key=None, azure_ad_token="token")

    assert chat(client).choices


def test_version_is_wanted_in_the_query() -> None:
    """Without a version there is nothing at such a path; its v1 API does without."""
    upstream = OpenAIUpstream()
    url = "https://contoso.openai.azure.com/openai"
    headers = {"api-key": "key"}
    body = post("", {"model": "gpt-4o", "input": "Hi"}).body

    def answer(path: str) -> int:
        request = Request(method="POST", url=url + path, headers=headers, body=body)
        return upstream.handle(request).status

    assert answer("/responses") == 404
    assert answer("/responses?api-version=2025-03-01-preview") == 200
    assert answer("/v1/responses") == 200


@pytest.mark.parametrize(
    ("base_url", "base_path"),
    [
        pytest.param("https://api.openai.com/v1", None, id="as OpenAI"),
        pytest.param("https://gateway.test/api/v1", None, id="under a prefix"),
        pytest.param("https://gateway.test/openai/v2beta", None, id="another version"),
        pytest.param("https://gateway.test", None, id="at the root"),
        pytest.param("https://gateway.test/llm/proxy/", "/llm/proxy", id="anywhere"),
    ],
)
def test_api_may_begin_on_any_path(base_url: str, base_path: str | None) -> None:
    """Gateways have the API elsewhere; operations are the same."""
    upstream = OpenAIUpstream(base_path=base_path)
    client = openai_client(upstream.handle, base_url=base_url)

    assert chat(client).choices
    assert client.models.list().data
    assert client.responses.create(model="gpt-4o", input="Hi").output_text


@pytest.mark.parametrize(
    "path",
    ["/v1/vector_stores/vs_1/files", "/v1/threads/t/messages", "/elsewhere/chat/completions"],
)
def test_other_apis_are_not_mistaken_for_this_one(path: str) -> None:
    """A path that only ends like one of ours is no operation."""
    request = Request(method="GET", url=f"https://api.openai.com{path}")

    assert OpenAIUpstream().classify(request) is None
