"""The application and the provider that each script tests, and how it tells what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import tenacity

RETRY_AFTER_S = 5
_WAITS: dict[str, Any] = {
    "stop": tenacity.stop_after_attempt(3),
    "wait": tenacity.wait_exponential(min=2, max=10),
    "retry": tenacity.retry_if_exception_type(openai.RateLimitError),
}
_ASKED: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
    ],
}


def ask(client: openai.OpenAI) -> None:
    """The application."""
    tenacity.Retrying(**_WAITS)(lambda: client.chat.completions.create(**_ASKED))


async def ask_async(client: openai.AsyncOpenAI) -> None:
    """The same with the asynchronous client."""

    async def call() -> object:
        return await client.chat.completions.create(**_ASKED)

    await tenacity.AsyncRetrying(**_WAITS)(call)


def responses() -> list[httpx2.Response]:
    """What the provider answers, in order."""
    refused = {"error": {"message": "Rate limit reached.", "code": "rate_limit_exceeded"}}
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return [
        httpx2.Response(429, headers=headers, json=refused),
        httpx2.Response(429, headers=headers, json=refused),
        httpx2.Response(200, json=ANSWER),
    ]


def transport() -> httpx2.MockTransport:
    """The provider, for one run."""
    due = iter(responses())
    return httpx2.MockTransport(lambda _: next(due))


def client() -> openai.OpenAI:
    """A client of the provider above, for one run."""
    http = httpx2.Client(transport=transport())
    return openai.OpenAI(api_key="sk-bench", max_retries=0, http_client=http)


def async_client() -> openai.AsyncOpenAI:
    """The same, asynchronous."""
    http = httpx2.AsyncClient(transport=transport())
    return openai.AsyncOpenAI(api_key="sk-bench", max_retries=0, http_client=http)


async def one_async_run() -> None:
    """A run of the asynchronous application, in whatever loop."""
    await ask_async(async_client())


def tell(run: Callable[[], str | None], *, clock: Callable[[], float] = time.perf_counter) -> None:
    """Do as many runs as the command line asks for, and print what came of them.

    Args:
        run: One run; gives the verdict of the tool, None if it has none.
        clock: Shows real time, whatever the tool does to time.
    """
    number = int(sys.argv[1])
    began_s = clock()
    verdicts = [run() for _ in range(number)]
    seconds = clock() - began_s
    said = {verdict or "none" for verdict in verdicts}
    print(json.dumps({"runs": number, "seconds": seconds, "verdicts": sorted(said)}))  # noqa: T201


def with_loop(make: Callable[[], asyncio.AbstractEventLoop]) -> Callable[[], None]:
    """One run in a new loop of that kind."""

    def run() -> None:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(one_async_run())

    return run
