"""From a question to a request, and from a response to an answer."""

from __future__ import annotations

import importlib
import re
from abc import abstractmethod
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar

import httpx

from chaos.errors import TargetError
from chaos.http import Request, Response
from chaos.ports import Answer, Target, Vocabulary, World

_REQUEST = re.compile(r"(?P<method>[A-Z]+)\s+(?P<path>/\S*)(?:\s+(?P<body>.*))?", re.DOTALL)
_FIRST_REFUSAL, _FIRST_ERROR = 400, 500


class WebTarget(Target):
    """An application that is asked over HTTP, inside the world, without a socket in between.

    Subclass one of `AsgiTarget` and `WsgiTarget`. What the application needs of the environment is
    set in `build`, before it is made.
    """

    modes = ("ok", "refused", "error")

    app: ClassVar[Any] = None
    """The application, or ``"package.module:name"`` to import it from when it is needed."""

    base_url: ClassVar[str] = "http://localhost"
    """Where its users believe it is; some applications look at the host of a request."""

    def make_app(self, world: World) -> Any:  # noqa: ANN401 - a callable of some protocol
        """The application of one process; also called after a restart. Default: `app`.

        What a module makes once stays as it is for all runs of this process. A factory that is
        called here begins anew.
        """
        del world
        app = type(self).app
        return _imported(self.name, app) if isinstance(app, str) else app

    def request(self, question: str) -> Request:
        """The request for a question. Default: what it says, as ``METHOD /path`` and a body.

        Raises:
            TargetError: It does not say that.
        """
        found = _REQUEST.fullmatch(question.strip())
        if found is None:
            raise TargetError(
                f"target {self.name} is asked {question!r}; expected a request such as "
                "'GET /health' or 'POST /ask {\"question\": \"How?\"}'; write that, or override "
                "request()"
            )
        body = (found["body"] or "").encode()
        headers = {"content-type": "application/json"} if body else {}
        url = f"{self.base_url}{found['path']}"
        return Request(method=found["method"], url=url, headers=headers, body=body)

    def answer(self, response: Response, raised: Exception | None = None) -> Answer:
        """The answer that a response is. Default: by its status.

        4xx and 503 are ``refused``: the application has decided against it, and says so. Any other
        5xx is an ``error``, which the law `every-ask-is-answered` takes for a crash.

        Args:
            response: What the application answered; a 500 if it only raised.
            raised: The exception that left the application; None if none did. Where a server
                stands before it, such an exception is a 500, and the reason of an answer here.
        """
        reason = f"HTTP {response.status}"
        if raised is not None:
            reason += f": {type(raised).__name__}: {raised}"
        text = response.body.decode(errors="replace")
        is_error = response.status >= _FIRST_ERROR and (
            response.status != HTTPStatus.SERVICE_UNAVAILABLE
        )
        if is_error or raised is not None:
            return Answer(mode="error", text=text, reason=reason)
        if response.status >= _FIRST_REFUSAL:
            return Answer(mode="refused", text=text, reason=reason)
        return Answer(mode="ok", text=text)

    @classmethod
    def vocabulary(cls) -> Vocabulary:
        """The words scenarios may use for it; a process can be restarted."""
        return replace(super().vocabulary(), actions=frozenset({"restart"}))

    @abstractmethod
    def build(self, world: World) -> Any:  # noqa: ANN401 - a coroutine, or not
        """Make the application, and start it."""


def to_httpx(request: Request) -> httpx.Request:
    """What the test transports of httpx take."""
    return httpx.Request(
        request.method, request.url, headers=dict(request.headers), content=request.body
    )


def from_httpx(response: httpx.Response) -> Response:
    """What they give back, once it has been read."""
    headers = tuple(response.headers.multi_items())
    return Response(status=response.status_code, headers=headers, body=response.content)


def _imported(target: str, reference: str) -> Any:  # noqa: ANN401 - whatever is there
    module, colon, name = reference.partition(":")
    if not colon:
        raise TargetError(
            f"target {target}: app is {reference!r}; expected 'package.module:name', with a "
            "colon; write it like uvicorn's argument"
        )
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise TargetError(
            f"target {target}: app {reference!r} cannot be imported: {error}; expected an "
            "application in a module that can be; correct the name, or go to its folder"
        ) from error
    return found
