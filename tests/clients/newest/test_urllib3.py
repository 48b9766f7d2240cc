"""urllib3, version 2."""

from __future__ import annotations

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.urllib3_rows import ROWS


class TestUrllib3(ClientTests):
    """urllib3 2."""

    client = Client(name="urllib3 2", packages=("urllib3",), rows=ROWS)
