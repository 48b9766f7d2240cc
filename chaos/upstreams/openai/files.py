"""Files, as far as batches need them: uploaded whole, listed, read and deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from chaos.http import Response, json_response
from chaos.upstreams.declared import Declared, MistakenError, read
from chaos.upstreams.forms import read_form
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.listing import OrderedPageQuery, not_found, page
from chaos.upstreams.openai.words import response_to
from chaos.upstreams.refusal import RefusalError

Purpose = Literal["assistants", "batch", "evals", "fine-tune", "user_data", "vision"]
"""What people upload files for; others are those that the provider writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that somebody uploaded, or that a batch has written."""

    id: str
    name: str
    purpose: str
    data: bytes = field(repr=False)
    created_at: int

    @property
    def resource(self) -> dict[str, Any]:
        """The file as the API shows it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "expires_at": None,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


class FileForm(Declared):
    """``POST /files``, a form."""

    purpose: Purpose = Field(description="Kept; batches take files for batches only.")


class FilesQuery(OrderedPageQuery):
    """``GET /files``."""

    limit: int = Field(default=10_000, ge=1, le=10_000, description="So many files at most.")
    purpose: str | None = Field(default=None, description="Only files with this purpose.")


class FilesApi:
    """Keeps files for one run."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._writers: list[Callable[[], None]] = []

    def written_by(self, writer: Callable[[], None]) -> None:
        """Let somebody add the files that the time since has brought, before anybody looks."""
        self._writers.append(writer)

    def add(
        self, file_id: str, name: str, purpose: str, data: bytes, *, created_at: int | None = None
    ) -> StoredFile:
        """Keep a file, which has just been made unless it is said when."""
        made_at = int(time.time()) if created_at is None else created_at
        stored = StoredFile(id=file_id, name=name, purpose=purpose, data=data, created_at=made_at)
        self._files[file_id] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """The file of that id; None if there is none."""
        return self._files.get(file_id)

    def create(self, asked: Asked) -> Response:
        """Keep what was uploaded."""
        form = read_form(asked.request)
        file = form.files.get("file")
        try:
            fields = read(
                FileForm, form.fields, upstream=asked.upstream, operation=asked.operation
            )
        except MistakenError as error:
            raise RefusalError(response_to(error.mistake)) from None
        if file is None:
            message = "'file' is a required property"
            raise RefusalError(invalid_request(message, "file", "missing_required_parameter"))
        name, data = file
        if fields.purpose == "batch" and not name.casefold().endswith(".jsonl"):
            message = "Invalid file format for Batch API. Must be .jsonl"
            raise RefusalError(invalid_request(message))
        stored = self.add(asked.new_id("file-", 24), name, fields.purpose, data)
        return json_response(200, stored.resource)

    def list(self, asked: Asked) -> Response:
        """Files, newest first unless asked otherwise."""
        query = asked.query(FilesQuery)
        self._look()
        files = [
            stored.resource
            for stored in self._files.values()
            if query.purpose in (None, stored.purpose)
        ]
        return page(files if query.order == "asc" else files[::-1], query)

    def retrieve(self, asked: Asked) -> Response:
        """What is known of a file."""
        return json_response(200, self._named(asked).resource)

    def content(self, asked: Asked) -> Response:
        """The bytes of a file."""
        stored = self._named(asked)
        headers = (
            ("content-type", "application/octet-stream"),
            ("content-disposition", f'attachment; filename="{stored.name}"'),
        )
        return Response(status=200, headers=headers, body=stored.data)

    def delete(self, asked: Asked) -> Response:
        """Forget a file."""
        stored = self._named(asked)
        del self._files[stored.id]
        return json_response(200, {"id": stored.id, "object": "file", "deleted": True})

    def _look(self) -> None:
        for write in self._writers:
            write()

    def _named(self, asked: Asked) -> StoredFile:
        self._look()
        stored = self._files.get(asked.ids["id"])
        if stored is None:
            raise RefusalError(not_found(asked.ids["id"]))
        return stored
