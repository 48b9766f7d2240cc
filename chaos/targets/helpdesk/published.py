"""The index that the helpdesk finds in its bucket and on its disk, written without its code.

The folder ``golden`` holds one generation as an earlier release published it. What comes after it
is made of those bytes by hand, and so are manifests and the copy on disk: a service that wrote and
read a format wrong in the same way would else find nothing amiss.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import google_crc32c

from chaos.upstreams.gcs import GcsUpstream

BUCKET = "helpdesk"
PREFIX = "helpdesk-index/"
INDEX, DOCUMENTS, MANIFEST = "index.faiss", "documents.json", "manifest.json"
ARTICLES = 12

_GOLDEN = Path(__file__).parent / "golden"
BORN = datetime(2025, 12, 1, tzinfo=UTC)
_REVISED = "help-desk-hours"
_DIMENSIONS = 512
_HEADER_BYTES = 45
_ROW_OF_REVISED = 25
_METRIC_AT = 33
_METRICS = {"inner_product": 0, "distance": 1}
"""As FAISS numbers them, in the header of a file."""


@cache
def files(number: int) -> Mapping[str, bytes]:
    """The files of the ``number``-th generation; no two have a file in common.

    One article carries the number, in its text and, so slightly that nothing else is found, in its
    vector. What is tested is how an index travels and ages, not what it finds.
    """
    golden = {name: (_GOLDEN / name).read_bytes() for name in (INDEX, DOCUMENTS)}
    if number == 1:
        return golden
    documents = json.loads(golden[DOCUMENTS])
    (article,) = (each for each in documents["articles"] if each["id"] == _REVISED)
    article["sections"][-1] += f"\n\nRevision {number}."
    return {
        INDEX: _revised(golden[INDEX], number),
        DOCUMENTS: json.dumps(documents, ensure_ascii=False, sort_keys=True).encode(),
    }


@cache
def files_of_another_kind(number: int) -> Mapping[str, bytes]:
    """The same, of an index that compares by distance: to FAISS as good as any other."""
    whole = files(number)
    index = bytearray(whole[INDEX])
    struct.pack_into("<i", index, _METRIC_AT, _METRICS["distance"])
    return {**whole, INDEX: bytes(index)}


def files_as_asked(number: int, parameters: Mapping[str, Any]) -> Mapping[str, bytes]:
    """The files that ``publish_index`` publishes, with what it says of them."""
    metric = parameters.get("metric", "inner_product")
    return files(number) if metric == "inner_product" else files_of_another_kind(number)


def content_sha256(number: int) -> str:
    """One hash over all files of a generation."""
    return sha256_of(files(number))


def sha256_of(content: Mapping[str, bytes]) -> str:
    """One hash over all of these files."""
    digest = hashlib.sha256()
    for name in (INDEX, DOCUMENTS):
        digest.update(content[name])
    return digest.hexdigest()


def publish(gcs: GcsUpstream, number: int, content: Mapping[str, bytes] | None = None) -> bytes:
    """Make a generation the published one, its manifest last; returns the manifest.

    Args:
        gcs: Where the bucket is.
        number: Of the generation.
        content: Its files, if they are not those of `files`.
    """
    content = files(number) if content is None else content
    placed = {
        name: gcs.put(BUCKET, f"{PREFIX}generations/{number}/{name}", data)
        for name, data in content.items()
    }
    manifest = _manifest(number, placed, content)
    gcs.put(BUCKET, f"{PREFIX}{MANIFEST}", manifest)
    return manifest


def lay_out(folder: Path, manifest: bytes, *, fetched_at: float) -> Path:
    """Leave the first generation as an earlier process would have; returns where its files are.

    Args:
        folder: The cache folder of the service.
        manifest: As it was published.
        fetched_at: Wall time at which it was fetched.
    """
    copy = folder / "generations" / "1-earlier"
    copy.mkdir(parents=True)
    for name, data in {**files(1), MANIFEST: manifest}.items():
        (copy / name).write_bytes(data)
    os.utime(copy, (fetched_at, fetched_at))
    pointer = {
        "folder": copy.name,
        "generation": "1",
        "fetched_at": fetched_at,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "previous": None,
    }
    (folder / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
    return copy


def _manifest(number: int, placed: Mapping[str, int], content: Mapping[str, bytes]) -> bytes:
    created = BORN + timedelta(days=number)
    facts = {
        "articles": ARTICLES,
        "created_at": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "embedding": {
            "dimensions": _DIMENSIONS,
            "model": "universal-sentence-encoder-multilingual-3",
        },
        "files": {
            name: {
                "crc32c": base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode(),
                "generation": placed[name],
                "object": f"{PREFIX}generations/{number}/{name}",
                "sha256": hashlib.sha256(data).hexdigest(),
                "size": len(data),
            }
            for name, data in content.items()
        },
        "format": 1,
        "generation": str(number),
    }
    whole = json.dumps(facts, sort_keys=True)
    facts["manifest_sha256"] = hashlib.sha256(whole.encode()).hexdigest()
    return json.dumps(facts, indent=2, sort_keys=True).encode() + b"\n"


def _revised(index: bytes, number: int) -> bytes:
    start = _HEADER_BYTES + _ROW_OF_REVISED * _DIMENSIONS * 4
    (first,) = struct.unpack_from("<f", index, start)
    return index[:start] + struct.pack("<f", first + number * 1e-5) + index[start + 4 :]
