"""Proxies and certificates: variables of a whole machine, which HTTP libraries read themselves.

With a proxy they cannot use, or certificates they cannot read, no client can be made. That is the
mistake of a person and stays until it is corrected, so the service says so when it starts, as of
any other setting.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from helpdesk.errors import SettingsError
from helpdesk.redaction import redacted

OPENAI_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
STORAGE_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")

_SCHEMES = ("http", "https")


def client_error(upstream: str, error: Exception, certificates: Sequence[str]) -> SettingsError:
    """Return what to tell the person in whose environment no client can be made.

    Args:
        upstream: What the client is for, in words.
        error: What the library raised.
        certificates: Variables from which that library takes its certificates, first wins.

    Example:
        >>> error = client_error("OpenAI", ValueError("too strange"), OPENAI_CERTIFICATES)
        >>> str(error).split("; ")[0]
        'no client for OpenAI can be created: ValueError: too strange'
    """
    # Many errors of a URL are both, OSError and ValueError. Of a file they are the former only.
    if isinstance(error, OSError) and not isinstance(error, ValueError):
        for name in certificates:
            if value := os.environ.get(name):
                return SettingsError(
                    f"{name} is {value!r}, which cannot be read ({error.strerror or error}); "
                    "expected certificates in PEM format; correct the variable, or unset it"
                )
    for name, wrong in _wrong_proxies():
        return SettingsError(
            f"{name} is not a proxy that the client for {upstream} can use: {wrong}; expected a "
            "URL such as http://proxy.example.com:3128; correct the variable, or unset it"
        )
    return SettingsError(
        redacted(
            f"no client for {upstream} can be created: {type(error).__name__}: {error}; expected "
            "proxies and certificates that can be used; check their variables and settings"
        )
    )


def _wrong_proxies() -> Iterator[tuple[str, str]]:
    """Each variable whose proxy cannot be used, and why; never with the password in it."""
    for name in PROXIES:
        for spelling in (name.lower(), name):
            url = os.environ.get(spelling, "")
            if url and (wrong := _wrong(url if "://" in url else f"http://{url}")):
                yield spelling, wrong


def _wrong(url: str) -> str | None:
    scheme = url.partition("://")[0].lower()
    if scheme.startswith("socks"):
        return f"no library for {scheme!r} is installed"
    if scheme not in _SCHEMES:
        return f"its scheme {scheme!r} is unknown"
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    return None if is_whole else "it is not a whole URL"
