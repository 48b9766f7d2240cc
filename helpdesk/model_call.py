"""One call to the language model, under everything that protects it and us.

From the outside in: a pause that the provider asked for, the turn with the model, a refusal that
lasts, the breaker, the retry, and the attempt itself. Each may end the call before anything is
sent.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext

from helpdesk.chat_replies import OnText, Reply
from helpdesk.circuit_breaker import CircuitBreaker, Permit, State
from helpdesk.errors import AskerGoneError, ChatError
from helpdesk.events import CallHeldBack, Listener, notify
from helpdesk.openai_chat import ChatClient
from helpdesk.prompts import Message
from helpdesk.provider_memory import ProviderMemory
from helpdesk.retry import LEAST_USEFUL_S, Retry
from helpdesk.settings import OpenAISettings
from helpdesk.tracing import span
from helpdesk.turns import Turns


class ModelCaller:
    """Calls the model; safe to share between threads.

    Args:
        options: What is counted by the breaker, and how often a call is tried.
        chat: Makes one attempt.
        breaker: Refuses calls while the provider is down.
        memory: Knows what the provider has asked for.
        turns: Bounds how many calls are made at once.
        listeners: Told of waits, refusals and retries.
    """

    def __init__(  # noqa: PLR0913 - one for each layer
        self,
        options: OpenAISettings,
        chat: ChatClient,
        breaker: CircuitBreaker,
        memory: ProviderMemory,
        turns: Turns,
        *,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._counts_attempts = options.breaker.count == "attempts"
        self._chat = chat
        self._breaker = breaker
        self._memory = memory
        self._turns = turns
        self._listeners = tuple(listeners)
        self._retry = Retry(options.retry, upstream=breaker.upstream, listeners=listeners)

    def call(
        self, messages: Iterable[Message], *, deadline: float, on_text: OnText | None = None
    ) -> Reply:
        """Return the model's reply, by ``deadline``.

        Args:
            messages: The conversation.
            deadline: A ``time.monotonic()`` value.
            on_text: Is handed the pieces of the reply as they arrive. After the first of them
                nothing is tried again: what was shown cannot be taken back.

        Raises:
            CallNotPermittedError: The breaker is open.
            ChatError: The model gave no usable reply, or was not to be asked.
            AskerGoneError: ``on_text`` found nobody there any more.
        """
        if not self._chat.key_configured:
            # Straight to the error: a trial of the breaker is not spent on a call that never
            # leaves this process.
            return self._chat.complete(messages, deadline=deadline)
        return _Call(self, list(messages), deadline, on_text).made()

    def await_pause(self, deadline: float, *, most_s: float) -> None:
        """Wait until a pause that the provider asked for is over.

        Args:
            deadline: A ``time.monotonic()`` value.
            most_s: A longer pause is not waited for.

        Raises:
            ChatError: It lasts too long, or until too near to the deadline.
        """
        while pause := self._memory.pause():
            # Jitter, or all who waited would come back together.
            wait_s = pause.left_s + self._retry.jitter_s()
            latest_s = deadline - time.monotonic() - LEAST_USEFUL_S
            fits = pause.left_s <= most_s and wait_s <= latest_s
            upstream = self._breaker.upstream
            held_back = CallHeldBack(
                upstream=upstream, reason=pause.reason, wait_s=pause.left_s, given_up=not fits
            )
            notify(self._listeners, held_back)
            if not fits:
                raise ChatError(
                    f"{upstream} has asked for a pause of another {pause.left_s:.0f} s",
                    reason=pause.reason,
                    retryable=False,
                    counts=False,
                )
            time.sleep(wait_s)


class _Call:
    """What belongs to one call."""

    def __init__(
        self,
        caller: ModelCaller,
        messages: list[Message],
        deadline: float,
        on_text: OnText | None,
    ) -> None:
        self._messages = messages
        self._deadline = deadline
        self._caller = caller
        self._chat = caller._chat  # noqa: SLF001 - two halves of one subject
        self._breaker = caller._breaker  # noqa: SLF001 - as above
        self._memory = caller._memory  # noqa: SLF001 - as above
        self._turns = caller._turns  # noqa: SLF001 - as above
        self._retry = caller._retry  # noqa: SLF001 - as above
        self._counts_attempts = caller._counts_attempts  # noqa: SLF001 - as above
        self._on_text = on_text
        self._has_spoken = False
        self._failed: ChatError | None = None

    def made(self) -> Reply:
        """Make the call."""
        # Before any permit is taken: a trial is not spent on a call that is not made.
        # And no longer than between two attempts: who has waited for nothing yet is better served
        # by the articles, and a crowd that waits for a provider in need comes back as a crowd.
        most_s = self._retry.options.max_backoff.total_seconds()
        self._caller.await_pause(self._deadline, most_s=most_s)
        # A breaker that refuses does so at once, and nobody waits for a turn to be told.
        turn = nullcontext() if self._breaker.refuses else self._turns.turn(self._deadline)
        with turn, self._memory.acquire() as permit:
            try:
                reply = self._guarded()
            except ChatError as error:
                self._memory.settle(permit, error)
                raise
            except BaseException:
                # Ours or nobody's fault: it says nothing about the account.
                permit.neutral()
                raise
            finally:
                # An error that is kept by what its traceback leads to is freed by nobody.
                self._failed = None
            self._memory.settle(permit, None)
            return reply

    def _guarded(self) -> Reply:
        """Make the call through breaker and retry, in the order that the settings ask for.

        Around the retry, the breaker counts a call that failed after its attempts as one
        failure; inside it, each attempt counts.
        """
        if self._counts_attempts:
            return self._retry.call(
                lambda: self._permitted(lambda _: self._attempt()), deadline=self._deadline
            )

        def confirmed_attempt(permit: Permit) -> Reply:
            permit.confirm()
            return self._attempt()

        return self._permitted(
            lambda permit: self._retry.call(
                lambda: confirmed_attempt(permit), deadline=self._deadline
            )
        )

    def _permitted(self, call: Callable[[Permit], Reply]) -> Reply:
        with self._breaker.acquire() as permit:
            try:
                return call(permit)
            except AskerGoneError:
                permit.neutral()
                raise
            except ChatError as error:
                if error.counts:
                    permit.failure()
                else:
                    permit.neutral()
                if self._breaker.state is not State.CLOSED:
                    # Where each attempt has its permit, the next would be refused, after a
                    # wait for nothing, and the refusal would hide this error.
                    error.retryable = False
                raise

    def _attempt(self) -> Reply:
        if self._failed is not None:
            self._await_pause_of_others(self._failed)
        on_text = self._on_text and self._pass_on
        try:
            with span("helpdesk.attempt", upstream=self._breaker.upstream):
                return self._chat.complete(
                    self._messages, deadline=self._deadline, on_text=on_text
                )
        except ChatError as error:
            self._memory.note_pause(error)
            self._failed = error
            if self._has_spoken:
                error.retryable = False
            raise

    def _await_pause_of_others(self, failed: ChatError) -> None:
        """Keep a pause that others were asked for since the last attempt failed."""
        try:
            self._caller.await_pause(self._deadline, most_s=math.inf)
        except ChatError:
            # What failed is still why there is no answer, and still counts as it did.
            failed.retryable = False
            raise failed from None

    def _pass_on(self, text: str) -> None:
        assert self._on_text is not None
        self._has_spoken = True
        self._on_text(text)
