"""Which request to Cloud Storage is which operation, and every query parameter it may have.

A parameter that is not listed here is not modelled: the request ends the run, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from chaos.http import Request
from chaos.upstreams.unmodelled import UnmodelledError

Names = Mapping[str, str]
"""The parts of a path, unescaped: bucket, object, entity, and the destination of a copy."""

_B = r"/storage/v1/b/(?P<bucket>[^/]+)"
_O = rf"{_B}/o/(?P<object>[^/]+)"
_TO = r"/b/(?P<to_bucket>[^/]+)/o/(?P<to_object>[^/]+)"
_P = r"/storage/v1/projects/(?P<project>[^/]+)"
_XML = r"/(?!storage/v1/|upload/|download/|batch/|resumable/)(?P<bucket>[^/]+)/(?P<object>.+)"

_EVERYWHERE = frozenset({"alt", "fields", "prettyPrint", "quotaUser", "key", "userProject"})
"""Parameters of every JSON method. The last four change nothing that an answer shows."""

_META = frozenset({"ifMetagenerationMatch", "ifMetagenerationNotMatch"})
_IF = _META | {"ifGenerationMatch", "ifGenerationNotMatch"}
_SHOWN = frozenset({"projection"})
_IF_SOURCE = frozenset(name.replace("if", "ifSource", 1) for name in _IF) | {"sourceGeneration"}
_WRITE = _IF | _SHOWN
_SIGNED = frozenset(
    {"X-Goog-Algorithm", "X-Goog-Credential", "X-Goog-Date", "X-Goog-Expires"}
    | {"X-Goog-SignedHeaders", "X-Goog-Signature", "GoogleAccessId", "Expires", "Signature"}
    | {"response-content-type", "response-content-disposition", "generation"}
)


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    Attributes:
        method: In capitals.
        path: A pattern whose groups are names of parts.
        query: What the query has to have; None for any value.
        operation: What it is.
        takes: Query parameters of its own.
    """

    method: str
    path: re.Pattern[str]
    query: Mapping[str, str | None]
    operation: str
    takes: frozenset[str]


def _route(
    method: str,
    path: str,
    operation: str,
    takes: frozenset[str] | set[str] = frozenset(),
    **query: str | None,
) -> Route:
    return Route(method, re.compile(path), query, operation, frozenset(takes))


def _acl(path: str, operation: str, extra: frozenset[str] = frozenset()) -> tuple[Route, ...]:
    """The six operations on a list of who may do what."""
    one = f"{path}/(?P<entity>[^/]+)"
    return (
        _route("GET", path, f"{operation}.list", extra),
        _route("POST", path, f"{operation}.insert", extra),
        _route("GET", one, f"{operation}.get", extra),
        _route("PATCH", one, f"{operation}.patch", extra),
        _route("PUT", one, f"{operation}.update", extra),
        _route("DELETE", one, f"{operation}.delete", extra),
    )


_LIST = frozenset(
    {"prefix", "delimiter", "startOffset", "endOffset", "versions", "maxResults", "pageToken"}
    | {"matchGlob", "includeTrailingDelimiter", "includeFoldersAsPrefixes", "softDeleted"}
    | {"projection"}
)
_PAGE = frozenset({"maxResults", "pageToken"})
_GENERATION = frozenset({"generation"})
_INSERT = _WRITE | {"name", "uploadType", "upload_id", "contentEncoding"}

