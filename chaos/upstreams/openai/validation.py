"""Which chat requests OpenAI refuses to read, and in what words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaos.http import Response
from chaos.upstreams.openai.errors import invalid_request

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_MAX_TEMPERATURE = 2


def problem_with(raw: bytes) -> Response | None:
    """The provider's 400 for the body of a chat request; None if there is nothing wrong with it.

    Example:
        >>> problem_with(b'{"model": "m"}').json()["error"]["param"]
        'messages'
    """
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return invalid_request("We could not parse the JSON body of your request.")
    if not body.get("model"):
        return invalid_request("you must provide a model parameter")
    return (
        _problem_with_messages(body.get("messages"))
        or _problem_with_temperature(body.get("temperature"))
        or _problem_with_limits(body)
    )


def _problem_with_messages(messages: object) -> Response | None:
    if messages is None:
        return invalid_request(
            "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"
        )
    if not isinstance(messages, list):
        return invalid_request(
            "Invalid type for 'messages': expected an array of objects.",
            "messages",
            "invalid_type",
        )
    if not messages:
        return invalid_request(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got "
            "an empty array instead.",
            "messages",
            "empty_array",
        )
    problems = (_problem_with_message(each, f"messages[{i}]") for i, each in enumerate(messages))
    return next((problem for problem in problems if problem is not None), None)


def _problem_with_message(message: object, param: str) -> Response | None:
    if not isinstance(message, dict):
        return invalid_request(
            f"Invalid type for '{param}': expected an object.", param, "invalid_type"
        )
    role = message.get("role")
    if role not in _ROLES:
        known = ", ".join(f"'{each}'" for each in _ROLES)
        return invalid_request(
            f"Invalid value: '{role}'. Supported values are: {known}.",
            f"{param}.role",
            "invalid_value",
        )
    # Only an assistant that called a tool may have said nothing.
    if message.get("content") is None and role != "assistant":
        return invalid_request(
            "Invalid value for 'content': expected a string, got null.",
            f"{param}.content",
            "invalid_type",
        )
    return None


def _problem_with_temperature(temperature: object) -> Response | None:
    if temperature is None:
        return None
    if isinstance(temperature, bool) or not isinstance(temperature, (int, float)):
        return invalid_request(
            "Invalid type for 'temperature': expected a decimal.", "temperature", "invalid_type"
        )
    if temperature > _MAX_TEMPERATURE:
        return invalid_request(
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got "
            f"{temperature} instead.",
            "temperature",
            "decimal_above_max_value",
        )
    if temperature < 0:
        return invalid_request(
            "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got "
            f"{temperature} instead.",
            "temperature",
            "decimal_below_min_value",
        )
    return None


def _problem_with_limits(body: Mapping[str, Any]) -> Response | None:
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int):
            return invalid_request(
                f"Invalid type for '{name}': expected an integer.", name, "invalid_type"
            )
        if limit < 1:
            return invalid_request(
                f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got "
                f"{limit} instead.",
                name,
                "integer_below_min_value",
            )
    return None
