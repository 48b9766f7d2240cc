"""Reads a page of plain text, with requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from chaos.ports import Answer, Promises, Target, World
from corpus.library import PAGE, Library


class Reader(Target):
    """Reads the page aloud."""

    upstreams = (Library,)
    modes = ("read", "unreadable", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=10)

    def build(self, world: World) -> None:
        """Open a session."""
        del world
        self._session = requests.Session()

    def ask(self, question: str) -> Answer:
        """Read it."""
        del question
        try:
            response = self._session.get(PAGE, timeout=5)
        except requests.RequestException as error:
            return Answer(mode="unreadable", reason=str(error))
        return Answer(mode="read", text=response.text)
