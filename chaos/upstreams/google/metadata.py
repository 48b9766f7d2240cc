"""The metadata server, from which programs on Google's machines learn who they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream
from chaos.upstreams.google.identity import GoogleIdentity
from chaos.upstreams.unmodelled import UnmodelledError

_ACCOUNTS = "/computeMetadata/v1/instance/service-accounts"
_ROUTES = (
    (r"/", "ping"),
    (r"/computeMetadata/v1/project/project-id", "project.id"),
    (r"/computeMetadata/v1/universe/universe[-_]domain", "universe.domain"),
    (rf"{_ACCOUNTS}/(?P<account>[^/]+)/token", "token.get"),
    (rf"{_ACCOUNTS}/(?P<account>[^/]+)/email", "email.get"),
    (rf"{_ACCOUNTS}/(?P<account>[^/]+)/?", "account.get"),
)
_TAKES = frozenset({"recursive", "scopes"})
_FLAVOR = (("metadata-flavor", "Google"), ("server", "Metadata Server for VM"))


class MetadataUpstream(Upstream):
    """Stands in for ``metadata.google.internal``, by name and by address.

    A machine that is not on Google's cloud has none: leave it out, or refuse connections to it. A
    slow one, and one that answers 5xx, are ordinary faults.

    Args:
        identity: Knows accounts and tokens; share it with the stand-in for Cloud Storage.

    Example:
        >>> metadata = MetadataUpstream(GoogleIdentity())
        >>> url = "http://metadata.google.internal/computeMetadata/v1/project/project-id"
        >>> headers = {"metadata-flavor": "Google"}
        >>> metadata.handle(Request(method="GET", url=url, headers=headers)).body
        b'sim-project'
    """

    name: ClassVar[str] = "google-metadata"
    hosts: ClassVar[tuple[str, ...]] = ("metadata.google.internal", "169.254.169.254")
    reached_by: ClassVar[Mapping[str, str]] = {"GCE_METADATA_HOST": "{host}"}
    operations: ClassVar[tuple[str, ...]] = tuple(operation for _, operation in _ROUTES)

    def __init__(self, identity: GoogleIdentity) -> None:
        self._identity = identity

    def classify(self, request: Request) -> Operation | None:
        """The operation; for an account, its name is the object."""
        for path, operation in _ROUTES:
            match = re.fullmatch(path, request.path) if request.method == "GET" else None
            if match is not None:
                return Operation(operation, match.groupdict().get("account"))
        return None

    def handle(self, request: Request) -> Response:
        """Answer whoever says that it knows whom it asks.

        Raises:
            UnmodelledError: The query has something that is not modelled.
        """
        operation = self.classify(request)
        if operation is None:
            return self.failed(404)
        # What came by way of somebody else is not from this machine.
        is_passed_on = "x-forwarded-for" in request.headers
        if request.headers.get("metadata-flavor") != "Google" or is_passed_on:
            return self.failed(403)
        unknown = [f"?{name}" for name in request.query if name not in _TAKES]
        if unknown:
            raise UnmodelledError(self.name, operation.name, unknown, taught_in=__name__)
        if operation.object not in (None, "default", self._identity.email):
            return self.failed(404)
        return self._answer(operation.name)

    def rate_limited(self, code: str) -> Response:
        """The server's 429."""
        return Response(status=429, headers=_FLAVOR, body=code.encode())

    def failed(self, status: int) -> Response:
        """The server's usual error: a page that nobody reads."""
        headers = (("content-type", "text/html; charset=UTF-8"), *_FLAVOR)
        return Response(status=status, headers=headers, body=b"<html>Error</html>")

    def _answer(self, operation: str) -> Response:
        match operation:
            case "token.get":
                token = self._identity.issue(self._identity.email)
                payload = {
                    "access_token": token.value,
                    "expires_in": int(self._identity.lasts_s),
                    "token_type": "Bearer",
                }
                return json_response(200, payload, _FLAVOR)
            case "account.get":
                scopes = ["https://www.googleapis.com/auth/cloud-platform"]
                account = {"aliases": ["default"], "email": self._identity.email, "scopes": scopes}
                return json_response(200, account, _FLAVOR)
            case "email.get":
                return _text(self._identity.email)
            case "project.id":
                return _text("sim-project")
            case "universe.domain":
                return _text("googleapis.com")
            case _:
                return _text("computeMetadata/\n")


def _text(text: str) -> Response:
    headers = (("content-type", "application/text"), *_FLAVOR)
    return Response(status=200, headers=headers, body=text.encode())
