"""urllib3, version 1."""

from __future__ import annotations

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.urllib3_rows import ROWS


class TestUrllib3(ClientTests):
    """urllib3 1."""

    client = Client(name="urllib3 1", packages=("urllib3",), rows=ROWS)
