"""A chat that leaves retries to OpenAI's SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai

from chaos.ports import Answer, Promises, RetryPolicy, Target, World
from chaos.upstreams.openai import OpenAIUpstream


class Chat(Target):
    """Answers with the model's words, or says that there are none."""

    upstreams = (OpenAIUpstream,)
    modes = ("said", "silent", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts, as the SDK says of itself."""
        del settings
        policy = RetryPolicy(
            attempts=3, first_backoff_s=0.5, max_backoff_s=8, jitter_s=0, shorter_by=0.25
        )
        return Promises(deadline_s=60, retries={"openai": policy})

    async def build(self, world: World) -> None:
        """Make a client."""
        del world
        self._client = openai.AsyncOpenAI(api_key="test", max_retries=2, timeout=10)

    async def ask(self, question: str) -> Answer:
        """Ask the model."""
        try:
            completion = await self._client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
            )
        except openai.OpenAIError as error:
            return Answer(mode="silent", reason=str(error))
        return Answer(mode="said", text=completion.choices[0].message.content or "")

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()
