"""The environment of the service, as a scenario describes it, and what OpenAI has to see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field

from chaos.http import Request
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node


class GivenEnvironment(Node):
    """``given.environment`` as a scenario writes it: variables that the SDK of OpenAI knows."""

    OPENAI_BASE_URL: str | None = Field(
        default=None,
        description="Where requests go, in place of the provider's own address.",
        examples=["https://api.openai.com/it/v1"],
    )
    OPENAI_ORG_ID: str | None = Field(
        default=None, description="The organization that is billed.", examples=["org-it"]
    )
    OPENAI_PROJECT_ID: str | None = Field(
        default=None, description="The project that is billed.", examples=["proj-helpdesk"]
    )
    OPENAI_CUSTOM_HEADERS: str | None = Field(
        default=None,
        description="Headers that a gateway asks for, one on each line.",
        examples=["X-Team: it"],
    )


ENVIRONMENT = Circumstance(model=GivenEnvironment)

_BILLED = {"openai-organization": "OPENAI_ORG_ID", "openai-project": "OPENAI_PROJECT_ID"}


def environment(given: Mapping[str, Any]) -> Mapping[str, str]:
    """The variables that are set."""
    read = ENVIRONMENT.read("environment", given.get("environment", {}))
    assert isinstance(read, GivenEnvironment), "it has no words"
    return read.model_dump(exclude_none=True)


def as_variables(settings: Mapping[str, object]) -> dict[str, str]:
    """The variables that say the same as these settings, as a person would write them.

    Example:
        >>> as_variables({"openai.timeout": timedelta(seconds=2), "openai.stream": True})
        {'HELPDESK_OPENAI__TIMEOUT': '2s', 'HELPDESK_OPENAI__STREAM': 'true'}
    """
    return {
        f"HELPDESK_{name.upper().replace('.', '__')}": _written(value)
        for name, value in settings.items()
    }


def _written(value: object) -> str:
    match value:
        case timedelta():
            whole_ms = round(value / timedelta(milliseconds=1))
            return f"{whole_ms}ms" if whole_ms % 1000 else f"{whole_ms // 1000}s"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def carried_wrongly(requests: Sequence[Request], environment: Mapping[str, str]) -> Iterator[str]:
    """What requests to OpenAI carry otherwise than the environment has it.

    Args:
        requests: Those that OpenAI was there to answer.
        environment: The variables that are set.
    """
    wanted = {name: environment.get(variable) for name, variable in _BILLED.items()}
    for line in environment.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
        header, _, said = line.partition(":")
        wanted[header.strip().lower()] = said.strip()
    for name, value in wanted.items():
        seen = {request.headers.get(name) for request in requests}
        for each in sorted(seen - {value}, key=str):
            yield f"{name} of a request to openai is {each!r}, and the environment has {value!r}"
    base = environment.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    for url in sorted({each.url for each in requests if not each.url.startswith(f"{base}/")}):
        yield f"a request to openai went to {url}, and the environment has {base}"
