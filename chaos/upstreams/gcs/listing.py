"""Listing a bucket: prefixes taken for folders, versions, what was deleted, and pages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from chaos.http import Request
from chaos.upstreams.gcs import globs
from chaos.upstreams.gcs.conditions import page_size
from chaos.upstreams.gcs.errors import invalid
from chaos.upstreams.gcs.showing import whole_object
from chaos.upstreams.gcs.store import Store, StoredObject

Position = tuple[bytes, int]
"""Where an entry stands in the listing: name in UTF-8, and generation (0 for a prefix)."""


def list_objects(store: Store, bucket: str, request: Request) -> dict[str, Any]:
    """One page of the objects that the request's query asks for."""
    query = request.query
    after = _position(query["pageToken"]) if query.get("pageToken") else None
    limit = page_size(request)

    entries = sorted(_entries(store, bucket, query).items())
    left = [entry for entry in entries if after is None or entry[0] > after]
    page = left[:limit]
    items = [whole_object(request, stored) for _, stored in page if stored is not None]
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
    keeps_folders = is_true(query, "includeTrailingDelimiter")
    entries: dict[Position, StoredObject | None] = {}
    for stored in _wanted(store, bucket, query):
        rest = stored.name[len(prefix) :]
        if delimiter and delimiter in rest:
            end = rest.index(delimiter) + len(delimiter)
            entries[(prefix + rest[:end]).encode(), 0] = None
            if not (keeps_folders and end == len(rest)):
                continue
        entries[stored.name.encode(), stored.generation] = stored
    return entries


def _wanted(store: Store, bucket: str, query: dict[str, str]) -> Iterator[StoredObject]:
    """The objects within the limits of the query, before any are taken together in folders."""
    start, end = query.get("startOffset", ""), query.get("endOffset") or None
    prefix, glob = query.get("prefix", ""), query.get("matchGlob")
    try:
        pattern = globs.compiled(glob) if glob else None
    except ValueError as error:
        raise invalid(f"Invalid glob pattern: {error}") from None
    for stored in _all(store, bucket, query):
        name = stored.name
        within = name.startswith(prefix) and name >= start and (end is None or name < end)
        if within and (pattern is None or pattern.fullmatch(name)):
            yield stored


def _all(store: Store, bucket: str, query: dict[str, str]) -> Iterator[StoredObject]:
    versions, deleted = is_true(query, "versions"), is_true(query, "softDeleted")
    if versions and deleted:
        raise invalid("versions and softDeleted cannot both be true.")
    if deleted:
        yield from store.restorable(bucket)
        return
    for name in store.names(bucket):
        live = store.find(bucket, name)
        yield from store.generations(bucket, name) if versions else (live,) if live else ()


def is_true(query: dict[str, str], name: str) -> bool:
    """Whether a flag is set in a query."""
    return query.get(name, "").lower() == "true"


def _token(position: Position) -> str:
    name, generation = position
    return base64.urlsafe_b64encode(f"{generation}/".encode() + name).decode()


def _position(token: str) -> Position:
    try:
        generation, _, name = base64.urlsafe_b64decode(token).partition(b"/")
        return name, int(generation)
    except ValueError:
        raise invalid("Invalid page token.") from None
