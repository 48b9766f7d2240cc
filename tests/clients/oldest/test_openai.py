"""OpenAI's SDK, version 1."""

from __future__ import annotations

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.openai_rows import ROWS


class TestOpenAI(ClientTests):
    """openai 1."""

    client = Client(name="openai 1", packages=("openai", "httpx"), rows=ROWS)
