"""httpx, blocking and asynchronous, with its own retries and limits."""

from __future__ import annotations

import httpx

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.httpx_rows import rows


class TestHttpx(ClientTests):
    """httpx."""

    client = Client(name="httpx", packages=("httpx",), rows=rows(httpx))
