"""Which models OpenAI has, by the names that its SDK knows."""

from __future__ import annotations

import re

from chaos.upstreams.openai.models import Model
from chaos.upstreams.prices import FREE

_TALK = (
    *("gpt-3.5-turbo", "gpt-3.5-turbo-16k", "gpt-4", "gpt-4-32k", "gpt-4-turbo"),
    *("gpt-4-turbo-preview", "gpt-4-0125-preview", "gpt-4-1106-preview"),
    *("gpt-4o", "gpt-4o-mini", "chatgpt-4o-latest", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"),
    *("gpt-5-chat-latest", "gpt-5.1-chat-latest", "gpt-5.2-chat-latest", "gpt-5.3-chat-latest"),
)
_THINK_FIRST = (
    *("o1", "o3", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5-nano"),
    *("gpt-5.1", "gpt-5.1-mini", "gpt-5.2", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.5"),
    *("gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-6-sol", "gpt-6-luna", "gpt-6-astra"),
    *("gpt-6.1-sol", "gpt-6.1-terra", "gpt-6.2-sol", "gpt-6.2-astra"),
)

DEFAULT_MODELS = (
    *(Model(name=name) for name in _TALK),
    *(Model(name=name, reasons=True) for name in _THINK_FIRST),
    Model(name="gpt-3.5-turbo-instruct", kind="completion"),
    Model(name="text-embedding-ada-002", kind="embedding", shortens=False),
    Model(name="text-embedding-3-small", kind="embedding"),
    Model(name="text-embedding-3-large", kind="embedding", dimensions=3072),
    Model(name="omni-moderation-latest", kind="moderation", price=FREE),
)
"""Those that answer as the stand-in does. Prices change: a test brings those that it claims
something about."""

UNMODELLED = re.compile(
    r"audio|realtime|transcribe|^tts|^whisper|image|^dall-e|^sora|vision-preview|search-preview"
    r"|codex|deep-research|computer-use|-pro\b|^o1-(?:mini|preview)|^text-moderation"
    r"|-(?:cyber|law|rosalind|blue-latest|red-latest)|rosalind|^(?:davinci|babbage)"
)
"""Names of what OpenAI has and the stand-in does not: speech, search, code, other interfaces."""
