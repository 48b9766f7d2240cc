"""OpenAI's SDK, version 2."""

from __future__ import annotations

from tests.clients.frame.row import Client
from tests.clients.frame.tests import ClientTests
from tests.clients.openai_rows import ROWS


class TestOpenAI(ClientTests):
    """openai 2."""

    client = Client(name="openai 2", packages=("openai", "httpx"), rows=ROWS)
