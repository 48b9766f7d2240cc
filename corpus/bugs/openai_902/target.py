"""A chat that streams, over two connections, with retries."""

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
    _client: ClassVar[openai.OpenAI]

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Three attempts."""
        del settings
        return Promises(deadline_s=30)

    @classmethod
    def warm_up(cls) -> None:
        """Make a client; before its first call it asks another process what machine this is."""
        connections: Any = httpx.Client(limits=httpx.Limits(max_connections=2))
        cls._client = openai.OpenAI(
            api_key="test", max_retries=2, timeout=10, http_client=connections
        )
        cls._client.platform_headers()

    def ask(self, question: str) -> Answer:
        """Ask the model, and read the stream to its end."""
        try:
            stream = self._client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": question}],
                stream=True,
            )
            words = [chunk.choices[0].delta.content or "" for chunk in stream]
        except openai.OpenAIError as error:
            return Answer(mode="silent", reason=str(error))
        return Answer(mode="said", text="".join(words))

    def close(self) -> None:
        """Close the client."""
        self._client.close()
