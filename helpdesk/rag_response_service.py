"""Answers a question from the passages found: by the language model, or without it."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpdesk.answers import Answer, Mode, SearchResult
from helpdesk.chat_replies import OnText
from helpdesk.circuit_breaker import CircuitBreaker, State
from helpdesk.errors import CallNotPermittedError, ChatError, FailureReason
from helpdesk.events import Listener
from helpdesk.fallback import fallback_answer
from helpdesk.model_call import ModelCaller
from helpdesk.openai_chat import ChatClient
from helpdesk.prompts import build_messages
from helpdesk.provider_memory import Closure, ProviderMemory
from helpdesk.settings import Settings
from helpdesk.shared_breakers import shared_breaker, shared_memory
from helpdesk.turns import Turns

if TYPE_CHECKING:
    # Only for the annotation: the SDK itself is used in openai_chat and nowhere else.
    import openai

logger = logging.getLogger(__name__)

UPSTREAM = "openai"


class RAGResponseService:
    """Puts the passages before the language model, and quotes them if it does not answer.

    Args:
        settings: None reads the environment.
        client: An SDK client to use instead of making one from the settings.
        breaker: None uses the one that all services of this process share.
        listeners: Told of permits, refusals, transitions and retries.

    Raises:
        SettingsError: The environment has a setting the service cannot run with.

    Example:
        >>> service = RAGResponseService(Settings())
        >>> service.get_status()["mode"]
        'fallback'
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        client: openai.OpenAI | None = None,
        breaker: CircuitBreaker | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._settings = settings or Settings.load()
        options = self._settings.openai
        self._chat = ChatClient(options, client)
        # Whoever brings a breaker of its own shares nothing with others.
        self._memory = (
            shared_memory(UPSTREAM, options.breaker)
            if breaker is None
            else ProviderMemory(UPSTREAM, options.breaker)
        )
        self._breaker = breaker or shared_breaker(UPSTREAM, options.breaker)
        self._breaker.listen(*listeners)
        self._turns = Turns(self._settings.limits)
        self._model = ModelCaller(
            options, self._chat, self._breaker, self._memory, self._turns, listeners=listeners
        )
        # What the last call to the provider came to; None before the first.
        self._last: FailureReason | str | None = None

    def respond(
        self,
        question: str,
        found: SearchResult,
        *,
        deadline: float,
        on_text: OnText | None = None,
    ) -> Answer:
        """Return an answer by ``deadline``; a provider's failure is part of it, never raised.

        Args:
            question: What was asked.
            found: What the index knows about it.
            deadline: A ``time.monotonic()`` value.
            on_text: Is handed the model's words as they arrive. What counts is the answer that
                is returned: a fallback, if the model broke off after its first words.

        Raises:
            AskerGoneError: ``on_text`` found nobody there any more.
        """
        searched = found.index_state != "absent"
        messages = build_messages(question, found.passages, searched=searched)
        try:
            reply = self._model.call(messages, deadline=deadline, on_text=on_text)
        except CallNotPermittedError as error:
            return self._fall_back(found, "breaker_open", error)
        except ChatError as error:
            self._last = error.reason
            return self._fall_back(found, error.reason, error)
        self._last = "ok"
        return Answer(
            text=reply.text,
            mode="llm",
            sources=tuple(passage.article_id for passage in found.passages),
            titles=tuple(passage.title for passage in found.passages),
            stale=found.index_state == "stale",
            truncated=reply.truncated,
            index_state=found.index_state,
        )

    def get_status(self) -> dict[str, object]:
        """Return whether answers come from the model right now, and why not.

        Keys: ``api_key_configured``; ``api_key_valid`` (None until the provider has judged it);
        ``api_status`` (``not_configured``, ``unknown``, ``ok`` or the last failure's reason);
        ``synthesis_available``; ``unavailable_reason`` (None when available) and
        ``next_look_in_s`` (seconds until the provider is asked again; None when nothing keeps us
        from it); ``mode`` (of the next answer, as far as can be told); ``circuit_breaker``
        (``state``, ``failures``, ``threshold``, ``retry_after_s``); ``turns`` (``taken``,
        ``limit``, ``waiting``): questions with the model, and those that wait for it.
        """
        breaker = self._breaker.snapshot()
        closure = self._memory.closure()
        if breaker.state is State.OPEN and breaker.retry_after_s:
            closure = Closure(reason="breaker_open", left_s=breaker.retry_after_s)
        if not self._chat.key_configured:
            closure = Closure(reason="no_api_key", left_s=math.inf)
        elif closure is None and self._chat.key_valid is False:
            closure = Closure(reason="bad_api_key", left_s=0.0)
        mode: Mode = "llm" if closure is None else "fallback"
        is_ahead = closure is not None and math.isfinite(closure.left_s)
        return {
            "api_key_configured": self._chat.key_configured,
            "api_key_valid": self._chat.key_valid,
            "api_status": self._last or "unknown"
            if self._chat.key_configured
            else "not_configured",
            "synthesis_available": closure is None,
            "unavailable_reason": closure.reason if closure else None,
            "next_look_in_s": closure.left_s if closure and is_ahead else None,
            "mode": mode,
            "turns": {
                "taken": self._turns.taken,
                "limit": self._settings.limits.max_calls,
                "waiting": self._turns.waiting,
            },
            "circuit_breaker": {
                "state": breaker.state.value,
                "failures": breaker.failures,
                "threshold": breaker.threshold,
                "retry_after_s": breaker.retry_after_s,
            },
        }

    def _fall_back(self, found: SearchResult, reason: FailureReason, error: Exception) -> Answer:
        # A missing key is how some run it on purpose: not worth a warning for each question.
        level = logging.INFO if reason == "no_api_key" else logging.WARNING
        logger.log(level, "answering from the knowledge base: %s (%s)", reason, error)
        return fallback_answer(found, reason, contact=self._settings.contact)
