"""Defects of the front door: between a sound desk and those who ask it over HTTP."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_ANSWERING = "helpdesk.web.answering"
_OPERATIONS = "helpdesk.web.operations:operations"
_PROBLEMS = "helpdesk.web.problems"

DEFECTS = (
    Defect(
        name="place-given-back-at-once",
        doc="A place is free again as soon as a thread has the question, so nobody is refused.",
        tags=("load",),
        edits=(
            Rewrite(
                _ANSWERING,
                """
                - begun.add_done_callback(lambda _: ticket.over())
                + ticket.over()
                """,
            ),
        ),
    ),
    Defect(
        name="one-thread-for-all",
        doc="Questions wait for one another, though the model could answer them side by side.",
        tags=("load",),
        edits=(
            Rewrite(
                _ANSWERING,
                """
                - threads = self._desk.settings.limits.max_questions
                + threads = 1
                """,
            ),
        ),
    ),
    Defect(
        name="deadline-begins-with-the-thread",
        doc="However long a question has waited for a thread, it then has all its time.",
        tags=("load",),
        edits=(
            Rewrite(
                _ANSWERING,
                """
                - threads = self._desk.settings.limits.max_questions
                + threads = self._desk.settings.limits.max_calls
                - answer = partial(run, self._desk.answer, question, ticket, on_text=on_text)
                + def answer():
                +     ticket.arrived_s = __import__("time").monotonic()
                +     return run(self._desk.answer, question, ticket, on_text=on_text)
                """,
            ),
        ),
    ),
    Defect(
        name="refused-without-a-time-to-come-back",
        doc="Whoever is one too many is told that, and asks again at once.",
        tags=("load",),
        edits=(
            Rewrite(
                _PROBLEMS,
                """
                = return problem(
                - 429, str(error), headers={"Retry-After": f"{math.ceil(error.retry_after_s)}"}
                + 429, str(error)
                """,
            ),
        ),
    ),
    Defect(
        name="problem-of-another-status",
        doc="A body that can be read by machines tells them of another status than the head does.",
        tags=("smoke",),
        edits=(
            Rewrite(
                _PROBLEMS,
                """
                = title=title_of(status),
                - status=status,
                + status=400,
                """,
            ),
        ),
    ),
    Defect(
        name="problem-that-is-no-problem",
        doc="Errors come as plain JSON, which no client takes for problem details.",
        tags=("smoke",),
        edits=(
            Rewrite(
                _PROBLEMS,
                """
                - return Response(content, status, dict(headers or {}), MEDIA_TYPE)
                + return Response(content, status, dict(headers or {}), "application/json")
                """,
            ),
        ),
    ),
    Defect(
        name="stream-ends-without-an-answer",
        doc="When the model breaks off, so does the stream, after half a sentence.",
        tags=("retry",),
        edits=(
            Rewrite(
                _ANSWERING,
                """
                - yield _event("answer", asdict(begun.result()))
                + if begun.result().mode == "llm":
                +     yield _event("answer", asdict(begun.result()))
                """,
            ),
        ),
    ),
    Defect(
        name="health-takes-a-place",
        doc="A crowd makes the process look dead, and the platform restarts it in the rush.",
        tags=("load",),
        edits=(
            Rewrite(
                _OPERATIONS,
                '''
    - """It is, whatever the providers are doing: to restart it would mend nothing."""
    + desk.admit().over()
                ''',
            ),
        ),
    ),
    Defect(
        name="health-waits-for-the-model",
        doc="Whether the process is alive is told only when a hung provider has been given up.",
        tags=("breaker",),
        edits=(
            Rewrite(
                _OPERATIONS,
                """
                - if readiness.is_ready:
                + while desk.get_status()["assistant"]["turns"]["taken"]:
                +     await __import__("asyncio").sleep(1)
                + if readiness.is_ready:
                """,
            ),
        ),
    ),
)
"""Those that only askers over HTTP meet. What goes wrong behind the door is planted there."""
