"""The page of a drill, and the few requests that it makes; on loopback, and from itself alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jinja2

from chaos.drill.drill import SETTINGS, Drill
from chaos.drill.forms import fault_of, forms, told
from chaos.drill.library import TOUR, Library
from chaos.errors import ChaosError
from chaos.reports import html
from chaos.scenario.problems import ScenarioError
from chaos.targets import vocabulary_of
from chaos.tiers.loopback import HOST, cannot_listen

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
_NAMES = {HOST, "localhost"}
_MOST_BYTES = 65_536
_PAGE_HEADER = "x-chaos-drill"
"""Only a page of ours can send it: for any other, a browser asks first, and is not answered."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class DrillServer:
    """Listens while entered.

    Args:
        drill: What the page shows and does.
        library: What can be played.
        port: Where to listen; 0 is any port that is free.
    """

    def __init__(self, drill: Drill, library: Library, *, port: int) -> None:
        self._drill = drill
        self._library = library
        self._port = port

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ChaosError: The port is taken.
        """
        try:
            self._server = _Server((HOST, self._port), _Handler)
        except (OSError, OverflowError) as error:
            raise cannot_listen(self._port, error) from error
        self._server.actions = _Actions(self._drill, self._library)
        threading.Thread(
            target=self._server.serve_forever, name="chaos-drill", daemon=True
        ).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self._server.server_address[1]}/"


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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    actions: _Actions


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self._is_for_us():
            return
        place = urlsplit(self.path)
        match place.path:
            case "/":
                self._send(HTTPStatus.OK, self.server.actions.page().encode(), "text/html")
            case "/state":
                self._say(HTTPStatus.OK, self.server.actions.state(parse_qs(place.query)))
            case "/library":
                self._say(HTTPStatus.OK, self.server.actions.library())
            case path if path in _FILES:
                file, kind = _FILES[path]
                self._send(HTTPStatus.OK, file.read_bytes(), kind)
            case _:
                self._say(HTTPStatus.NOT_FOUND, {"error": f"no {place.path} here"})

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdecimal() else 0
        if size > _MOST_BYTES:
            self.close_connection = True
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "that is too long"})
            return
        body = self.rfile.read(size)
        if not self._is_for_us():
            return
        if _PAGE_HEADER not in self.headers:
            self._say(HTTPStatus.FORBIDDEN, {"error": "expected a request of the drill's page"})
            return
        try:
            said = json.loads(body or b"{}")
            done = self.server.actions.post(
                self.path, {str(name): str(value) for name, value in said.items()}
            )
        except ScenarioError as error:
            self._say(HTTPStatus.BAD_REQUEST, {"error": told(error)})
        except ChaosError as error:
            self._say(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except (ValueError, AttributeError):
            self._say(HTTPStatus.BAD_REQUEST, {"error": "expected a JSON object"})
        else:
            if done is None:
                self._say(HTTPStatus.NOT_FOUND, {"error": f"no {self.path} here"})
            else:
                self._say(HTTPStatus.OK, done)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base
        """Say nothing: the page shows what happens."""

    def _is_for_us(self) -> bool:
        """Whether no page elsewhere is behind it, under another name or from another origin."""
        name = self.headers.get("host", "").rpartition(":")[0]
        origin = self.headers.get("origin")
        ours = f"http://{self.headers.get('host')}"
        if name in _NAMES and origin in {None, ours}:
            return True
        self.close_connection = True
        self._say(HTTPStatus.FORBIDDEN, {"error": f"expected a request to {HOST}"})
        return False

    def _say(self, status: HTTPStatus, payload: object) -> None:
        self._send(status, json.dumps(payload).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
