"""Which models OpenAI has, by the names that its SDK knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chaos.upstreams.openai.models import Model
from chaos.upstreams.prices import FREE


@dataclass(frozen=True, slots=True)
class _Window:
    """What several models have in common: tokens in all, and of the longest answer."""

    context: int
    longest: int

    def of(self, *names: str, **more: Any) -> tuple[Model, ...]:  # noqa: ANN401 - fields of a model
        """The models of those names."""
        sizes: dict[str, Any] = {"context": self.context, "longest": self.longest}
        return tuple(Model(name=name, **(sizes | more)) for name in names)


_PROSE: frozenset[str] = frozenset()
_JSON = frozenset({"json_object"})
_EFFORTS = ("low", "medium", "high")

_TALK = (
    *_Window(16_385, 4_096).of("gpt-3.5-turbo", "gpt-3.5-turbo-16k", sees=False, formats=_JSON),
    *_Window(8_192, 8_192).of("gpt-4", sees=False, formats=_PROSE),
    *_Window(32_768, 32_768).of("gpt-4-32k", sees=False, formats=_PROSE),
    *_Window(128_000, 4_096).of("gpt-4-turbo", formats=_JSON),
    *_Window(128_000, 4_096).of(
        *("gpt-4-turbo-preview", "gpt-4-0125-preview", "gpt-4-1106-preview"),
        sees=False,
        formats=_JSON,
    ),
    *_Window(128_000, 16_384).of("gpt-4o", "gpt-4o-mini", "chatgpt-4o-latest"),
    *_Window(1_047_576, 32_768).of("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"),
    *_Window(128_000, 16_384).of(
        *("gpt-5-chat-latest", "gpt-5.1-chat-latest", "gpt-5.2-chat-latest"),
        "gpt-5.3-chat-latest",
    ),
)
_LATER = (
    *("gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.5"),
    *("gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-6-sol", "gpt-6-luna", "gpt-6-astra"),
    *("gpt-6.1-sol", "gpt-6.1-terra", "gpt-6.2-sol", "gpt-6.2-astra"),
)
"""Models whose limits are not written down here: they have none."""

_THINK_FIRST = (
    *_Window(200_000, 100_000).of(
        *("o1", "o3", "o4-mini"), reasons=True, efforts=_EFFORTS, parallels=False
    ),
    *_Window(200_000, 100_000).of(
        "o3-mini", reasons=True, sees=False, efforts=_EFFORTS, parallels=False
    ),
    *_Window(400_000, 128_000).of(
        *("gpt-5", "gpt-5-mini", "gpt-5-nano"), reasons=True, efforts=("minimal", *_EFFORTS)
    ),
    *_Window(400_000, 128_000).of(
        *("gpt-5.1", "gpt-5.1-mini"), reasons=True, efforts=("none", *_EFFORTS)
    ),
    *_Window(400_000, 128_000).of("gpt-5.2", reasons=True),
    *(Model(name=name, reasons=True) for name in _LATER),
)

DEFAULT_MODELS = (
    *_TALK,
    *_THINK_FIRST,
    *_Window(4_096, 4_096).of("gpt-3.5-turbo-instruct", kind="completion"),
    Model(name="text-embedding-ada-002", kind="embedding", shortens=False, context=8_192),
    Model(name="text-embedding-3-small", kind="embedding", context=8_192),
    Model(name="text-embedding-3-large", kind="embedding", dimensions=3072, context=8_192),
    Model(name="omni-moderation-latest", kind="moderation", price=FREE),
)
"""Those that answer as the stand-in does. Prices change: a test brings those that it claims
something about."""

DEFAULT_MODERATION = "omni-moderation-latest"
"""The model of a request for a moderation that names none."""

UNMODELLED = re.compile(
    r"audio|realtime|transcribe|^tts|^whisper|image|^dall-e|^sora|vision-preview|search-preview"
    r"|codex|deep-research|computer-use|-pro\b|^o1-(?:mini|preview)|^text-moderation"
    r"|-(?:cyber|law|rosalind|blue-latest|red-latest)|rosalind|^(?:davinci|babbage)"
)
"""Names of what OpenAI has and the stand-in does not: speech, search, code, other interfaces."""
