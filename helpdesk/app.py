"""The service over HTTP: a page to ask from, the same as JSON, and what operators look at."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from helpdesk.desk import MAX_QUESTION_CHARS, Helpdesk, checked_question
from helpdesk.errors import QuestionError
from helpdesk.events import Listener
from helpdesk.metrics import Metrics
from helpdesk.settings import Settings

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


class Question(BaseModel):
    """The body of ``POST /ask``."""

    question: Annotated[str, Field(description="What the asker needs help with.")]


def create_app(
    settings: Settings | None = None,
    *,
    make_desk: Callable[[Sequence[Listener]], Helpdesk] | None = None,
) -> FastAPI:
    """Return the application, ready to serve.

    Args:
        settings: None reads the environment.
        make_desk: Makes the help desk with the listeners it is given; None makes the usual one.

    Raises:
        SettingsError: The environment has a setting the service cannot run with.
    """
    metrics = Metrics()
    desk = make_desk([metrics]) if make_desk else Helpdesk(settings, listeners=[metrics])
    # The documentation pages of FastAPI load their scripts from the network.
    app = FastAPI(title="Help desk", docs_url=None, redoc_url=None)

    # Plain functions: FastAPI runs them in threads, and the desk waits for its providers.
    @app.post("/ask")
    def ask(body: Question) -> JSONResponse:
        """Answer a question; the mode says whether the model or the articles did."""
        return JSONResponse(jsonable_encoder(asdict(desk.ask(checked_question(body.question)))))

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process is alive; a provider's outage does not change it."""
        return {"status": "ok"}

    @app.get("/status")
    def status() -> JSONResponse:
        """Say how the language model, its breaker and the index are."""
        return JSONResponse(jsonable_encoder(desk.get_status()))

    @app.get("/metrics")
    def prometheus() -> Response:
        """Return the counters in Prometheus's text format."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/", response_class=HTMLResponse)
    def page() -> HTMLResponse:
        """Return the page to ask from."""
        nonce = secrets.token_urlsafe(16)
        html = _TEMPLATES.get_template("index.html.j2").render(
            nonce=nonce, max_chars=MAX_QUESTION_CHARS, contact=desk.settings.contact
        )
        policy = (
            f"default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
            f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action 'self'"
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    @app.exception_handler(QuestionError)
    def refuse_question(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=422)

    @app.exception_handler(RequestValidationError)
    def refuse_body(_: Request, error: Exception) -> JSONResponse:
        expected = 'expected JSON such as {"question": "Is the VPN down?"}'
        assert isinstance(error, RequestValidationError)
        wrong = "; ".join(str(mistake["msg"]) for mistake in error.errors())
        return JSONResponse({"detail": f"{wrong}; {expected}"}, status_code=422)

    return app
