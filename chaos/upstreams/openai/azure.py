"""What is different where Azure serves OpenAI's API: keys, deployments, errors, filters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chaos.http import Request, Response, json_bytes, json_response
from chaos.upstreams import sse
from chaos.upstreams.bodies import parsed
from chaos.upstreams.openai.routes import Routed
from chaos.upstreams.refusal import RefusalError

_HOSTS = ("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")
_HARM = ("hate", "self_harm", "sexual", "violence")
_SAFE: Mapping[str, Any] = {name: {"filtered": False, "severity": "safe"} for name in _HARM}


def is_azure(request: Request, routed: Routed) -> bool:
    """Whether a request is for Azure: by its host, or by a deployment in its path."""
    if routed.deployment is not None:
        return True
    return is_at_azure(request)


def is_at_azure(request: Request) -> bool:
    """Whether the host of a request is one of Azure's."""
    # Most requests are for others, and taking a URL apart costs more than all the rest.
    return ".azure.com" in request.url and request.host.endswith(_HOSTS)


def key_of(request: Request) -> str:
    """The key or token that a request brings; empty if it has none."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    return request.headers.get("api-key", "") or bearer


def check(request: Request) -> None:
    """See to the key and to the version, which Azure wants in every query but that of its v1 API.

    Raises:
        RefusalError: One is missing or wrong.
    """
    key = key_of(request)
    if not key or key.startswith("sk-invalid"):
        raise RefusalError(
            error(
                401,
                "401",
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure "
                "to provide a valid key for an active subscription and use a correct regional "
                "API endpoint for your resource.",
            )
        )
    if "api-version" not in request.query and "/v1/" not in request.path:
        raise RefusalError(error(404, "404", "Resource not found"))


def with_model(request: Request, model: str) -> Request:
    """The request with the model behind the deployment in its body."""
    try:
        body = parsed(request.body)
    except ValueError:
        return request
    if not isinstance(body, dict):
        return request
    body["model"] = model
    return replace(request, body=json.dumps(body).encode())


def no_deployment() -> Response:
    """The 404 for a deployment that is not there."""
    return error(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment "
        "within the last 5 minutes, please wait a moment and try again.",
    )


def error(status: int, code: str, message: str) -> Response:
    """An error of Azure's own; those of the model behind it are OpenAI's."""
    return json_response(status, {"error": {"code": code, "message": message}})


def with_filters(response: Response) -> Response:
    """A completion with what the content filters say of it: nothing bad.

    A stream begins with a chunk that has no choices, but the verdict on the prompt: the
    chunk on which many a client has broken.
    """
    if response.status != 200:  # noqa: PLR2004 - OK
        return response
    prompt = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    if not sse.is_event_stream(response):
        body = response.json()
        choices = [each | {"content_filter_results": _SAFE} for each in body["choices"]]
        filtered = body | {"choices": choices, "prompt_filter_results": prompt}
        return replace(response, body=json_bytes(filtered))
    first = {
        "id": "",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": prompt,
    }
    return replace(response, body=sse.encode_event(first) + response.body)
