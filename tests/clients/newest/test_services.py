"""Services that ask a provider, asked through the test clients of their frameworks."""

from __future__ import annotations

import asyncio
from typing import Any

import flask
import httpx
import openai
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import (
    MESSAGES,
    MODEL,
    SAID,
    SUNNY,
    Weather,
    openai_provider,
    weather,
    weather_later,
)


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/blocking")
    def blocking() -> Any:
        return weather()

    @app.get("/later")
    async def later() -> Any:
        return await weather_later()

    @app.get("/chat")
    async def chat() -> Any:
        async with openai.AsyncOpenAI(api_key="sk-test", timeout=TIMEOUT_S) as client:
            answer = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        return answer.choices[0].message.content

    return app


def _test_client(path: str) -> object:
    return TestClient(_app()).get(path).json()


def _with_lifespan(path: str) -> object:
    with TestClient(_app()) as client:
        return client.get(path).json()


def _transport(path: str) -> object:
    async def call() -> object:
        transport = httpx.ASGITransport(app=_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return (await client.get(path)).json()

    return asyncio.run(call())


def _three(path: str) -> object:
    async def call() -> object:
        transport = httpx.ASGITransport(app=_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            came = await asyncio.gather(*[client.get(path) for _ in range(3)])
        return [each.json() for each in came]

    return asyncio.run(call())


def _flask() -> object:
    app = flask.Flask("service")

    app.add_url_rule("/blocking", view_func=lambda: flask.jsonify(weather()))
    app.testing = True
    return app.test_client().get("/blocking").json


def _row(name: str, call: Any, answer: object = SUNNY, **options: Any) -> Row:
    return Row(name=name, call=call, **{"upstream": Weather, "answer": answer, **options})


class TestServices(ClientTests):
    """FastAPI and Flask."""

    client = Client(
        name="Services",
        packages=("fastapi", "starlette", "flask", "anyio"),
        rows=(
            _row("FastAPI, TestClient, `def`", lambda: _test_client("/blocking")),
            _row("FastAPI, TestClient, `async def`", lambda: _test_client("/later")),
            _row("FastAPI, TestClient as a context", lambda: _with_lifespan("/blocking")),
            _row(
                "FastAPI, TestClient, AsyncOpenAI behind it",
                lambda: _test_client("/chat"),
                SAID,
                upstream=openai_provider,
            ),
            _row("FastAPI, ASGITransport, `def`", lambda: _transport("/blocking")),
            _row("FastAPI, ASGITransport, `async def`", lambda: _transport("/later")),
            _row(
                "FastAPI, ASGITransport, three together, `def`",
                lambda: _three("/blocking"),
                [SUNNY] * 3,
                latency_s=0.2,
            ),
            _row("Flask, test client", _flask),
        ),
    )
