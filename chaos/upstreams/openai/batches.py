"""Batches: requests in a file, answered into another file after a while."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from chaos.http import Request, Response, json_response
from chaos.upstreams.bodies import parsed
from chaos.upstreams.declared import Declared, not_modelled_value
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.azure import is_at_azure
from chaos.upstreams.openai.chat.request import Metadata
from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.files import FilesApi, StoredFile
from chaos.upstreams.openai.listing import PageQuery, not_found, page
from chaos.upstreams.refusal import RefusalError

Endpoint = Literal[
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/responses",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
    "/chat/completions",
    "/embeddings",
    "/responses",
]
"""Those without a version are Azure's."""
_PICTURES = ("/v1/images/generations", "/v1/images/edits", "/v1/videos")
Answer = Callable[[Request], Response]

_DAY_S = 24 * 60 * 60
_VALIDATED = 0.1
"""The part of its time after which a batch is known to be well formed."""


class BatchRequest(Declared):
    """``POST /batches``."""

    input_file_id: str = Field(description="A file with the purpose `batch`, a request a line.")
    endpoint: Annotated[Endpoint, not_modelled_value(*_PICTURES)] = Field(
        description="Where all its requests go."
    )
    completion_window: Literal["24h"] = Field(description="The only one there is.")
    metadata: Metadata | None = Field(default=None, description="Kept with the batch.")


@dataclass(slots=True, kw_only=True)
class Batch:
    """A batch, whose state is that of the clock."""

    id: str
    request: BatchRequest
    lines: list[dict[str, Any]]
    created_at: int
    takes_s: float
    headers: Mapping[str, str]
    host: str
    errors: list[dict[str, Any]] = field(default_factory=list)
    cancelled_at: int | None = None
    output: StoredFile | None = None
    failures: StoredFile | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"completed": 0, "failed": 0})

    def status(self, now_s: float) -> str:
        """What it is doing now."""
        age_s = now_s - self.created_at
        if self.cancelled_at is not None:
            return "cancelled"
        if age_s < self.takes_s * _VALIDATED:
            return "validating"
        if self.errors:
            return "failed"
        return "in_progress" if age_s < self.takes_s else "completed"

    def resource(self, now_s: float) -> dict[str, Any]:
        """The batch as the API shows it."""
        status = self.status(now_s)
        validated_at = self.created_at + int(self.takes_s * _VALIDATED)
        done_at = self.created_at + int(self.takes_s)
        failed = {"object": "list", "data": self.errors} if status == "failed" else None
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.request.endpoint,
            "errors": failed,
            "input_file_id": self.request.input_file_id,
            "completion_window": self.request.completion_window,
            "status": status,
            "output_file_id": self.output.id if self.output else None,
            "error_file_id": self.failures.id if self.failures else None,
            "created_at": self.created_at,
            "in_progress_at": validated_at if status in {"in_progress", "completed"} else None,
            "expires_at": self.created_at + _DAY_S,
            "finalizing_at": done_at if status == "completed" else None,
            "completed_at": done_at if status == "completed" else None,
            "failed_at": validated_at if status == "failed" else None,
            "expired_at": None,
            "cancelling_at": self.cancelled_at,
            "cancelled_at": self.cancelled_at,
            "request_counts": {"total": len(self.lines), **self.counts},
            "metadata": self.request.metadata,
        }


