"""Answers a question from the passages found: by the language model, or without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from helpdesk.answers import Answer, Mode, SearchResult
from helpdesk.circuit_breaker import CircuitBreaker, Permit, State
from helpdesk.errors import CallNotPermittedError, ChatError, FailureReason
from helpdesk.events import Listener
from helpdesk.fallback import fallback_answer
from helpdesk.openai_chat import ChatClient, Reply
from helpdesk.prompts import Message, build_messages
from helpdesk.retry import Retry
from helpdesk.settings import Settings
from helpdesk.shared_breakers import shared_breaker

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
        self._breaker = breaker or shared_breaker(UPSTREAM, options.breaker)
        self._breaker.listen(*listeners)
        self._retry = Retry(options.retry, upstream=UPSTREAM, listeners=listeners)
        # What the last call to the provider came to; None before the first.
        self._last: FailureReason | str | None = None

    def respond(self, question: str, found: SearchResult, *, deadline: float) -> Answer:
        """Return an answer by ``deadline``; a provider's failure is part of it, never raised.

        Args:
            question: What was asked.
            found: What the index knows about it.
            deadline: A ``time.monotonic()`` value.
        """
        searched = found.index_state != "absent"
        messages = build_messages(question, found.passages, searched=searched)
        try:
            reply = self._call_llm(messages, deadline)
        except CallNotPermittedError as error:
            return self._fall_back(found, "breaker_open", error)
        except ChatError as error:
            return self._fall_back(found, error.reason, error)
        return Answer(
            text=reply.text,
            mode="llm",
            sources=tuple(passage.article_id for passage in found.passages),
            stale=found.index_state == "stale",
            truncated=reply.truncated,
            index_state=found.index_state,
        )

    def get_status(self) -> dict[str, object]:
        """Return whether answers come from the model right now, and why not.

        Keys: ``api_key_configured``; ``api_key_valid`` (None until the provider has judged it);
        ``api_status`` (``not_configured``, ``unknown``, ``ok`` or the last failure's reason);
        ``synthesis_available``; ``mode`` (of the next answer, as far as can be told);
        ``circuit_breaker`` (``state``, ``failures``, ``threshold``, ``retry_after_s``).
        """
        breaker = self._breaker.snapshot()
        is_refusing = breaker.state is State.OPEN and breaker.retry_after_s != 0
        is_available = (
            self._chat.key_configured and self._chat.key_valid is not False and not is_refusing
        )
        mode: Mode = "llm" if is_available else "fallback"
        return {
            "api_key_configured": self._chat.key_configured,
            "api_key_valid": self._chat.key_valid,
            "api_status": self._api_status(),
            "synthesis_available": is_available,
            "mode": mode,
            "circuit_breaker": {
                "state": breaker.state.value,
                "failures": breaker.failures,
                "threshold": breaker.threshold,
                "retry_after_s": breaker.retry_after_s,
            },
        }

    def _api_status(self) -> str:
        return (self._last or "unknown") if self._chat.key_configured else "not_configured"

    def _call_llm(self, messages: Iterable[Message], deadline: float) -> Reply:
        """Call the model through breaker and retry, in the order that the settings ask for.

        Around the retry, the breaker counts a call that failed after its attempts as one
        failure; inside it, each attempt counts.

        Raises:
            CallNotPermittedError: The breaker is open.
            ChatError: The model gave no usable reply.
        """
        messages = list(messages)

        def attempt() -> Reply:
            return self._chat.complete(messages, deadline=deadline)

        if not self._chat.key_configured:
            # Straight to the error: a trial of the breaker is not spent on a call that never
            # leaves this process.
            return attempt()
        if self._settings.openai.breaker.count == "attempts":
            return self._retry.call(
                lambda: self._permitted(lambda _: attempt()), deadline=deadline
            )

        def confirmed_attempt(permit: Permit) -> Reply:
            permit.confirm()
            return attempt()

        return self._permitted(
            lambda permit: self._retry.call(lambda: confirmed_attempt(permit), deadline=deadline)
        )

    def _permitted(self, call: Callable[[Permit], Reply]) -> Reply:
        with self._breaker.acquire() as permit:
            try:
                reply = call(permit)
            except ChatError as error:
                self._last = error.reason
                if error.counts:
                    permit.failure()
                else:
                    permit.neutral()
                if self._breaker.state is not State.CLOSED:
                    # Where each attempt has its permit, the next would be refused, after a
                    # wait for nothing, and the refusal would hide this error.
                    error.retryable = False
                raise
            self._last = "ok"
            return reply

    def _fall_back(self, found: SearchResult, reason: FailureReason, error: Exception) -> Answer:
        # A missing key is how some run it on purpose: not worth a warning for each question.
        level = logging.INFO if reason == "no_api_key" else logging.WARNING
        logger.log(level, "answering from the knowledge base: %s (%s)", reason, error)
        return fallback_answer(found, reason, contact=self._settings.contact)
