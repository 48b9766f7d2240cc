"""Makes every call with the SDK that is installed: ``python -m tests.chaos.upstreams.majors``.

The SDK validates strictly. Prints a line for each call that did not pass, and one for all; exits
with 1 if there was any. With the newest major version, a field that the SDK does not know fails as
well: older versions cannot know the newer fields.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import openai
from pydantic import BaseModel

from chaos.http import Request
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.upstreams.majors.calls import CALLS, SCRIPTED

NEWEST = 3
_KNOWN = frozenset({"obfuscation", "store", "name"})
"""Fields that the newest models lack in places; the reference, or an earlier version, has them."""


def client_of(upstream: OpenAIUpstream) -> openai.OpenAI:
    """A client of whichever version, over the HTTP library that it uses."""
    library: Any
    if int(openai.__version__.partition(".")[0]) >= NEWEST:
        import httpx2 as library  # noqa: PLC0415 - older versions do without
    else:
        import httpx as library  # noqa: PLC0415 - newer versions do without

    def send(request: Any) -> Any:
        answer = upstream.handle(
            Request(
                method=request.method,
                url=str(request.url),
                headers=dict(request.headers),
                body=request.read(),
            )
        )
        return library.Response(answer.status, headers=list(answer.headers), content=answer.body)

    return openai.OpenAI(
        api_key="sk-test",
        max_retries=0,
        http_client=library.Client(transport=library.MockTransport(send)),
        _strict_response_validation=True,
    )


def unknown_fields(thing: Any, place: str = "") -> Iterator[str]:
    """Fields of an answer that the SDK's models do not have."""
    if isinstance(thing, BaseModel):
        for name in (thing.model_extra or {}).keys() - _KNOWN:
            yield f"{place}.{name}"
        for name in type(thing).model_fields:
            yield from unknown_fields(getattr(thing, name), f"{place}.{name}")
    elif isinstance(thing, list):
        for each in thing:
            yield from unknown_fields(each, f"{place}[]")


def problems() -> Iterator[str]:
    """What did not pass."""
    newest = int(openai.__version__.partition(".")[0]) >= NEWEST
    asked = {name: (None, call) for name, call in CALLS.items()} | dict(SCRIPTED)
    for name, (answers, call) in asked.items():
        try:
            came = call(client_of(OpenAIUpstream(answers=answers)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is told
            yield f"{name}: {type(error).__name__}: {error.__cause__ or error}"
            continue
        if newest:
            yield from (f"{name}: unknown field {each}" for each in {*unknown_fields(came)})


def main() -> int:
    """Make the calls, and tell."""
    found = list(problems())
    for each in found:
        sys.stdout.write(f"{each}\n")
    asked = len(CALLS) + len(SCRIPTED)
    failed = len({each.partition(":")[0] for each in found})
    sys.stdout.write(
        f"openai {openai.__version__}: {asked} calls, {asked - failed} strictly valid\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
