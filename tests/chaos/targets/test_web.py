"""Web applications as targets: requests go in, answers come out, and failures are told truly."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import fastapi
import httpx
import pytest
from fastapi.responses import PlainTextResponse

from chaos.errors import TargetError
from chaos.http import Request
from chaos.ports import Answer, Target, World
from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.targets.web import AsgiTarget, WsgiTarget
from chaos.tiers.simulated.world import SimulatedTier
from chaos.upstreams.simple import JsonUpstream
from chaos.verdict import Outcome

NO_WORLD: Any = None
"""These applications need nothing of it."""

URL = "https://api.weather.test/now"


class Weather(JsonUpstream):
    """A provider."""

    name = "weather"
    hosts = ("api.weather.test",)
    routes: ClassVar = {"now": ("GET", "/now", {"text": "sunny"})}


def told(response: httpx.Response) -> str:
    """What the provider says."""
    return str(response.raise_for_status().json()["text"])


def fast_app() -> fastapi.FastAPI:
    """An application of coroutines and threads."""
    app = fastapi.FastAPI()

    @app.get("/async")
    async def in_the_loop() -> dict[str, str]:
        async with httpx.AsyncClient() as client:
            return {"text": told(await client.get(URL))}

    @app.get("/sync")
    def in_a_thread() -> dict[str, str]:
        with httpx.Client() as client:
            return {"text": told(client.get(URL))}

    @app.post("/echo")
    async def echo(request: fastapi.Request) -> fastapi.Response:
        return PlainTextResponse(await request.body())

    @app.get("/status/{status}")
    async def status(status: int) -> fastapi.Response:
        return PlainTextResponse("as you wish", status)

    @app.get("/crash")
    async def crash() -> None:
        raise LookupError("no such drawer")

    return app


class Fast(AsgiTarget):
    """It, under test."""

    upstreams = (Weather,)

    def make_app(self, world: World) -> fastapi.FastAPI:
        """A new one."""
        del world
        return fast_app()


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    """An application of threads, without a framework."""
    path, body = environ["PATH_INFO"], b"as you wish"
    status = path.rpartition("/")[2] if path.startswith("/status/") else "200"
    if path == "/sync":
        with httpx.Client() as client:
            body = told(client.get(URL)).encode()
    elif path == "/echo":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response(f"{status} Whatever", [("Content-Type", "text/plain")])
    return [body]


class Threaded(WsgiTarget):
    """It, under test."""

    upstreams = (Weather,)
    app = wsgi_app


def played(target: type[Target], method: str) -> RunResult:
    """A scenario of some steps."""
    text = f"version: 1\nname: it\nhypothesis: It works.\ntarget: it\nmethod:\n{method}"
    loaded = load_text(text, "it.yaml", lambda _: target.vocabulary())
    with SimulatedTier() as simulation:
        return play(loaded, target, simulation, seed=1)


def asked(target: type[AsgiTarget | WsgiTarget], question: str) -> Answer:
    """One question, outside of any simulation."""
    made = target()
    if isinstance(made, WsgiTarget):
        made.build(NO_WORLD)
        return made.ask(question)

    async def ask() -> Answer:
        await made.build(NO_WORLD)
        answer = await made.ask(question)
        await made.close()
        return answer

    return asyncio.run(ask())


BOTH = pytest.mark.parametrize(
    "target", [pytest.param(Fast, id="FastAPI"), pytest.param(Threaded, id="WSGI")]
)


@pytest.mark.parametrize(
    ("target", "path"),
    [(Fast, "/async"), (Fast, "/sync"), (Threaded, "/sync")],
    ids=["coroutine", "thread of FastAPI", "WSGI"],
)
def test_a_provider_that_fails_is_an_error_of_the_application(
    target: type[Target], path: str
) -> None:
    """The faults of a scenario reach the application's own clients; it crashes, and is found."""
    steps = (
        f"  - ask: GET {path}\n"
        "    expect: {answer.mode: ok, answer.text: {contains: sunny}, calls.weather: 1}\n"
        "  - inject: {upstream: weather, fault: http_error, status: 503}\n"
        f"  - ask: GET {path}\n"
        "    expect: {answer.mode: error, answer.reason: {contains: HTTP 500}}\n"
    )

    result = played(target, steps)

    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.PASSED] * 5
    assert "every-ask-is-answered" in {problem.check for problem in result.problems}


