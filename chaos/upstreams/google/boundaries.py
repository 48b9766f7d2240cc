"""Google's answer to where the requests of an account may come from; its client asks by itself."""

from __future__ import annotations

from typing import ClassVar

from chaos.upstreams.simple import JsonUpstream


class IamCredentialsUpstream(JsonUpstream):
    """Stands in for ``iamcredentials.googleapis.com``: every account is allowed everywhere.

    Clients with a service account ask for that in a thread of their own, beside their first
    request, and go on without it if they get no answer.

    Example:
        >>> from chaos.http import Request
        >>> path = "/v1/projects/-/serviceAccounts/me@project.test/allowedLocations"
        >>> url = f"https://iamcredentials.googleapis.com{path}"
        >>> asked = Request(method="GET", url=url)
        >>> IamCredentialsUpstream().handle(asked).json()
        {'locations': [], 'encodedLocations': '0x0'}
    """

    name = "google-iam"
    hosts = ("iamcredentials.googleapis.com",)
    routes: ClassVar = {
        "allowed-locations.get": (
            "GET",
            "/v1/projects/-/serviceAccounts/(?P<object>[^/]+)/allowedLocations",
            {"locations": [], "encodedLocations": "0x0"},
        )
    }
