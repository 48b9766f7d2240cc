"""Which request to OpenAI is which operation, on whatever path the API begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_ID = r"(?P<id>[^/]+)"

ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", "/chat/completions", "chat.completions"),
    ("GET", "/chat/completions", "chat.completions.list"),
    ("GET", f"/chat/completions/{_ID}", "chat.completions.retrieve"),
    ("POST", f"/chat/completions/{_ID}", "chat.completions.update"),
    ("DELETE", f"/chat/completions/{_ID}", "chat.completions.delete"),
    ("GET", f"/chat/completions/{_ID}/messages", "chat.completions.messages"),
    ("POST", "/responses", "responses.create"),
    ("GET", f"/responses/{_ID}", "responses.retrieve"),
    ("DELETE", f"/responses/{_ID}", "responses.delete"),
    ("POST", f"/responses/{_ID}/cancel", "responses.cancel"),
    ("GET", f"/responses/{_ID}/input_items", "responses.input_items"),
    ("POST", "/embeddings", "embeddings"),
    ("POST", "/moderations", "moderations"),
    ("POST", "/completions", "completions"),
    ("GET", "/models", "models.list"),
    ("GET", "/models/(?P<model>.+)", "models.retrieve"),
    ("POST", "/files", "files.create"),
    ("GET", "/files", "files.list"),
    ("GET", f"/files/{_ID}", "files.retrieve"),
    ("DELETE", f"/files/{_ID}", "files.delete"),
    ("GET", f"/files/{_ID}/content", "files.content"),
    ("POST", "/batches", "batches.create"),
    ("GET", "/batches", "batches.list"),
    ("GET", f"/batches/{_ID}", "batches.retrieve"),
    ("POST", f"/batches/{_ID}/cancel", "batches.cancel"),
)
"""Method, path below the base, and operation."""

OPERATIONS = tuple(operation for _, _, operation in ROUTES)
"""Every operation there is."""

QUERIED = frozenset(
    {"chat.completions.list", "chat.completions.messages", "responses.retrieve"}
    | {"responses.input_items", "files.list", "batches.list"}
)
"""Operations that declare what their query may have; those of all others are empty."""

_BASE = r"(?:/[^/]+)*?/v\d+(?:beta\d*)?|/openai/deployments/(?P<deployment>[^/]+)|/openai|"
"""Where the API may begin: anything that ends in a version, a deployment on Azure, or nothing."""


_Routes = tuple[tuple[str, re.Pattern[str], str], ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """An operation, and the parts of its path by name."""

    operation: str
    ids: Mapping[str, str]

    @property
    def deployment(self) -> str | None:
        """The deployment on Azure, which takes the place of the model."""
        return self.ids.get("deployment")


class Routes:
    """Finds operations.

    Args:
        base_path: Where the API begins, for a gateway with an unusual path: ``/proxy/openai``.

    Example:
        >>> Routes().find("POST", "/api/v1/chat/completions").operation
        'chat.completions'
        >>> Routes("/llm").find("GET", "/llm/models/gpt-4o").ids
        {'model': 'gpt-4o'}
    """

    def __init__(self, base_path: str | None = None) -> None:
        self._routes = _compiled(base_path)

    def find(self, method: str, path: str) -> Routed | None:
        """The operation; None if the API has no such thing."""
        return _found(self._routes, method, path)


# A request is looked up to name its operation, and again to be answered.
@lru_cache(maxsize=256)
def _found(routes: _Routes, method: str, path: str) -> Routed | None:
    for known, pattern, operation in routes:
        if known == method and (match := pattern.fullmatch(path)):
            found = match.groupdict().items()
            return Routed(operation, {name: unquote(value) for name, value in found if value})
    return None


# A stand-in is made for every run, and its routes are always the same.
@lru_cache(maxsize=16)
def _compiled(base_path: str | None) -> _Routes:
    base = _BASE if base_path is None else f"{_BASE}|{re.escape(base_path.rstrip('/'))}"
    return tuple(
        (method, re.compile(f"(?:{base}){path}"), operation) for method, path, operation in ROUTES
    )
