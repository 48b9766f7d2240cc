"""A service outside, as the tests' scenarios know it: by its providers, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from chaos.ports import Promises, RetryPolicy, Target
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream


class Outside(Target):
    """Nobody builds it here, and nobody asks it."""

    upstreams = (OpenAIUpstream, GcsUpstream)

    def ask(self, question: str) -> NoReturn:
        """Never called."""
        raise AssertionError(f"nobody asks {question!r} in this process")

    @classmethod
    def promises(cls, settings: Mapping[str, Any]) -> Promises:
        """It keeps pauses."""
        del settings
        policy = RetryPolicy(attempts=3, first_backoff_s=1, max_backoff_s=5, jitter_s=0)
        return Promises(retries={"openai": policy})