class BatchesApi:
    """Answers batches.

    Args:
        files: Where they come from and go to.
        answer: Answers one of their requests.
        takes_s: How long a batch takes, in seconds of the clock.
    """

    def __init__(self, files: FilesApi, answer: Answer, *, takes_s: float) -> None:
        self._files = files
        self._answer = answer
        self._takes_s = takes_s
        self._batches: dict[str, Batch] = {}
        files.written_by(lambda: self._finish_all(int(time.time())))

    def create(self, asked: Asked) -> Response:
        """Begin a batch."""
        request = asked.body(BatchRequest)
        if not request.endpoint.startswith("/v1/") and not is_at_azure(asked.request):
            message = f"Invalid value: '{request.endpoint}'. Did you mean '/v1{request.endpoint}'?"
            raise RefusalError(invalid_request(message, "endpoint", "invalid_value"))
        stored = self._files.get(request.input_file_id)
        if stored is None or stored.purpose != "batch":
            message = f"Invalid input file '{request.input_file_id}': expected a file for batches."
            raise RefusalError(invalid_request(message, "input_file_id"))
        self._finish_all(asked.now_s)
        lines, errors = _read_lines(stored.data, request.endpoint)
        batch = Batch(
            id=asked.new_id("batch_", 32),
            request=request,
            lines=lines,
            errors=errors,
            created_at=asked.now_s,
            takes_s=self._takes_s,
            headers=asked.request.headers,
            host=asked.request.host,
        )
        self._batches[batch.id] = batch
        return self._shown(batch, asked)

    def retrieve(self, asked: Asked) -> Response:
        """How far a batch has come."""
        return self._shown(self._named(asked), asked)

    def cancel(self, asked: Asked) -> Response:
        """End a batch before its time."""
        batch = self._named(asked)
        status = batch.status(asked.now_s)
        if status in {"completed", "failed", "cancelled"}:
            message = f"Cannot cancel a batch with status '{status}'."
            raise RefusalError(invalid_request(message))
        batch.cancelled_at = asked.now_s
        return self._shown(batch, asked)

    def _named(self, asked: Asked) -> Batch:
        batch = self._batches.get(asked.ids["id"])
        if batch is None:
            raise RefusalError(not_found(asked.ids["id"]))
        return batch

    def _shown(self, batch: Batch, asked: Asked) -> Response:
        self._finish_all(asked.now_s)
        return json_response(200, batch.resource(asked.now_s))

    def _finish_all(self, now_s: float) -> None:
        """Answer what the batches have had the time for, whoever wants to see it."""
        for batch in self._batches.values():
            if batch.status(now_s) == "completed" and not any(batch.counts.values()):
                self._finish(batch)

    def _finish(self, batch: Batch) -> None:
        """Answer all requests of a batch, into a file for the good and one for the bad."""
        good: list[dict[str, Any]] = []
        bad: list[dict[str, Any]] = []
        for number, line in enumerate(batch.lines):
            response = self._answer(
                Request(
                    method="POST",
                    url=f"https://{batch.host}{line['url']}",
                    headers=batch.headers,
                    body=json.dumps(line["body"]).encode(),
                )
            )
            answered = {
                "id": f"{batch.id.replace('batch_', 'batch_req_')}{number}",
                "custom_id": line["custom_id"],
                "response": {
                    "status_code": response.status,
                    "request_id": response.header("x-request-id") or "",
                    "body": response.json(),
                },
                "error": None,
            }
            (good if response.status == 200 else bad).append(answered)  # noqa: PLR2004 - OK
        batch.counts = {"completed": len(good), "failed": len(bad)}
        batch.output = self._written(batch, "output", good)
        batch.failures = self._written(batch, "error", bad)

    def _written(self, batch: Batch, kind: str, lines: list[dict[str, Any]]) -> StoredFile | None:
        if not lines:
            return None
        name = f"{batch.id}_{kind}.jsonl"
        data = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        return self._files.add(
            f"file-{batch.id[6:26]}{kind}",
            name,
            "batch_output",
            data,
            created_at=batch.created_at + int(batch.takes_s),
        )

    def list(self, asked: Asked) -> Response:
        """Batches, newest first."""
        query = asked.query(PageQuery)
        shown = [self._shown(batch, asked).json() for batch in self._batches.values()]
        return page(shown[::-1], query)


def _read_lines(data: bytes, endpoint: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests of a file, and what is wrong with it."""
    lines: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for number, raw in enumerate(data.splitlines(), start=1):
        if raw.strip():
            wrong = _take(raw, endpoint, lines)
            errors += [
                {"code": code, "line": number, "message": text, "param": param}
                for code, text, param in wrong
            ]
    if not lines and not errors:
        errors.append(
            {"code": "empty_file", "line": None, "message": "The batch is empty.", "param": None}
        )
    return lines, errors


Wrong = tuple[str, str, str | None]
"""A code, what is wrong, and the key at fault."""


def _take(raw: bytes, endpoint: str, lines: list[dict[str, Any]]) -> list[Wrong]:
    """Add a line to those that are to be answered, unless something is wrong with it."""
    try:
        line = parsed(raw)
    except ValueError:
        line = None
    wrong = next(_mistakes(line, endpoint, lines), None)
    if wrong is not None:
        return [wrong]
    lines.append(line)
    return []


def _mistakes(line: Any, endpoint: str, lines: list[dict[str, Any]]) -> Iterator[Wrong]:  # noqa: ANN401 - JSON
    """What is wrong with a line; whoever asks for a second mistake has to bear with the first."""
    if not isinstance(line, dict):
        yield "invalid_json_line", "This line is not parseable as valid JSON.", None
    for key in ("custom_id", "method", "url", "body"):
        if key not in line:
            yield "missing_required_parameter", f"Missing required parameter: '{key}'.", key
    if line["method"] != "POST":
        yield "invalid_method", "The only supported method is POST.", "method"
    if not isinstance(line["body"], dict) or line["body"].get("stream"):
        yield "invalid_request", "The body has to be an object, and not one of a stream.", "body"
    if line["url"] != endpoint:
        message = f"The URL provided for this request does not match the batch's: {endpoint}."
        yield "mismatched_endpoint", message, "url"
    if line["custom_id"] in {each["custom_id"] for each in lines}:
        yield "duplicate_custom_id", "The custom_id is not unique.", "custom_id"
    first, model = (lines or [line])[0]["body"].get("model"), line["body"].get("model")
    if model != first:
        message = f"The model '{model}' does not match that of the batch, '{first}'."
        yield "mismatched_model", message, "body.model"