@BOTH
@pytest.mark.parametrize(
    ("status", "mode", "reason"),
    [
        pytest.param(200, "ok", None, id="200"),
        pytest.param(302, "ok", None, id="302"),
        pytest.param(404, "refused", "HTTP 404", id="404"),
        pytest.param(429, "refused", "HTTP 429", id="429"),
        pytest.param(500, "error", "HTTP 500", id="500"),
        pytest.param(502, "error", "HTTP 502", id="502"),
        pytest.param(503, "refused", "HTTP 503", id="503"),
    ],
)
def test_the_status_tells_the_mode(
    target: type[AsgiTarget], status: int, mode: str, reason: str | None
) -> None:
    """What the application decided against is refused; what broke is an error."""
    answer = asked(target, f"GET /status/{status}")

    assert (answer.mode, answer.reason, answer.text) == (mode, reason, "as you wish")


@BOTH
def test_a_body_goes_in(target: type[AsgiTarget]) -> None:
    """What follows the path is the body, new lines included."""
    assert asked(target, 'POST /echo {"a":\n1}').text == '{"a":\n1}'


def test_a_body_comes_in_pieces() -> None:
    """As a server hands it on: who takes the first piece for all of it, is found out."""

    class Hasty(AsgiTarget):
        """Reads once."""

        @staticmethod
        async def app(scope: Any, receive: Any, send: Any) -> None:
            """Answers with what it has read."""
            assert scope["type"] == "http"
            message = await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": message.get("body", b"")})

    assert asked(Hasty, 'POST /echo {"a": 12}').text == '{"a"'
    assert asked(Fast, 'POST /echo {"a": 12}').text == '{"a": 12}'


def test_the_exception_behind_a_500_is_told() -> None:
    """A server would log it, where nobody looks; here it is the reason."""
    assert asked(Fast, "GET /crash").reason == "HTTP 500: LookupError: no such drawer"


def bare_asgi(before: Callable[[Any], Awaitable[None]]) -> Any:
    """An application without any framework, that does something and breaks."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await before(send)
        raise ValueError("it is Monday")

    return app


async def nothing(send: Any) -> None:
    """Do nothing."""


async def begins(send: Any) -> None:
    """Begin an answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param(nothing, "HTTP 500: ValueError: it is Monday", id="before the answer"),
        pytest.param(begins, "HTTP 200: ValueError: it is Monday", id="within the answer"),
    ],
)
def test_an_application_that_only_raises_is_an_error(
    before: Callable[[Any], Awaitable[None]], reason: str
) -> None:
    """Half an answer is none, whatever its status said."""

    class Bare(AsgiTarget):
        app = bare_asgi(before)

    answer = asked(Bare, "GET /")

    assert (answer.mode, answer.reason) == ("error", reason)


def raises(environ: Any, start_response: Any) -> list[bytes]:
    """Raise at once."""
    raise ValueError("it is Monday")


def breaks_off(environ: Any, start_response: Any) -> Any:
    """Raise after the first piece."""
    start_response("200 OK", [])
    yield b"half"
    raise ValueError("it is Monday")


@pytest.mark.parametrize("application", [raises, breaks_off])
def test_a_wsgi_application_that_raises_is_an_error(application: Callable[..., Any]) -> None:
    """The same of the older protocol."""

    class Bare(WsgiTarget):
        app = application

    answer = asked(Bare, "GET /")

    assert (answer.mode, answer.reason) == ("error", "HTTP 500: ValueError: it is Monday")


