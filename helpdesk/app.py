"""The service over HTTP, put together: a page to ask from, the same as JSON, and operations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from helpdesk.desk import Helpdesk
from helpdesk.events import Listener
from helpdesk.metrics import Metrics
from helpdesk.settings import Settings
from helpdesk.web.answering import Answering
from helpdesk.web.guards import BoundedRequests, KnownHosts, LastResort, SecureHeaders
from helpdesk.web.heads import HeadRequests
from helpdesk.web.operations import Readiness, operations
from helpdesk.web.pages import mount_pages
from helpdesk.web.problems import Problem, handle_problems
from helpdesk.web.questions import questions
from helpdesk.web.request_ids import RequestIds

logger = logging.getLogger(__name__)

_ABOUT = """\
Answers questions about computers, phones and accounts: from a language model that has read the
articles, or from the articles themselves. A provider's outage is an answer in mode `fallback`
with a reason, and not an error."""


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
    metrics.watch(desk)
    answering = Answering(desk)
    readiness = Readiness()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Beside the server and not before it: a slow storage must not look like a dead process.
        warming = asyncio.create_task(_warm_up(desk, readiness))
        yield
        warming.cancel()
        answering.close()

    # The documentation pages of FastAPI load their scripts from the network; ours is at /docs.
    app = FastAPI(
        title="Help desk", description=_ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    app.include_router(questions(desk, answering))
    app.include_router(operations(desk, metrics, readiness))
    mount_pages(app, desk)
    handle_problems(app)
    _describe(app)

    hosts = [name.strip() for name in desk.settings.web.hosts.split(",") if name.strip()]
    # The last one added is the first that a request meets.
    app.add_middleware(HeadRequests)
    app.add_middleware(BoundedRequests)
    app.add_middleware(KnownHosts, names=hosts)
    app.add_middleware(LastResort)
    app.add_middleware(SecureHeaders)
    app.add_middleware(RequestIds)
    return app


async def _warm_up(desk: Helpdesk, readiness: Readiness) -> None:
    await asyncio.to_thread(desk.warm_up)
    readiness.is_ready = True
    logger.info("ready")


def _describe(app: FastAPI) -> None:
    """Put the shape of problems into the OpenAPI, in place of FastAPI's own error."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = generate()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = Problem.model_json_schema()
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the documented way to change it
