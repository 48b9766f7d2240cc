"""Reads a page of plain text, with requests."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests

from chaos.http import Request, Response
from chaos.ports import Answer, Operation, Promises, Target, Upstream, World
from chaos.upstreams.said import Said, of_status

INSTRUCTIONS = "Turn it off. Wait for a minute. Turn it on, and do not press the red button."


class Library(Upstream):
    """Has one page."""

    name = "library"
    hosts = ("library.example",)
    operations = ("page.get",)

    def classify(self, request: Request) -> Operation | None:
        """There is one page."""
        return Operation("page.get") if request.path == "/page" else None

    def handle(self, request: Request) -> Response:
        """The page."""
        del request
        return Response(
            status=HTTPStatus.OK,
            headers=(("content-type", "text/plain"),),
            body=INSTRUCTIONS.encode(),
        )

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """What is on it."""
        del operation, request
        return of_status(response, INSTRUCTIONS)


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
            response = self._session.get("https://library.example/page", timeout=5)
        except requests.RequestException as error:
            return Answer(mode="unreadable", reason=str(error))
        return Answer(mode="read", text=response.text)
