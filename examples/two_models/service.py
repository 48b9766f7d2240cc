"""Writes answers with one model, or with another where the first cannot.

The reader sees the words as they come. As long as there are none, a model that fails is replaced
by the next. Once there are some, nobody else goes on: half a sentence of one model and an answer
of another make a text that neither of them wrote. The reader keeps what came, and is told that it
broke off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import anthropic
import httpx2
import openai

TIMEOUT_S = 5.0
"""The longest silence of a model."""

PATIENCE_S = 10.0
"""The longest that one model may take; looked at whenever some of its words come."""

SORRY = "Nobody can answer this now. Please try again in a few minutes."

OnWords = Callable[[str], None]


class ModelError(Exception):
    """A model did not say what it had to say to its end."""


class Model(Protocol):
    """Whoever can write an answer."""

    def words(self, question: str) -> Iterator[str]:
        """The pieces of an answer as they come.

        Raises:
            ModelError: There is no answer, or no more of it.
        """


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a question: ``whole``, ``cut`` after some words, or ``nothing``."""

    outcome: Literal["whole", "cut", "nothing"]
    reason: str | None = None


class Writer:
    """Answers questions with the first of its models that can.

    Args:
        models: In the order in which they are asked.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        self._models = models

    def write(self, question: str, show: OnWords) -> Written:
        """Write an answer, and ``show`` it piece by piece."""
        reasons: list[str] = []
        for model in self._models:
            shown = False
            try:
                for piece in model.words(question):
                    show(piece)
                    shown = True
            except ModelError as error:
                reasons.append(str(error))
                if shown:
                    return Written("cut", str(error))
                continue
            return Written("whole")
        return Written("nothing", "; ".join(reasons))


class OpenAIModel:
    """A model of OpenAI's.

    Args:
        client: Makes no retries of its own, as the next model is the retry.
        model: Its name.
    """

    def __init__(self, client: openai.OpenAI, model: str = "gpt-4o-mini") -> None:
        self._client = client.with_options(max_retries=0, timeout=TIMEOUT_S)
        self._model = model

    def words(self, question: str) -> Iterator[str]:
        """The pieces of an answer as they come."""
        began_s = time.monotonic()
        end, said = None, False
        try:
            with self._client.chat.completions.create(
                model=self._model,
                messages=[{"role": "user", "content": question}],
                stream=True,
            ) as stream:
                for chunk in stream:
                    for choice in chunk.choices or ():
                        end = choice.finish_reason or end
                        if choice.delta and choice.delta.content:
                            said = True
                            yield _checked(choice.delta.content, began_s)
        # ValueError: an event that is no JSON.
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise ModelError(type(error).__name__) from error
        if end != "stop" or not said:
            raise ModelError(f"ended with {end}")


class AnthropicModel:
    """A model of Anthropic's.

    Args:
        client: Makes no retries of its own.
        model: Its name.
    """

    def __init__(self, client: anthropic.Anthropic, model: str = "claude-haiku-4-5") -> None:
        self._client = client.with_options(max_retries=0, timeout=TIMEOUT_S)
        self._model = model

    def words(self, question: str) -> Iterator[str]:
        """The pieces of an answer as they come."""
        began_s = time.monotonic()
        end, said = None, False
        try:
            with self._client.messages.create(
                model=self._model,
                max_tokens=300,
                messages=[{"role": "user", "content": question}],
                stream=True,
            ) as stream:
                for event in stream:
                    if event.type == "message_delta":
                        end = event.delta.stop_reason
                    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                        said = True
                        yield _checked(event.delta.text, began_s)
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
            raise ModelError(type(error).__name__) from error
        if end != "end_turn" or not said:
            raise ModelError(f"ended with {end}")


def _checked(words: object, began_s: float) -> str:
    """The words, if they are some, and in time."""
    if time.monotonic() - began_s > PATIENCE_S:
        raise ModelError("took too long")
    if not isinstance(words, str):
        raise ModelError("said something that is no text")
    return words
