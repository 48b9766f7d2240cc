"""The page of a drill, and the few requests that it makes; on loopback, and from itself alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jinja2

from chaos.drill.drill import SETTINGS, Drill
from chaos.drill.fault_forms import fault_of, forms, told
from chaos.drill.library import TOUR, Library
from chaos.errors import ChaosError
from chaos.reports import html
from chaos.scenario.problems import ScenarioError
from chaos.serve.local_http import LocalHttp, LocalReply, LocalRequest, as_json
from chaos.targets import vocabulary_of

_HERE = Path(__file__).parent
_REPORT = Path(html.__file__).parent
_FILES = {
    "/drill.js": (_HERE / "drill.js", "text/javascript"),
    "/drill.css": (_HERE / "drill.css", "text/css"),
    "/report.css": (_REPORT / "style.css", "text/css"),
    "/words.js": (_REPORT / "words.js", "text/javascript"),
    "/scale.js": (_REPORT / "scale.js", "text/javascript"),
    "/timeline.js": (_REPORT / "timeline.js", "text/javascript"),
}
_PAGE_HEADER = "x-chaos-drill"
"""Only a page of ours can send it: for any other, a browser asks first, and is not answered."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class DrillServer:
    """Listens while entered.

    Args:
        drill: What the page shows and does.
        library: What can be played.
        port: Where to listen; 0 is any port that is free.
    """

    def __init__(self, drill: Drill, library: Library, *, port: int) -> None:
        self._actions = _Actions(drill, library)
        self._local = LocalHttp(self._answer, port=port, has_pages=True)

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: The port is taken.
        """
        self._local.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._local.__exit__(exc_type, exc, traceback)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"{self._local.url}/"

    def _answer(self, asked: LocalRequest) -> LocalReply:
        if asked.method == "POST":
            return self._do(asked)
        match asked.path:
            case "/":
                return _file(self._actions.page().encode(), "text/html")
            case "/state":
                return _said(HTTPStatus.OK, self._actions.state(asked.query))
            case "/library":
                return _said(HTTPStatus.OK, self._actions.library())
            case path if path in _FILES:
                file, kind = _FILES[path]
                return _file(file.read_bytes(), kind)
            case path:
                return _said(HTTPStatus.NOT_FOUND, {"error": f"no {path} here"})

    def _do(self, asked: LocalRequest) -> LocalReply:
        if _PAGE_HEADER not in asked.headers:
            error = "expected a request of the drill's page"
            return _said(HTTPStatus.FORBIDDEN, {"error": error})
        try:
            said = json.loads(asked.body or b"{}")
            done = self._actions.post(
                asked.path, {str(name): str(value) for name, value in said.items()}
            )
        except ScenarioError as error:
            return _said(HTTPStatus.BAD_REQUEST, {"error": told(error)})
        except ChaosError as error:
            return _said(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except (ValueError, AttributeError):
            return _said(HTTPStatus.BAD_REQUEST, {"error": "expected a JSON object"})
        if done is None:
            return _said(HTTPStatus.NOT_FOUND, {"error": f"no {asked.path} here"})
        return _said(HTTPStatus.OK, done)


def _said(status: HTTPStatus, payload: object) -> LocalReply:
    return as_json(status, payload, _HEADERS)


def _file(body: bytes, kind: str) -> LocalReply:
    return LocalReply(
        status=HTTPStatus.OK, body=body, kind=f"{kind}; charset=utf-8", headers=_HEADERS
    )


class _Actions:
    """What a request does."""

    def __init__(self, drill: Drill, library: Library) -> None:
        self._drill = drill
        self._library = library

    def page(self) -> str:
        """The page, as it is before anything moves."""
        upstreams = tuple(self._drill.vocabulary.upstreams)
        return _template().render(
            forms=forms(upstreams),
            operations=self._drill.vocabulary.upstreams,
            settings=SETTINGS,
            helpdesk=self._drill.helpdesk.url,
            folder=self._drill.folder,
        )

    def state(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """What moves."""
        since = query.get("since", ["0"])[0]
        return self._drill.state(int(since) if since.isdecimal() else 0)

    def library(self) -> list[dict[str, str]]:
        """What can be played."""
        return [
            {
                "name": name,
                "lasts": piece.lasts,
                "says": " ".join(piece.loaded.scenario.hypothesis.split()),
                "unlike": piece.unlike,
            }
            for name, piece in self._library.pieces().items()
        ]

    def post(self, path: str, said: Mapping[str, str]) -> dict[str, Any] | None:
        """Do what is asked for; None if there is no such thing.

        Raises:
            ChaosError: It cannot be done.
        """
        drill = self._drill
        match path:
            case "/ask":
                drill.ask(said.get("question", ""), _users(said.get("users", "1")))
            case "/inject":
                return {"id": drill.inject(fault_of(said, vocabulary_of))}
            case "/heal":
                drill.heal(said.get("id", ""))
            case "/play":
                drill.play(self._library.find(said.get("name", TOUR.stem)))
            case "/stop":
                drill.stop()
            case "/anew":
                drill.begin_anew()
            case "/save":
                return drill.save()
            case _:
                return None
        return {}


def _users(text: str) -> int:
    if not text.isdecimal():
        raise ChaosError(f"{text!r} users; expected a whole number")
    return int(text)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2")
