"""A chat through LlamaIndex, which is told how often to retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai
from llama_index.llms.openai import OpenAI

from chaos.ports import Answer, Promises, Target, World
from chaos.upstreams.openai import OpenAIUpstream


class Chat(Target):
    """Answers with the model's words, or says that there are none."""

    upstreams = (OpenAIUpstream,)
    modes = ("said", "silent", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One retry is two requests."""
        del settings
        return Promises(deadline_s=120, requests_per_ask={"openai": 2})

    @classmethod
    def warm_up(cls) -> None:
        """The SDK asks another process what machine this is, once, and keeps the answer."""
        openai.OpenAI(api_key="test").platform_headers()

    def build(self, world: World) -> None:
        """Say how often."""
        del world
        self._model = OpenAI(api_key="test", model="gpt-3.5-turbo", max_retries=1, timeout=10)

    def ask(self, question: str) -> Answer:
        """Ask the model."""
        try:
            completion = self._model.complete(question)
        except openai.OpenAIError as error:
            return Answer(mode="silent", reason=str(error))
        return Answer(mode="said", text=completion.text)
