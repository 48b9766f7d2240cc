"""``POST /ask`` and ``POST /ask/stream``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from helpdesk.answers import Answer
from helpdesk.desk import MAX_QUESTION_CHARS, VISIBLE, Helpdesk, checked_question
from helpdesk.web.answering import Answering
from helpdesk.web.problems import described

_REFUSALS = described(400, 408, 413, 414, 415, 422, 429, 431)

_EVENTS = """\
Events of two kinds. `token` has a piece of the model's answer: `{"text": "…"}`. `answer` comes
last, once, and is the whole of it, as `/ask` returns it. It is what counts: if the model breaks
off, its mode is `fallback`, and what came before is not an answer."""


_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["token", "answer"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
    "additionalProperties": False,
}


class Question(BaseModel):
    """What is asked."""

    # Checked by `checked_question`, which says what to do; here for whoever reads the schema.
    question: Annotated[
        str,
        Field(
            description="What the asker needs help with.",
            examples=["Is the VPN down?"],
            json_schema_extra={
                "minLength": 1,
                "maxLength": MAX_QUESTION_CHARS,
                "pattern": VISIBLE.pattern,
            },
        ),
    ]


def questions(desk: Helpdesk, answering: Answering) -> APIRouter:
    """Return the routes that questions come in by.

    Args:
        desk: Admits them.
        answering: Answers them.
    """
    router = APIRouter(tags=["questions"])

    @router.post("/ask", responses=_REFUSALS, summary="Answer a question")
    async def ask(body: Question) -> Answer:
        """The mode of the answer says whether the model or the articles gave it."""
        question = checked_question(body.question)
        return await answering.answer(question, desk.admit())

    @router.post(
        "/ask/stream",
        response_class=StreamingResponse,
        summary="Answer a question as it is written",
        responses={
            **_REFUSALS,
            200: {
                "description": _EVENTS,
                "content": {"text/event-stream": {"schema": _EVENT}},
            },
        },
    )
    async def ask_stream(body: Question) -> StreamingResponse:
        """Server-sent events."""
        question = checked_question(body.question)
        events = answering.stream(question, desk.admit())
        # Proxies would otherwise collect the whole answer first.
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    return router
