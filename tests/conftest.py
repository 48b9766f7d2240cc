"""What the tests of the service share: a clock that is told to move, and a provider to fail."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import freezegun
import freezegun.api
import httpx2
import openai
import pytest
from freezegun.api import FrozenDateTimeFactory

START = datetime(2026, 1, 1, tzinfo=UTC)

# A shell that runs the tests in the background has Ctrl-C ignored, in the processes that tests
# start too; tests that press it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Clock:
    """Frozen time; ``sleep`` moves it and remembers each wait, in seconds."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self._frozen = frozen
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Stand in for ``time.sleep``: note the wait and move on."""
        self.waits.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anyone having asked for it."""
        self._frozen.tick(timedelta(seconds=seconds))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Freeze time for the test; ``time.sleep`` moves it."""
    # The limit makes every thread see frozen time, not only code far from Thread.run.
    monkeypatch.setattr(freezegun.api, "call_stack_inspection_limit", 0)
    with freezegun.freeze_time(START, ignore=["_pytest."]) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        clock = Clock(frozen)
        monkeypatch.setattr(time, "sleep", clock.sleep)
        yield clock


Step = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


class Provider:
    """Stands in for OpenAI behind the real SDK; what it was sent is in ``requests``.

    Each request takes the next step of its script; after the last, it answers well.
    """

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self._script: list[Step] = []

    @property
    def calls(self) -> int:
        """How many requests arrived; a test that never counts them proves nothing."""
        return len(self.requests)

    def will(self, *steps: Step) -> None:
        """Add steps to the script: a response, an error to raise, or a function."""
        self._script += steps

    def client(self) -> openai.OpenAI:
        """Return an SDK client whose requests all come here, with the SDK's own defaults."""
        transport = httpx2.MockTransport(self._handle)
        return openai.OpenAI(api_key="sk-test", http_client=httpx2.Client(transport=transport))

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        step = self._script.pop(0) if self._script else completion()
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step


@pytest.fixture
def provider() -> Provider:
    """Return a provider that is well until told otherwise."""
    return Provider()


def completion(
    content: str | None = "Use the self-service portal.",
    *,
    finish_reason: str | None = "stop",
    refusal: str | None = None,
) -> httpx2.Response:
    """Return a chat completion as OpenAI writes it."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [choice],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
    }
    return httpx2.Response(200, json=body)


def failure(status: int, code: str | None = None, **headers: str) -> httpx2.Response:
    """Return an error as OpenAI writes it; ``retry_after="5"`` becomes ``retry-after: 5``."""
    error = {"message": "sorry", "type": "some_error", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={"error": error}, headers=named)


def event_stream(*deltas: str, finish_reason: str | None = "stop") -> bytes:
    """Return a streamed completion; without ``finish_reason`` it breaks off after the text."""
    chunks: list[dict[str, object]] = [
        {"delta": {"content": delta}, "finish_reason": None} for delta in ("", *deltas)
    ]
    if finish_reason is not None:
        chunks.append({"delta": {}, "finish_reason": finish_reason})
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = [json.dumps({**base, "choices": [{"index": 0, **chunk}]}) for chunk in chunks]
    if finish_reason is not None:
        events.append("[DONE]")
    return "".join(f"data: {event}\n\n" for event in events).encode()


def streamed(content: bytes) -> httpx2.Response:
    """Return a response that carries ``content`` as server-sent events."""
    return httpx2.Response(200, content=content, headers={"content-type": "text/event-stream"})
