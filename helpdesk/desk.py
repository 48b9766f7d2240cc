"""The help desk: a question in, an answer out, in time and whatever else is broken."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from typing import Protocol

from helpdesk.admission import Admission, Ticket
from helpdesk.answers import Answer, Passage, SearchResult
from helpdesk.chat_replies import OnText
from helpdesk.errors import AskerGoneError, FailureReason, OverloadedError, QuestionError
from helpdesk.events import AnswerGiven, Listener, QuestionRefused, RefreshEnded, notify
from helpdesk.fallback import fallback_answer
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import Settings
from helpdesk.tracing import span

logger = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 2000

VISIBLE = re.compile(
    r"[^\s\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
"""Something that can be seen. Blanks have many forms, and a question of nothing else is none."""

_RESERVE_S = 2.0
"""Kept back from the deadline when the model has the rest: for putting the answer together. In a
crowd a second passes before a question is seen, and another until all of them are answered."""


class Index(Protocol):
    """Where passages come from; ``FAISSHelpdeskService`` is one."""

    def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
        """Return the best passages, by ``deadline``."""

    def refresh(self) -> RefreshEnded:
        """Look for a newer index now."""

    def article(self, article_id: str) -> Passage | None:
        """Return a whole article; None if there is none of that id."""

    def get_status(self) -> dict[str, object]:
        """Return what is served, and how old it is; waits for nothing."""


class Responder(Protocol):
    """Who writes the answer; ``RAGResponseService`` is one."""

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Return an answer, by ``deadline``; see ``RAGResponseService.respond``."""

    def get_status(self) -> dict[str, object]:
        """Return whether answers come from the language model."""


class Helpdesk:
    """Answers every question.

    Args:
        settings: None reads the environment.
        rag: None makes one from the settings.
        index: None makes one from the settings.
        listeners: Told of everything that happens, in the parts made here too.

    Raises:
        SettingsError: The environment has a setting the service cannot run with.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        rag: Responder | None = None,
        index: Index | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.settings = settings or Settings.load()
        self._listeners = tuple(listeners)
        self._rag = rag or RAGResponseService(self.settings, listeners=listeners)
        self._index = index or _default_index(self.settings, listeners)
        self._admission = Admission(self.settings.limits)

    def ask(self, question: str) -> Answer:
        """Return an answer within ``answer_deadline``; there always is one.

        Nothing that goes wrong is raised. What nobody foresaw is logged with its traceback, and
        the asker gets what is left: the articles found, or how to reach a person. So does who
        asks one question too many at once: there is no time of the model for it.
        """
        try:
            ticket = self.admit()
        except OverloadedError:
            return self._without_model(question, "overloaded", time.monotonic())
        return self.answer(question, ticket)

    def admit(self) -> Ticket:
        """Take a question in before it is asked, for front doors that can say no.

        Raises:
            OverloadedError: So many questions are under way that no more are taken.
        """
        try:
            return self._admission.admit()
        except OverloadedError as error:
            logger.warning("question refused: %s", error)
            notify(self._listeners, QuestionRefused(retry_after_s=error.retry_after_s))
            raise

    def answer(self, question: str, ticket: Ticket, *, on_text: OnText | None = None) -> Answer:
        """Answer a question that was admitted, as ``ask`` does.

        Args:
            question: What is asked.
            ticket: Its place, which is given back; the deadline counts from its arrival.
            on_text: Is handed the model's words as they arrive. What counts is the answer that
                is returned, whatever was heard before.

        Raises:
            AskerGoneError: ``on_text`` found nobody there any more.
        """
        with ticket, span("helpdesk.ask") as attributes:
            deadline = (
                ticket.arrived_s + self.settings.answer_deadline.total_seconds() - _RESERVE_S
            )
            # Half a surrogate pair, as from a terminal that is not UTF-8, can be sent nowhere.
            question = question.encode("utf-8", "replace").decode("utf-8")
            logger.debug("asked: %s", question)
            found = self._search(question, deadline)
            try:
                # Who does not listen needs a responder that can only answer.
                listener = {} if on_text is None else {"on_text": on_text}
                answer = self._rag.respond(question, found, deadline=deadline, **listener)
            except AskerGoneError:
                logger.info("the asker has disconnected")
                raise
            except Exception:
                logger.exception("the answer failed for an unforeseen reason")
                contact = self.settings.contact
                answer = fallback_answer(found, "internal_error", contact=contact)
            attributes(mode=answer.mode, reason=answer.reason, index=answer.index_state)
            return self._given(answer, ticket.arrived_s)

    def refresh_index(self) -> RefreshEnded:
        """Look for a newer index now, and say what came of it."""
        return self._index.refresh()

    def warm_up(self) -> None:
        """Load what the first question would wait for; nothing that goes wrong is raised."""
        budget_s = self.settings.index.refresh_budget.total_seconds()
        self._search("warm up", time.monotonic() + budget_s)

    def article(self, article_id: str) -> Passage | None:
        """Return a whole article of the index that is served; None if it has none of that id."""
        return self._index.article(article_id)

    def get_status(self) -> dict[str, object]:
        """Return the status of both halves, under ``assistant`` and ``index``, and the ``load``.

        It waits for nothing that questions use: each number is read under a lock that is held
        for an instant.
        """
        load = {
            "questions": self._admission.under_way,
            "limit": self._admission.most,
            "refused": self._admission.refused,
        }
        status = {"assistant": self._rag.get_status(), "index": self._index.get_status()}
        return {**status, "load": load}

    def _without_model(self, question: str, reason: FailureReason, asked_s: float) -> Answer:
        deadline = asked_s + self.settings.answer_deadline.total_seconds() - _RESERVE_S
        found = self._search(question.encode("utf-8", "replace").decode("utf-8"), deadline)
        return self._given(fallback_answer(found, reason, contact=self.settings.contact), asked_s)

    def _given(self, answer: Answer, asked_s: float) -> Answer:
        took_s = time.monotonic() - asked_s
        logger.info(
            "answered in %.3f s: mode %s, reason %s, index %s",
            *(took_s, answer.mode, answer.reason, answer.index_state),
        )
        event = AnswerGiven(
            mode=answer.mode, reason=answer.reason, stale=answer.stale, duration_s=took_s
        )
        notify(self._listeners, event)
        return answer

    def _search(self, question: str, deadline: float) -> SearchResult:
        try:
            with span("helpdesk.search"):
                return self._index.search(question, top_k=self.settings.top_k, deadline=deadline)
        except Exception:
            logger.exception("the search failed for an unforeseen reason")
            return SearchResult(
                passages=(), index_state="absent", stale_reason="the search failed"
            )


def checked_question(text: str) -> str:
    """Return ``text`` as a question, for front doors that can say what is wrong with it.

    Raises:
        QuestionError: Nobody can see anything in it, or it is longer than 2,000 characters.

    Example:
        >>> checked_question("  Is the VPN down? ")
        'Is the VPN down?'
    """
    question = text.strip()
    if not VISIBLE.search(question):
        raise QuestionError("the question is empty; write what you need help with")
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(text)} characters; expected at most "
            f"{MAX_QUESTION_CHARS}; ask for one thing and leave out logs"
        )
    return question


def _default_index(settings: Settings, listeners: Sequence[Listener]) -> Index:
    # Late, because FAISS and the embedder take a second to import: `helpdesk --help` and
    # services with an index of their own need neither.
    from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService  # noqa: PLC0415

    return FAISSHelpdeskService(settings, listeners=listeners)
