"""The writer under test: what its reader saw is the answer, whatever the writer says of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any

import anthropic
import openai

from chaos.ports import Answer, Promises, Target, World
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.openai import OpenAIUpstream
from examples.two_models.service import SORRY, AnthropicModel, OpenAIModel, Writer

_MODES = {"whole": "llm", "cut": "cut", "nothing": "sorry"}


@cache
def _clients() -> tuple[openai.OpenAI, anthropic.Anthropic]:
    """Made once, which takes longer than a run."""
    return openai.OpenAI(api_key="sk-test"), anthropic.Anthropic(api_key="sk-test")


class TwoModels(Target):
    """A writer with two models; both are as good."""

    name = "two-models"
    service = ("examples.two_models.service",)
    upstreams = (OpenAIUpstream, AnthropicUpstream)
    modes = ("llm", "cut", "sorry", "error")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """Each model is asked once, and given ten seconds and one silence of five."""
        del settings
        return Promises(deadline_s=30, requests_per_ask={each.name: 1 for each in cls.upstreams})

    def build(self, world: World) -> None:
        """Hire the writer."""
        del world
        first, second = _clients()
        self._writer = Writer([OpenAIModel(first), AnthropicModel(second)])

    def ask(self, question: str) -> Answer:
        """Read what is written."""
        seen: list[str] = []
        written = self._writer.write(question, seen.append)
        return Answer(
            mode=_MODES[written.outcome], text="".join(seen) or SORRY, reason=written.reason
        )

    def state(self) -> Hashable:
        """The writer remembers nothing."""
        return ()
