"""A Cloud Storage that answers inside the process, and a tiny embedder and knowledge base."""

from __future__ import annotations

import base64
import datetime as dt
import fnmatch
import io
import json
import re
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c
import numpy as np
import requests
import urllib3
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from requests.adapters import HTTPAdapter

from helpdesk.articles import Article
from helpdesk.embedding import Vectors, unit_length
from helpdesk.index_builder import BuiltIndex, build_index
from helpdesk.manifest import Manifest

BUCKET = "kb"
PREFIX = "helpdesk-index/"


class TinyEmbedder:
    """Counts words in 64 slots; enough to tell a printer from a password."""

    model = "tiny"
    dimensions = 64
    floor = 0.1

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        rows = np.zeros((len(texts), self.dimensions))
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"[a-z]+", text.lower()):
                row[zlib.crc32(word.encode()) % self.dimensions] += 1
        return unit_length(rows)


def article(name: str, body: str = "Do this.") -> Article:
    """An article about ``name``."""
    return Article(
        id=name,
        title=f"About {name}",
        category="general",
        tags=(name,),
        updated=dt.date(2026, 1, 1),
        body=body,
    )


def built(generation: str = "g1", *names: str) -> BuiltIndex:
    """A small index; different generations have different bytes."""
    articles = [
        article(name, f"Intro of {generation}.\n\n## Steps\n\nFix the {name}.")
        for name in names or ("password", "printer", "vpn")
    ]
    created_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return build_index(articles, TinyEmbedder(), generation=generation, created_at=created_at)


@dataclass(frozen=True)
class Reply:
    """What storage is about to answer; faults turn it into something worse."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    piece_bytes: int = 65536
    piece_delay_s: float = 0.0


Fault = Callable[[Reply], Reply]


def refuse(status: int, message: str = "no") -> Fault:
    """Answer with an error status."""
    return lambda reply: Reply(status=status, body=message.encode())


def redirect(to: str) -> Fault:
    """Send the caller elsewhere."""
    return lambda reply: Reply(status=302, headers={"Location": to})


def lose(error: BaseException) -> Fault:
    """Raise instead of answering."""
    return lambda reply: replace(reply, error=error)


def cut(length: int) -> Fault:
    """Send only the beginning, and keep the Content-Length."""
    return lambda reply: replace(reply, body=reply.body[:length])


def flip(*, silently: bool) -> Fault:
    """Change one bit of the body; ``silently`` leaves the hash header out."""

    def fault(reply: Reply) -> Reply:
        body = bytearray(reply.body)
        body[len(body) // 2] ^= 1
        headers = {k: v for k, v in reply.headers.items() if not silently or k != "X-Goog-Hash"}
        return replace(reply, body=bytes(body), headers=headers)

    return fault


def trickle(piece_bytes: int, delay_s: float) -> Fault:
    """Send a few bytes at a time."""
    return lambda reply: replace(reply, piece_bytes=piece_bytes, piece_delay_s=delay_s)


class FakeStorage(HTTPAdapter):
    """The JSON API of one bucket, mounted in the real SDK's session.

    Attributes:
        objects: Content and generation, by object name.
        seen: Each request as ``"GET name"`` or ``"POST name"``, in order.
        answers_lost: So many of the next uploads are stored and answered with 503.
        refuses_uploads: Status that every upload is answered with; None stores them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.seen: list[str] = []
        self.answers_lost = 0
        self.refuses_uploads: int | None = None
        self._faults: list[tuple[str, list[Fault]]] = []
        self._last_generation = 0

    def client(self) -> storage.Client:
        """The real client, talking to this."""
        client = storage.Client(project="test", credentials=_anonymous())
        client._http.mount("https://", self)
        return client

    def put(self, name: str, data: bytes) -> int:
        """Store an object; return its generation."""
        self._last_generation += 1
        self.objects[name] = (data, self._last_generation)
        return self._last_generation

    def publish(self, index: BuiltIndex) -> Manifest:
        """Store a generation as ``helpdesk index publish`` would, without requests."""
        located = index.manifest.located(PREFIX)
        generations = {
            name: self.put(located.files[name].object, data) for name, data in index.files.items()
        }
        manifest = index.manifest.located(PREFIX, generations)
        self.put(f"{PREFIX}manifest.json", manifest.to_bytes())
        return manifest

    def inject(self, pattern: str, fault: Fault, times: int = 1_000_000) -> None:
        """Apply a fault to the next ``times`` downloads of objects that match."""
        self._faults.append((pattern, [fault] * times))

    def heal(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer a request, as ``HTTPAdapter`` would after sending it."""
        url = urlsplit(request.url or "")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if request.method == "POST":
            reply, name = self._upload(request, query)
        else:
            name = unquote(url.path.rpartition("/o/")[2])
            reply = self._get(name, query)
            for pattern, faults in self._faults:
                if fnmatch.fnmatch(name, pattern) and faults:
                    reply = faults.pop()(reply)
        self.seen.append(f"{request.method} {name}")
        if reply.error:
            raise reply.error
        raw = urllib3.HTTPResponse(
            body=io.BufferedReader(_Body(reply)),
            status=reply.status,
            headers=dict(reply.headers),
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)

    def _get(self, name: str, query: Mapping[str, str]) -> Reply:
        if name not in self.objects:
            return Reply(status=404, body=f"No such object: {BUCKET}/{name}".encode())
        data, generation = self.objects[name]
        if int(query.get("ifGenerationMatch", generation)) != generation:
            return Reply(status=412)
        if query.get("alt") != "media":
            return _json(_facts(name, data, generation))
        headers = {
            "Content-Length": str(len(data)),
            "X-Goog-Generation": str(generation),
            "X-Goog-Hash": f"crc32c={_crc32c(data)}",
            "X-Goog-Stored-Content-Length": str(len(data)),
        }
        return Reply(body=data, headers=headers)

    def _upload(
        self, request: requests.PreparedRequest, query: Mapping[str, str]
    ) -> tuple[Reply, str]:
        assert isinstance(request.body, bytes)
        boundary = request.body.partition(b"\r\n")[0]
        _, facts, content, _ = request.body.split(boundary)
        name = json.loads(facts.partition(b"\r\n\r\n")[2])["name"]
        if self.refuses_uploads is not None:
            return Reply(status=self.refuses_uploads), name
        current = self.objects[name][1] if name in self.objects else 0
        if int(query.get("ifGenerationMatch", current)) != current:
            return Reply(status=412), name
        data = content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        reply = _json(_facts(name, data, self.put(name, data)))
        if self.answers_lost:
            self.answers_lost -= 1
            reply = Reply(status=503)
        return reply, name


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def _facts(name: str, data: bytes, generation: int) -> dict[str, str]:
    """What storage knows about an object."""
    facts = {"name": name, "generation": str(generation), "size": str(len(data))}
    return facts | {"crc32c": _crc32c(data)}


def _anonymous() -> AnonymousCredentials:
    return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth's


def _json(payload: object) -> Reply:
    return Reply(body=json.dumps(payload).encode(), headers={"Content-Type": "application/json"})


class _Body(io.RawIOBase):
    """Delivers a body piece by piece, taking its time."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._sent = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._reply.piece_delay_s:
            time.sleep(self._reply.piece_delay_s)
        end = self._sent + min(self._reply.piece_bytes, len(buffer))
        piece = self._reply.body[self._sent : end]
        buffer[: len(piece)] = piece
        self._sent += len(piece)
        return len(piece)
