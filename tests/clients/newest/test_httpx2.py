"""httpx2, blocking and asynchronous, with its own retries and limits."""

from __future__ import annotations

import httpx2

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.httpx_rows import rows


class TestHttpx(ClientTests):
    """httpx2."""

    client = Client(name="httpx2", packages=("httpx2",), rows=rows(httpx2))
