"""Reads a page of instructions out of Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from google.auth import credentials
from google.cloud import storage

from chaos.ports import Answer, Promises, Target, World
from chaos.upstreams.gcs import GcsUpstream

PAGE = b"Turn it off. Wait for a minute. Turn it on. " * 100


class Reader(Target):
    """Reads the page, or says that it cannot be had."""

    modes = ("read", "missing", "error")

    upstreams = (GcsUpstream,)

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """A few attempts."""
        del settings
        return Promises(deadline_s=60)

    def build(self, world: World) -> None:
        """Put the page where it belongs, and make a client."""
        del world
        nobody: Any = credentials.AnonymousCredentials()  # type: ignore[no-untyped-call] # it has no types
        client = storage.Client(project="test", credentials=nobody)
        client.create_bucket("library")
        client.bucket("library").blob("page").upload_from_string(PAGE)
        self._page = client.bucket("library").blob("page")

    def ask(self, question: str) -> Answer:
        """Read it."""
        del question
        try:
            return Answer(mode="read", text=self._page.download_as_bytes(timeout=10).decode())
        except requests.RequestException as error:
            return Answer(mode="missing", reason=str(error))
