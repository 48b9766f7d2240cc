"""The status of a server that runs, as it tells it itself."""

from __future__ import annotations

from typing import Any

import httpx2

from helpdesk.errors import HelpdeskError
from helpdesk.redaction import redacted

_PATIENCE_S = 5.0


def status_of(url: str) -> dict[str, Any]:
    """Return what the server at ``url`` says of itself.

    Args:
        url: Its address, with or without a path below which it lives.

    Raises:
        HelpdeskError: Nothing answers there, or what does is not a help desk.
    """
    shown = redacted(url)
    try:
        response = httpx2.get(f"{url.rstrip('/')}/status", timeout=_PATIENCE_S)
        response.raise_for_status()
        found = response.json()
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
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"assistant", "index"} <= found.keys():
        raise HelpdeskError(
            f"{shown} is not a help desk: its status is something else; check address and port"
        )
    return found