def lifespan(**does: Callable[[], object]) -> Any:
    """An application that does things when it starts and stops."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        for what in ("startup", "shutdown"):
            await receive()
            said = does.get(what, lambda: None)()
            await send({"type": said or f"lifespan.{what}.complete"})

    return app


def fails() -> None:
    """Fail."""
    raise RuntimeError("no key")


@pytest.mark.parametrize(
    ("application", "message"),
    [
        pytest.param(lifespan(startup=fails), "startup failed: RuntimeError: no key", id="start"),
        pytest.param(lifespan(shutdown=fails), "shutdown failed: RuntimeError: no key", id="stop"),
        pytest.param(
            lifespan(startup=lambda: "lifespan.startup.failed"),
            "startup failed: no reason was given",
            id="says so",
        ),
        pytest.param(lifespan(startup=lambda: "hello"), "it said 'hello'", id="another word"),
    ],
)
def test_a_lifespan_that_fails_is_told(application: Any, message: str) -> None:
    """Whatever way an application has of not starting, it is not asked as if it had."""

    class Living(AsgiTarget):
        app = application

    with pytest.raises(TargetError, match=message):
        asked(Living, "GET /")


def test_a_framework_that_cannot_start_is_told_in_a_line() -> None:
    """A framework hands on a traceback; its last line is what matters."""

    class Broken(AsgiTarget):
        def make_app(self, world: World) -> fastapi.FastAPI:
            del world
            return fastapi.FastAPI(lifespan=_failing)

    result = played(Broken, "  - ask: GET /\n    expect: {answer.mode: ok}\n")

    (verdict,) = result.verdicts
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the application's startup failed: KeyError: 'OPENAI_API_KEY'" in verdict.reason
    assert "Traceback" not in verdict.reason


@contextlib.asynccontextmanager
async def _failing(app: fastapi.FastAPI) -> AsyncIterator[None]:
    raise KeyError("OPENAI_API_KEY")
    yield


def test_an_application_without_a_lifespan_is_asked_all_the_same() -> None:
    """Many know nothing of it, and say so by an exception."""

    class Bare(AsgiTarget):
        app = bare_asgi(begins)

    assert asked(Bare, "GET /").text == "half"


def test_a_restart_makes_the_application_anew() -> None:
    """What a process remembered is gone."""
    made: list[object] = []

    class Counting(AsgiTarget):
        def make_app(self, world: World) -> Any:
            del world
            made.append(None)
            return lifespan()

    result = played(
        Counting, "  - ask: GET /\n    expect: {answer.mode: ok}\n  - restart\n  - ask: GET /\n"
    )

    assert result.outcome is Outcome.PASSED
    assert len(made) == 2


def test_state_of_the_lifespan_reaches_requests() -> None:
    """As with any server: what the startup leaves, requests find."""
    seen: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = "open"
            for what in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{what}.complete"})
            return
        seen.append(scope["state"]["pool"])
        await lifespan()(scope, receive, send)

    class Living(AsgiTarget):
        pass

    Living.app = app

    asked(Living, "GET /")

    assert seen == ["open"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        pytest.param("nowhere", "with a colon", id="no colon"),
        pytest.param("no_such_module:app", "No module named 'no_such_module'", id="no module"),
        pytest.param("json:app", "has no attribute 'app'", id="no name"),
    ],
)
def test_an_application_that_cannot_be_imported_is_told(reference: str, message: str) -> None:
    """The message has the reference, and what is wrong with it."""

    class Missing(WsgiTarget):
        app = reference

    with pytest.raises(TargetError, match=message):
        asked(Missing, "GET /")


def test_an_application_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server finds it."""
    (tmp_path / "shop_for_this_test.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'up']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    class Shop(WsgiTarget):
        app = "shop_for_this_test:app"

    try:
        assert asked(Shop, "GET /").text == "up"
    finally:
        sys.modules.pop("shop_for_this_test", None)


def test_a_question_that_is_no_request_is_refused() -> None:
    """The message shows what one looks like."""
    with pytest.raises(TargetError, match=r"asked 'Hello\?'; expected a request such as 'GET"):
        asked(Threaded, "Hello?")


def test_requests_can_be_made_of_questions() -> None:
    """The one method that a target overrides to be asked in plain words."""

    class Plain(Threaded):
        def request(self, question: str) -> Request:
            return super().request(f"POST /echo {question}")

    assert asked(Plain, "Hello?").text == "Hello?"


def test_application_that_cannot_be_imported_is_told_by_its_error() -> None:
    """Nothing was started, so that nothing can fail to stop and take its place."""

    class Missing(AsgiTarget):
        app = "no_such_module:app"

    async def lived() -> None:
        target = Missing()
        try:
            await target.build(NO_WORLD)
        finally:
            await target.close()

    with pytest.raises(TargetError, match="no_such_module"):
        asyncio.run(lived())
