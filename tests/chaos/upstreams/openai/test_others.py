"""Embeddings, moderations, legacy completions, files and batches, as the real SDK sees them."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from chaos.upstreams.openai import OpenAIUpstream
from chaos.upstreams.rates import RateLimits
from chaos.upstreams.replies import Breaks
from tests.chaos.upstreams.openai.asking import Clock, client_of, post, strict
from tests.chaos.upstreams.sdk import openai_client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        pytest.param("vpn", 1, id="a text"),
        pytest.param(["vpn", "printer"], 2, id="texts"),
        pytest.param([1, 2, 3], 1, id="tokens"),
        pytest.param([[1, 2], [3]], 2, id="lists of tokens"),
    ],
)
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "floats"])
def test_every_form_of_input_is_embedded(sent: Any, number: int, *, packed: bool) -> None:
    """Texts and tokens, one or several, packed or not: a vector of length one for each."""
    # The SDK takes Base64 apart before it validates nothing but floats.
    client = openai_client(OpenAIUpstream().handle, _strict_response_validation=not packed)
    form: dict[str, Any] = {} if packed else {"encoding_format": "float"}

    found = client.embeddings.create(model="text-embedding-3-small", input=sent, **form)

    assert [each.index for each in found.data] == list(range(number))
    for each in found.data:
        assert len(each.embedding) == 1536
        assert sum(x * x for x in each.embedding) == pytest.approx(1.0, abs=1e-4)
    assert found.usage.total_tokens > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"input": ""}, "empty string", id="empty text"),
        pytest.param({"input": []}, "empty array", id="nothing"),
        pytest.param({"input": ["a", ""]}, r"input\[1\]", id="an empty text among others"),
        pytest.param({"input": [-1]}, ">= 0", id="no token"),
        pytest.param({"dimensions": 5000}, "1536", id="too many dimensions"),
        pytest.param({"encoding_format": "hex"}, "Supported values", id="unknown format"),
    ],
)
def test_embedding_request_that_makes_no_sense_is_400(change: Any, message: str) -> None:
    """What cannot be embedded is refused, and the message says which part it is."""
    arguments: dict[str, Any] = {"model": "text-embedding-3-small", "input": "vpn"}

    with pytest.raises(openai.BadRequestError, match=message):
        strict().embeddings.create(**(arguments | change))


@pytest.mark.parametrize(
    ("sent", "flagged"),
    [
        pytest.param("Is the VPN down?", [[]], id="harmless"),
        pytest.param("Graphic violence/graphic!", [["violence", "violence/graphic"]], id="two"),
        pytest.param(["hate", "fine"], [["hate"], []], id="texts"),
        pytest.param(
            [
                {"type": "text", "text": "sexual"},
                {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
            ],
            [["sexual"]],
            id="text and picture",
        ),
    ],
)
def test_text_is_flagged_for_what_it_names(sent: Any, flagged: list[list[str]]) -> None:
    """A test makes a text flagged by writing the category into it; scores agree."""
    client = strict()

    results = client.moderations.create(model="omni-moderation-latest", input=sent).results

    for result, names in zip(results, flagged, strict=True):
        chosen = result.categories.model_dump(by_alias=True)
        scores = result.category_scores.model_dump(by_alias=True)
        assert [name for name, is_set in chosen.items() if is_set] == names
        assert [name for name, score in scores.items() if score > 0.5] == names
        assert result.flagged is bool(names)


def complete(client: openai.OpenAI, prompt: Any = "Once upon a time", **options: Any) -> Any:
    """One legacy completion."""
    return client.completions.create(model="gpt-3.5-turbo-instruct", prompt=prompt, **options)


def test_legacy_completion_goes_on_from_each_prompt() -> None:
    """Several prompts and choices are numbered through; the default limit is sixteen tokens."""
    client = strict()

    plain = complete(client, ["One", "Two"], n=2)
    echoed = complete(client, "One", echo=True, max_tokens=2)

    assert [choice.index for choice in plain.choices] == [0, 1, 2, 3]
    assert len({choice.text for choice in plain.choices}) == 4
    assert all(len(choice.text.split()) <= 16 for choice in plain.choices)
    assert plain.usage.completion_tokens == sum(len(c.text.split()) for c in plain.choices)
    assert echoed.choices[0].text == "OneYou asked:"


def test_legacy_stream_joins_up_to_the_plain_text() -> None:
    """Chunks have the shape of completions here, and end with a reason and the bill."""
    # Until the end, the reason is null; the SDK's model has no null, so nothing is validated.
    client = openai_client(OpenAIUpstream().handle)

    chunks = list(
        complete(client, stream=True, max_tokens=50, stream_options={"include_usage": True})
    )
    plain = complete(client, max_tokens=50)

    texts = [choice.text for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == plain.choices[0].text
    assert chunks[-2].choices[0].finish_reason == plain.choices[0].finish_reason == "stop"
    assert chunks[-1].usage == plain.usage


def test_legacy_probabilities_are_those_of_the_text() -> None:
    """Tokens, their places and their probabilities belong together."""
    choice = complete(strict(), logprobs=2).choices[0]

    odds = choice.logprobs
    assert "".join(odds.tokens) == choice.text
    assert odds.text_offset[2] == len(odds.tokens[0] + odds.tokens[1])
    assert all(len(each) == 2 for each in odds.top_logprobs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"best_of": 1, "n": 2}, "best_of", id="best of fewer"),
        pytest.param({"best_of": 2, "stream": True}, "stream", id="best of a stream"),
        pytest.param({"stream_options": {}}, "'stream' is enabled", id="no stream"),
        pytest.param({"logprobs": 6}, "<= 5", id="logprobs"),
    ],
)
def test_legacy_request_that_makes_no_sense_is_400(options: Any, message: str) -> None:
    """What the provider refuses is refused."""
    with pytest.raises(openai.BadRequestError, match=message):
        complete(strict(), **options)


def test_legacy_stream_that_breaks_off_ends_in_an_error() -> None:
    """After some tokens comes the error, and nothing after it."""
    client = openai_client(OpenAIUpstream(answers=Breaks(after=2)).handle)

    with pytest.raises(openai.APIError, match="had an error"):
        list(complete(client, stream=True))
    with pytest.raises(openai.InternalServerError):
        complete(client)


def test_files_are_kept_as_they_were_sent() -> None:
    """A file is uploaded, found, listed, read and deleted; its bytes are the same."""
    client = strict()
    data = bytes(range(256)) * 3

    file = client.files.create(file=("all bytes.bin", data), purpose="user_data")
    other = client.files.create(file=("b.jsonl", b"{}"), purpose="batch")

    assert (file.filename, file.bytes, file.purpose) == ("all bytes.bin", 768, "user_data")
    assert client.files.content(file.id).read() == data
    assert client.files.retrieve(file.id).id == file.id
    assert [each.id for each in client.files.list()] == [other.id, file.id]
    assert [each.id for each in client.files.list(purpose="batch")] == [other.id]
    assert [each.id for each in client.files.list(limit=1, order="asc")] == [file.id, other.id]
    client.files.delete(file.id)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    with pytest.raises(openai.BadRequestError, match="Supported values"):
        client.files.create(file=("a", b""), purpose="fun")  # type: ignore[arg-type]  # the point
    with pytest.raises(openai.NotFoundError):
        client.files.list(after="file-none").data  # noqa: B018 - asks for the page


def batch_file(client: openai.OpenAI, *bodies: Any, **change: Any) -> str:
    """A file of requests for chat completions."""
    lines = [
        {"custom_id": f"q{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for n, body in enumerate(bodies)
    ]
    data = "\n".join(json.dumps(line | change) for line in lines).encode()
    return client.files.create(file=("batch.jsonl", data), purpose="batch").id


def begin(client: openai.OpenAI, file_id: str) -> Any:
    """A batch of that file."""
    return client.batches.create(
        input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h"
    )


ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Is the VPN down?"}]}


def test_batch_is_answered_by_the_clock(clock: Clock) -> None:
    """A batch is validated, in progress and completed; good and bad lines are told apart."""
    client = strict(batch_takes_s=60.0)
    batch = begin(client, batch_file(client, ASKED, ASKED | {"n": 0}))

    seen = [batch.status]
    for _ in range(2):
        clock.advance(30.0)
        seen.append(client.batches.retrieve(batch.id).status)

    done = client.batches.retrieve(batch.id)
    assert seen == ["validating", "in_progress", "completed"]
    counts = done.request_counts
    assert counts is not None
    assert (counts.total, counts.completed, counts.failed) == (2, 1, 1)
    (good,) = json_lines(client, done.output_file_id)
    (bad,) = json_lines(client, done.error_file_id)
    alone = client.chat.completions.create(**ASKED)  # type: ignore[call-overload]  # plain data
    assert good["custom_id"] == "q0"
    (choice,) = good["response"]["body"]["choices"]
    assert choice["message"]["content"] == alone.choices[0].message.content
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("q1", 400)
    assert [each.id for each in client.batches.list()] == [batch.id]


def test_batch_has_one_model(clock: Clock) -> None:
    """The second one is a mistake in the file."""
    client = strict(batch_takes_s=60.0)
    batch = begin(client, batch_file(client, ASKED, ASKED | {"model": "gpt-4o"}))
    clock.advance(60.0)

    failed = client.batches.retrieve(batch.id)

    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert [(each.code, each.line) for each in failed.errors.data] == [("mismatched_model", 2)]


def test_batch_is_beside_the_limits(clock: Clock) -> None:
    """It draws on none of them, nor do they hold it up."""
    limits = RateLimits(requests_per_minute=1)
    client = strict(batch_takes_s=60.0, limits=limits)
    batch = begin(client, batch_file(client, ASKED, ASKED, ASKED))
    clock.advance(60.0)

    counts = client.batches.retrieve(batch.id).request_counts

    assert counts is not None
    assert counts.completed == 3
    assert client.chat.completions.create(**ASKED)  # type: ignore[call-overload]  # plain data


def test_output_of_a_batch_is_there_when_it_is_done(clock: Clock) -> None:
    """Whoever looks at the files first finds it, with the time at which it was written."""
    client = strict(batch_takes_s=60.0)
    batch = begin(client, batch_file(client, ASKED))
    clock.advance(30.0)
    assert [file.purpose for file in client.files.list()] == ["batch"]
    clock.advance(60.0)

    (output,) = (file for file in client.files.list() if file.purpose == "batch_output")

    assert output.created_at == batch.created_at + 60
    assert client.batches.retrieve(batch.id).output_file_id == output.id


def test_endpoint_of_azure_is_none_of_openai() -> None:
    """There, the version is a part of it."""
    client = strict()
    file_id = batch_file(client, ASKED, url="/chat/completions")
    with pytest.raises(openai.BadRequestError, match="Did you mean '/v1/chat/completions'"):
        client.batches.create(
            input_file_id=file_id,
            endpoint="/chat/completions",  # type: ignore[arg-type]  # it is wrong
            completion_window="24h",
        )


def json_lines(client: openai.OpenAI, file_id: str | None) -> list[Any]:
    """The lines of a file."""
    assert file_id is not None
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"url": "/v1/embeddings"}, "mismatched_endpoint", id="elsewhere"),
        pytest.param({"custom_id": "same"}, "duplicate_custom_id", id="same id twice"),
        pytest.param({"body": [1]}, "invalid_request", id="no object"),
    ],
)
def test_batch_that_is_not_well_formed_fails(clock: Clock, change: Any, code: str) -> None:
    """A batch with a bad line fails as a whole, and says which line it was."""
    client = strict(batch_takes_s=60.0)
    batch = begin(client, batch_file(client, ASKED, ASKED, **change))

    clock.advance(60.0)

    failed = client.batches.retrieve(batch.id)
    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert code in {each.code for each in failed.errors.data}
    assert failed.errors.data[-1].line == 2


def test_batch_can_be_cancelled_until_it_is_done(clock: Clock) -> None:
    """A cancelled batch is never answered; one that is done cannot be cancelled."""
    client = strict(batch_takes_s=60.0)
    early = begin(client, batch_file(client, ASKED))
    late = begin(client, batch_file(client, ASKED))

    assert client.batches.cancel(early.id).status == "cancelled"
    clock.advance(60.0)

    assert client.batches.retrieve(early.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="completed"):
        client.batches.cancel(late.id)
    with pytest.raises(openai.BadRequestError, match="expected a file for batches"):
        begin(client, "file-none")


def test_upload_without_a_file_is_400() -> None:
    """What is no form, or has no file in it, is refused."""
    request = post("/files", {"purpose": "batch"})

    assert OpenAIUpstream().handle(request).status == 400


def test_list_of_models_can_be_had_for_any_catalogue() -> None:
    """Models of the test's own are listed and found, with slashes in their names."""
    client = client_of(OpenAIUpstream(models=["qwen/qwen3"]))

    assert [model.id for model in client.models.list()] == ["qwen/qwen3"]
    assert client.models.retrieve("qwen/qwen3").id == "qwen/qwen3"
