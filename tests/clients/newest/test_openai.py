"""OpenAI's SDK, version 3."""

from __future__ import annotations

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.openai_rows import ROWS


class TestOpenAI(ClientTests):
    """openai 3."""

    client = Client(name="openai 3", packages=("openai", "httpx2"), rows=ROWS)
