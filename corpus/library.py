"""A stand-in that services of the corpus share: a library with one page of plain text."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

from chaos.http import Request, Response
from chaos.ports import Operation, Upstream
from chaos.upstreams.said import Said, of_status

PAGE = "https://library.example/page"
INSTRUCTIONS = "Turn it off. Wait for a minute. Turn it on, and do not press the red button."

_TAG = '"first-edition"'


class Library(Upstream):
    """Has a page that is fresh for a minute; whoever has it is told that it is the same."""

    name = "library"
    hosts = ("library.example",)
    operations = ("page.get",)

    def classify(self, request: Request) -> Operation | None:
        """There is one page."""
        return Operation("page.get") if request.path == "/page" else None

    def handle(self, request: Request) -> Response:
        """The page, or that it has not changed."""
        now = formatdate(time.time(), usegmt=True)
        headers = (("date", now), ("etag", _TAG), ("cache-control", "max-age=60"))
        if request.headers.get("if-none-match") == _TAG:
            return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(
            status=HTTPStatus.OK,
            headers=(*headers, ("content-type", "text/plain")),
            body=INSTRUCTIONS.encode(),
        )

    def said(self, operation: Operation, request: Request, response: Response) -> Said | None:
        """What is on the page."""
        del operation, request
        return of_status(response, INSTRUCTIONS)
