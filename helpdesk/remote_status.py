"""The status of a server that runs, as it tells it itself."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2

from helpdesk.errors import HelpdeskError
from helpdesk.redaction import redacted

_PATIENCE_S = 5.0
_IN_ALL_S = 10.0
_LARGEST = 1024 * 1024
"""Bytes; a status has some hundred."""

_PORTS = 65536


def status_of(url: str) -> dict[str, Any]:
    """Return what the server at ``url`` says of itself.

    Args:
        url: Its address, with or without a path below which it lives.

    Raises:
        HelpdeskError: Nothing answers there, or what does is not a help desk.
    """
    shown = redacted(url)
    try:
        found = json.loads(_read(f"{url.rstrip('/')}/status", shown))
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise HelpdeskError(
            f"{shown!r} is not an address: {redacted(str(error))}; expected one such as "
            "http://127.0.0.1:8000"
        ) from error
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        raise HelpdeskError(
            f"{shown} answered {status} when asked for its status; expected a help desk; "
            "check address and port"
        ) from error
    except httpx2.HTTPError as error:
        raise HelpdeskError(
            f"no help desk answers at {shown}: {redacted(str(error))}; start one with "
            "'helpdesk serve', or check address and port"
        ) from error
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"assistant", "index"} <= found.keys():
        raise HelpdeskError(
            f"{shown} is not a help desk: its status has another form; check address and port"
        )
    return found


def _read(url: str, shown: str) -> bytes:
    """The body of an answer, as long as it may be, and as slow.

    Raises:
        ValueError: It is longer than any status.
        HelpdeskError: It does not come to its end.
    """
    body, deadline = b"", time.monotonic() + _IN_ALL_S
    # The port of an address is checked nowhere else: 99999 would be asked as 34463.
    if not 0 < (httpx2.URL(url).port or 80) < _PORTS:
        raise httpx2.InvalidURL("there is no such port")
    with httpx2.stream("GET", url, timeout=_PATIENCE_S) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _LARGEST:
                raise ValueError("too long for a status")
            if time.monotonic() > deadline:
                raise HelpdeskError(
                    f"{shown} did not send its status within {_IN_ALL_S:.0f} seconds; ask again, "
                    "or check address and port"
                )
    return body
