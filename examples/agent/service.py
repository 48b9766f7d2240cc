"""Helps customers of a shop: a model decides what to do, and a tool gives the money back.

Money must not be given back twice. An answer of the bank that got lost says nothing of the refund,
so that each carries a key by which the bank knows it again: it is made of the order, and so is the
same whether the request is repeated or the model asks once more. What cannot
be brought to an end is handed on to a person, with everything that was done so far.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass

import httpx
import openai

from examples.agent.conversation import MODEL, TOOLS, Conversation, Refund, UnusableError

BANK = "https://bank.example"

TIMEOUT_S = 5.0
ATTEMPTS = 3
BACKOFF_S = 1.0
MOST_TURNS = 4

# The SDK lets out what its parser raises at an answer that breaks off, or is not UTF-8.
_FAILED = (openai.OpenAIError, ValueError, httpx.HTTPError, UnusableError)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the customer is told; None where a person takes over."""

    text: str | None
    reason: str | None = None


class Bank:
    """The bank's API, tried again with the same key."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def refund(self, order: int, key: str) -> str:
        """Give the money for an order back; returns the bank's word for it.

        Raises:
            httpx.HTTPError: It could not be done, as far as we know.
        """
        for attempt in itertools.count(1):
            try:
                return self._refund_once(order, key)
            except httpx.HTTPError as error:
                if attempt == ATTEMPTS or not can_be_tried_again(error):
                    raise
                time.sleep(BACKOFF_S * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _refund_once(self, order: int, key: str) -> str:
        response = self._client.post(
            f"{BANK}/refunds",
            json={"order": order},
            headers={"Idempotency-Key": key},
            timeout=TIMEOUT_S,
        )
        return word_in(response)


class Desk:
    """Answers customers; each question is a conversation of its own."""

    def __init__(self, model: openai.OpenAI, bank: Bank) -> None:
        self._model = model
        self._bank = bank

    def ask(self, question: str) -> Reply:
        """Do what a customer wants, or hand it on to a person."""
        try:
            return Reply(self._answer(Conversation.begun(question)))
        except _FAILED as error:
            return Reply(None, reason=f"{type(error).__name__}: {error}")

    def _answer(self, conversation: Conversation) -> str:
        for _ in range(MOST_TURNS):
            completion = self._model.chat.completions.create(
                model=MODEL, messages=conversation.messages, tools=TOOLS
            )
            refunds = conversation.take(completion)
            if not refunds:
                return conversation.last_words
            for refund in refunds:
                conversation.note(refund, self._give_back(refund))
        raise UnusableError("the model does not come to an end")

    def _give_back(self, refund: Refund) -> str:
        return self._bank.refund(refund.order, refund.key)


class AsyncBank:
    """The same for an event loop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def refund(self, order: int, key: str) -> str:
        """Give the money for an order back; returns the bank's word for it.

        Raises:
            httpx.HTTPError: It could not be done, as far as we know.
        """
        for attempt in itertools.count(1):
            try:
                return await self._refund_once(order, key)
            except httpx.HTTPError as error:
                if attempt == ATTEMPTS or not can_be_tried_again(error):
                    raise
                await asyncio.sleep(BACKOFF_S * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _refund_once(self, order: int, key: str) -> str:
        response = await self._client.post(
            f"{BANK}/refunds",
            json={"order": order},
            headers={"Idempotency-Key": key},
            timeout=TIMEOUT_S,
        )
        return word_in(response)


class AsyncDesk:
    """The same for an event loop."""

    def __init__(self, model: openai.AsyncOpenAI, bank: AsyncBank) -> None:
        self._model = model
        self._bank = bank

    async def ask(self, question: str) -> Reply:
        """Do what a customer wants, or hand it on to a person."""
        try:
            return Reply(await self._answer(Conversation.begun(question)))
        except _FAILED as error:
            return Reply(None, reason=f"{type(error).__name__}: {error}")

    async def _answer(self, conversation: Conversation) -> str:
        for _ in range(MOST_TURNS):
            completion = await self._model.chat.completions.create(
                model=MODEL, messages=conversation.messages, tools=TOOLS
            )
            refunds = conversation.take(completion)
            if not refunds:
                return conversation.last_words
            for refund in refunds:
                conversation.note(refund, await self._give_back(refund))
        raise UnusableError("the model does not come to an end")

    async def _give_back(self, refund: Refund) -> str:
        return await self._bank.refund(refund.order, refund.key)


def can_be_tried_again(error: httpx.HTTPError) -> bool:
    """Whether the same request may go better; a refusal would be repeated."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError)


def word_in(response: httpx.Response) -> str:
    """The bank's word for a refund; a success that does not carry one is none."""
    response.raise_for_status()
    try:
        word = response.json()["refund"]
    except (ValueError, LookupError, TypeError) as error:
        raise UnusableError("the bank's answer has no refund in it") from error
    return str(word)
