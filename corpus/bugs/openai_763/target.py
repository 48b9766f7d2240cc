"""A chat that streams, over two connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import openai

from chaos.ports import Answer, Promises, Target
from chaos.upstreams.openai import OpenAIUpstream


class Chat(Target):
    """Answers with the model's words, or says that there are none."""

    upstreams = (OpenAIUpstream,)
    modes = ("said", "silent", "error")
    _client: ClassVar[openai.AsyncOpenAI]

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """One attempt."""
        del settings
        return Promises(deadline_s=30)

    @classmethod
    def warm_up(cls) -> None:
        """Make a client; before its first call it asks another process what machine this is."""
        connections: Any = httpx.AsyncClient(limits=httpx.Limits(max_connections=2))
        cls._client = openai.AsyncOpenAI(
            api_key="test", max_retries=0, timeout=10, http_client=connections
        )
        cls._client.platform_headers()

    async def ask(self, question: str) -> Answer:
        """Ask the model, and read the stream to its end."""
        try:
            stream = await self._client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": question}],
                stream=True,
            )
            words = [chunk.choices[0].delta.content or "" async for chunk in stream]
        except openai.OpenAIError as error:
            return Answer(mode="silent", reason=str(error))
        return Answer(mode="said", text="".join(words))

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()