ROUTES: tuple[Route, ...] = (
    _route("GET", "/storage/v1/b", "buckets.list", _PAGE | {"project", "prefix", "projection"}),
    _route("POST", "/storage/v1/b", "buckets.insert", {"project", "projection"}),
    _route("GET", _B, "buckets.get", _META | _SHOWN),
    _route("PATCH", _B, "buckets.patch", _META | _SHOWN),
    _route("PUT", _B, "buckets.update", _META | _SHOWN),
    _route("DELETE", _B, "buckets.delete", _META),
    _route("GET", f"{_B}/iam", "buckets.getIamPolicy", {"optionsRequestedPolicyVersion"}),
    _route("PUT", f"{_B}/iam", "buckets.setIamPolicy"),
    _route("GET", f"{_B}/iam/testPermissions", "buckets.testIamPermissions", {"permissions"}),
    _route("POST", f"{_B}/lockRetentionPolicy", "buckets.lockRetentionPolicy", _META),
    *_acl(f"{_B}/acl", "bucket_acl"),
    *_acl(f"{_B}/defaultObjectAcl", "default_object_acl", _META),
    _route("GET", f"{_B}/notificationConfigs", "notifications.list"),
    _route("POST", f"{_B}/notificationConfigs", "notifications.insert"),
    _route("GET", f"{_B}/notificationConfigs/(?P<id>[^/]+)", "notifications.get"),
    _route("DELETE", f"{_B}/notificationConfigs/(?P<id>[^/]+)", "notifications.delete"),
    _route("GET", f"{_B}/o", "objects.list", _LIST),
    _route("GET", f"(?:/download)?{_O}", "objects.media", _IF | _GENERATION | _SHOWN, alt="media"),
    _route("GET", _O, "objects.get", _WRITE | _GENERATION | {"softDeleted"}),
    _route("PATCH", _O, "objects.patch", _WRITE | _GENERATION),
    _route("PUT", _O, "objects.update", _WRITE | _GENERATION),
    _route("DELETE", _O, "objects.delete", _IF | _GENERATION),
    _route("POST", f"{_O}/restore", "objects.restore", _WRITE | _GENERATION),
    _route(
        "POST",
        f"{_O}/rewriteTo{_TO}",
        "objects.rewrite",
        _WRITE | _IF_SOURCE | {"rewriteToken", "maxBytesRewrittenPerCall"},
    ),
    _route("POST", f"{_O}/copyTo{_TO}", "objects.copy", _WRITE | _IF_SOURCE),
    _route("POST", f"{_O}/moveTo/o/(?P<to_object>[^/]+)", "objects.move", _WRITE | _IF_SOURCE),
    _route("POST", f"{_O}/compose", "objects.compose", _WRITE),
    *_acl(f"{_O}/acl", "object_acl", _GENERATION),
    _route("POST", f"/upload{_B}/o", "objects.insert", _INSERT, uploadType="media"),
    _route("POST", f"/upload{_B}/o", "objects.insert", _INSERT, uploadType="multipart"),
    _route("POST", f"/upload{_B}/o", "uploads.resumable.start", _INSERT, uploadType="resumable"),
    _route("PUT", f"/upload{_B}/o", "uploads.resumable.put", _INSERT, uploadType="resumable"),
    _route(
        "DELETE", f"/upload{_B}/o", "uploads.resumable.cancel", _INSERT, uploadType="resumable"
    ),
    _route("GET", f"{_P}/serviceAccount", "serviceaccount.get"),
    _route(
        "GET", f"{_P}/hmacKeys", "hmacKey.list", _PAGE | {"serviceAccountEmail", "showDeletedKeys"}
    ),
    _route("POST", f"{_P}/hmacKeys", "hmacKey.create", {"serviceAccountEmail"}),
    _route("GET", f"{_P}/hmacKeys/(?P<id>[^/]+)", "hmacKey.get"),
    _route("PUT", f"{_P}/hmacKeys/(?P<id>[^/]+)", "hmacKey.update"),
    _route("DELETE", f"{_P}/hmacKeys/(?P<id>[^/]+)", "hmacKey.delete"),
    _route("POST", "/batch/storage/v1", "batch"),
    _route("POST", _XML, "uploads.multipart.start", uploads=None),
    _route("PUT", _XML, "uploads.multipart.put", partNumber=None, uploadId=None),
    _route("POST", _XML, "uploads.multipart.finish", uploadId=None),
    _route("DELETE", _XML, "uploads.multipart.cancel", uploadId=None),
    _route("GET", _XML, "xml.get", _SIGNED),
    _route("HEAD", _XML, "xml.head", _SIGNED),
    _route("PUT", _XML, "xml.put", _SIGNED),
    _route("DELETE", _XML, "xml.delete", _SIGNED),
)

_OLD_HOST = "www.googleapis.com"
_JSON_ROUTES = tuple(route for route in ROUTES if route.path.pattern != _XML)

OPERATIONS = tuple(dict.fromkeys(route.operation for route in ROUTES))
"""Every operation there is."""

_HEADERS = frozenset(
    {"x-goog-api-client", "x-goog-hash", "x-goog-user-project", "x-goog-request-params"}
    | {"x-goog-gcs-idempotency-token", "x-goog-resumable", "x-goog-content-sha256", "x-goog-date"}
    | {"x-goog-if-generation-match", "x-goog-if-metageneration-match"}
)
"""Headers of Google's own that are modelled, or that tell Google who is calling and no more."""

_METADATA = "x-goog-meta-"

_BY_DATE = ("if-modified-since", "if-unmodified-since")
"""Preconditions that the XML API has and the JSON API does not name."""


def find(request: Request) -> tuple[Route | None, Names]:
    """The route of a request, and the parts of its path; None if there is none."""
    query, path = request.query, request.path
    # The old host of the JSON API has other APIs of Google's beside it, but no objects by path.
    routes = _JSON_ROUTES if request.host == _OLD_HOST else ROUTES
    for route in routes:
        match = route.path.fullmatch(path) if route.method == request.method else None
        if match is not None and all(
            name in query and value in (None, query[name]) for name, value in route.query.items()
        ):
            parts = match.groupdict().items()
            return route, {key: unquote(value) for key, value in parts if value is not None}
    return None, {}


def require_modelled(request: Request, route: Route, upstream: str) -> None:
    """See to it that a request has nothing in its query or headers that is not modelled.

    Raises:
        UnmodelledError: It has.
    """
    xml = route.operation.startswith(("xml.", "uploads.multipart."))
    known = route.takes | route.query.keys() | (frozenset() if xml else _EVERYWHERE)
    unknown = [f"?{name}" for name in request.query if name not in known]
    unknown += [
        name
        for name in request.headers
        if name.startswith("x-goog-")
        and name not in _HEADERS
        and not (xml and name.startswith(_METADATA))
    ]
    unknown += [name for name in _BY_DATE if not xml and name in request.headers]
    if unknown:
        raise UnmodelledError(upstream, route.operation, unknown, taught_in=__name__)
