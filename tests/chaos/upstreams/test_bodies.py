"""Bodies that Python reads as JSON and no provider does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from chaos.http import Request
from chaos.ports import Upstream
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream

OPENAI = "https://api.openai.com/v1"
HEADERS = {"authorization": "Bearer sk", "x-api-key": "sk", "anthropic-version": "2023-06-01"}


def storage() -> GcsUpstream:
    """Cloud Storage with an object to change."""
    upstream = GcsUpstream()
    upstream.put("kb", "a", b"x")
    return upstream


MESSAGES = """{"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "%s"}],
"max_tokens": %s}"""

ASKED: Mapping[str, tuple[Callable[[], Upstream], str, str, str]] = {
    "chat": (
        OpenAIUpstream,
        "POST",
        f"{OPENAI}/chat/completions",
        '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "%s"}], "seed": %s}',
    ),
    "responses": (
        OpenAIUpstream,
        "POST",
        f"{OPENAI}/responses",
        '{"model": "gpt-4o-mini", "input": "%s", "max_output_tokens": %s}',
    ),
    "embeddings": (
        OpenAIUpstream,
        "POST",
        f"{OPENAI}/embeddings",
        '{"model": "text-embedding-3-small", "input": "%s", "dimensions": %s}',
    ),
    "messages": (
        AnthropicUpstream,
        "POST",
        "https://api.anthropic.com/v1/messages",
        MESSAGES,
    ),
    "objects": (
        storage,
        "PATCH",
        "https://storage.googleapis.com/storage/v1/b/kb/o/a",
        '{"cacheControl": "%s", "size": %s}',
    ),
}
"""How each is asked: a text and a number go into its body."""


@pytest.mark.parametrize("api", ASKED)
def test_body_that_only_python_reads_is_a_400(api: str) -> None:
    """The stand-in neither takes it nor breaks."""
    make, method, url, template = ASKED[api]
    upstream = make()

    def status(body: bytes) -> int:
        asked = Request(method=method, url=url, headers=HEADERS, body=body)
        return upstream.handle(asked).status

    good = template % ("hello", 100)
    assert status(good.encode()) == 200
    assert status((template % (r"whole: \ud83d\ude00", 100)).encode()) == 200
    bad = {
        "UTF-16": good.encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + good.encode(),
        "no UTF-8": b"\xff" + good.encode(),
        "NaN": (template % ("hello", "NaN")).encode(),
        "infinity": (template % ("hello", "1e999")).encode(),
        "half a pair": (template % (r"half: \ud83d", 100)).encode(),
        "too deep": (template % ("hello", "[" * 99_999)).encode(),
    }
    assert {name: status(body) for name, body in bad.items()} == dict.fromkeys(bad, 400)
