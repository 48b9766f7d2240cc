"""Listing a bucket: prefixes taken for folders, versions, and pages."""

from __future__ import annotations

import base64
from typing import Any

from chaos.http import Request
from chaos.upstreams.gcs.conditions import number
from chaos.upstreams.gcs.errors import invalid
from chaos.upstreams.gcs.resource import object_resource
from chaos.upstreams.gcs.store import Store, StoredObject

_LARGEST_PAGE = 1000

Position = tuple[bytes, int]
"""Where an entry stands in the listing: name in UTF-8, and generation (0 for a prefix)."""


def list_objects(store: Store, bucket: str, request: Request) -> dict[str, Any]:
    """One page of the objects that the request's query asks for."""
    query = request.query
    after = _position(query["pageToken"]) if query.get("pageToken") else None
    limit = min(number(request, "maxResults") or _LARGEST_PAGE, _LARGEST_PAGE)

    entries = sorted(_entries(store, bucket, query).items())
    left = [entry for entry in entries if after is None or entry[0] > after]
    page = left[:limit]
    items = [object_resource(stored) for _, stored in page if stored is not None]
    prefixes = [name.decode() for (name, _), stored in page if stored is None]
    listing: dict[str, Any] = {"kind": "storage#objects"}
    if len(left) > limit:
        listing["nextPageToken"] = _token(page[-1][0])
    if prefixes:
        listing["prefixes"] = prefixes
    if items:
        listing["items"] = items
    return listing


def _entries(
    store: Store, bucket: str, query: dict[str, str]
) -> dict[Position, StoredObject | None]:
    """Everything to be listed; a prefix that stands for many objects has no object."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start, end = query.get("startOffset", ""), query.get("endOffset")
    entries: dict[Position, StoredObject | None] = {}
    for name in store.names(bucket):
        if not name.startswith(prefix) or name < start or (end is not None and name >= end):
            continue
        rest = name[len(prefix) :]
        if query.get("versions", "").lower() == "true":
            found = store.generations(bucket, name)
        else:
            live = store.find(bucket, name)
            found = (live,) if live is not None else ()
        if delimiter and delimiter in rest and found:
            folder = prefix + rest[: rest.index(delimiter) + len(delimiter)]
            entries[folder.encode(), 0] = None
        else:
            entries |= {(name.encode(), stored.generation): stored for stored in found}
    return entries


def _token(position: Position) -> str:
    name, generation = position
    return base64.urlsafe_b64encode(f"{generation}/".encode() + name).decode()


def _position(token: str) -> Position:
    try:
        generation, _, name = base64.urlsafe_b64decode(token).partition(b"/")
        return name, int(generation)
    except ValueError:
        raise invalid("Invalid page token.") from None
