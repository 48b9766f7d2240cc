"""The help desk: a question in, an answer out, in time and whatever else is broken."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol

from helpdesk.answers import Answer, SearchResult
from helpdesk.errors import QuestionError
from helpdesk.events import AnswerGiven, Listener, RefreshEnded, notify
from helpdesk.fallback import fallback_answer
from helpdesk.rag_response_service import RAGResponseService
from helpdesk.settings import Settings

logger = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 2000

_RESERVE_S = 1.0
"""Kept back from the deadline, for putting the answer together when the model had the rest."""


class Index(Protocol):
    """Where passages come from; ``FAISSHelpdeskService`` is one."""

    def search(self, question: str, *, top_k: int, deadline: float) -> SearchResult:
        """Return the best passages, by ``deadline``."""

    def refresh(self) -> RefreshEnded:
        """Look for a newer index now."""

    def get_status(self) -> dict[str, object]:
        """Return what is served, and how old it is."""


class Responder(Protocol):
    """Who writes the answer; ``RAGResponseService`` is one."""

    def respond(self, question: str, found: SearchResult, *, deadline: float) -> Answer:
        """Return an answer, by ``deadline``."""

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

    def ask(self, question: str) -> Answer:
        """Return an answer within ``answer_deadline``; there always is one.

        Nothing that goes wrong is raised. What nobody foresaw is logged with its traceback, and
        the asker gets what is left: the articles found, or how to reach a person.
        """
        started_s = time.monotonic()
        deadline = started_s + self.settings.answer_deadline.total_seconds() - _RESERVE_S
        # Half a surrogate pair, as from a terminal that is not UTF-8, can be sent nowhere.
        question = question.encode("utf-8", "replace").decode("utf-8")
        logger.debug("asked: %s", question)
        found = self._search(question, deadline)
        try:
            answer = self._rag.respond(question, found, deadline=deadline)
        except Exception:
            logger.exception("the answer failed for a reason nobody foresaw")
            contact = self.settings.contact
            answer = fallback_answer(found, "internal_error", contact=contact)
        took_s = time.monotonic() - started_s
        logger.info(
            "answered in %.3f s: mode %s, reason %s, index %s",
            *(took_s, answer.mode, answer.reason, answer.index_state),
        )
        event = AnswerGiven(
            mode=answer.mode, reason=answer.reason, stale=answer.stale, duration_s=took_s
        )
        notify(self._listeners, event)
        return answer

    def refresh_index(self) -> RefreshEnded:
        """Look for a newer index now, and say what came of it."""
        return self._index.refresh()

    def get_status(self) -> dict[str, object]:
        """Return the status of both halves, under ``assistant`` and ``index``."""
        return {"assistant": self._rag.get_status(), "index": self._index.get_status()}

    def _search(self, question: str, deadline: float) -> SearchResult:
        try:
            return self._index.search(question, top_k=self.settings.top_k, deadline=deadline)
        except Exception:
            logger.exception("the search failed for a reason nobody foresaw")
            return SearchResult(
                passages=(), index_state="absent", stale_reason="the search failed"
            )


def checked_question(text: str) -> str:
    """Return ``text`` as a question, for front doors that can say what is wrong with it.

    Raises:
        QuestionError: It is empty, or longer than 2,000 characters.

    Example:
        >>> checked_question("  Is the VPN down? ")
        'Is the VPN down?'
    """
    question = text.strip()
    if not question:
        raise QuestionError("the question is empty; write what you need help with")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(question)} characters; expected at most "
            f"{MAX_QUESTION_CHARS}; ask for one thing and leave out logs"
        )
    return question


def _default_index(settings: Settings, listeners: Sequence[Listener]) -> Index:
    # Late, because FAISS and the embedder take a second to import: `helpdesk --help` and
    # services with an index of their own need neither.
    from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService  # noqa: PLC0415

    return FAISSHelpdeskService(settings, listeners=listeners)
