"""What operators and machines look at; none of it waits for anything that questions use."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.encoders import jsonable_encoder
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from helpdesk.desk import Helpdesk
from helpdesk.metrics import Metrics
from helpdesk.web.problems import described, problem


class Readiness:
    """Whether the first question would be answered as quickly as any other."""

    def __init__(self) -> None:
        self.is_ready = False


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Status(BaseModel):
    """How the service is; see the description of each part in the documentation."""

    assistant: dict[str, Any] = Field(description="The language model, its breaker, its turns.")
    index: dict[str, Any] = Field(description="The copy of the index that is served.")
    load: dict[str, Any] = Field(description="Questions in progress, and how many may be.")


def operations(desk: Helpdesk, metrics: Metrics, readiness: Readiness) -> APIRouter:
    """Return the routes for operators.

    Args:
        desk: Whose state is told.
        metrics: Counted since the start.
        readiness: Set once everything is loaded.
    """
    router = APIRouter(tags=["operations"])

    # Coroutines: they run in the loop that serves requests, and need no thread that could be
    # taken by a question.
    @router.get("/healthz", responses=described(400, 414, 431), summary="Is the process alive?")
    async def healthz() -> Health:
        """It is, whatever the providers are doing: to restart it would mend nothing."""
        return Health()

    @router.get(
        "/readyz",
        response_model=Health,
        responses=described(400, 414, 431, 503),
        summary="Is everything loaded?",
    )
    async def readyz() -> Health | Response:
        """Not yet for the first seconds. An outage of a provider changes nothing."""
        if readiness.is_ready:
            return Health()
        return problem(503, "the index is being loaded; ask again in a second")

    @router.get(
        "/status", response_model=Status, responses=described(400, 414, 431), summary="How is it?"
    )
    async def status() -> Any:  # noqa: ANN401 - the model above checks it
        """The language model, its breaker, the index, and how busy the service is."""
        return jsonable_encoder(desk.get_status())

    @router.get(
        "/metrics",
        response_class=Response,
        summary="Counters for Prometheus",
        responses={
            **described(400, 414, 431),
            200: {
                "description": "Prometheus's text format.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
        },
    )
    async def prometheus() -> Response:
        """Counted in this process, since its start."""
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router
