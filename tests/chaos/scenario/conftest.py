"""A toy target: the words that the scenario files of these tests may use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal

import pytest
from pydantic import Field

from chaos.ports import Action, Observable, Vocabulary
from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node, UnsignedDuration
from chaos.scenario.loader import LoadedScenario, Vocabularies, load_text

_UPSTREAMS = {
    "openai": ("chat.completions",),
    "cache": ("get", "set"),
    "gcs": ("objects.get", "objects.media", "objects.insert", "objects.list", "buckets.get"),
}


class Copy(Node):
    """What there may be on disk before a run."""

    age: UnsignedDuration = Field(default=timedelta(0), examples=["2h"])
    damage: Literal["truncated", "empty"] | None = Field(default=None, examples=["truncated"])
    day: date | None = Field(default=None, examples=["2026-01-01"])


def refuse(key: str, value: object) -> str | None:
    """The toy takes one attempt, or more."""
    return "at least 1" if key == "openai.retry.attempts" and value == 0 else None


@pytest.fixture
def toy() -> Vocabulary:
    """A target with everything a scenario can speak of."""
    return Vocabulary(
        upstreams=_UPSTREAMS,
        streams=frozenset({"cache"}),
        observables={
            "openai.breaker.state": Observable(type=str, doc="state of the breaker"),
            "openai.breaker.failures": Observable(type=int, doc="failures in a row"),
            "openai.breaker.retry_after": Observable(type=float, doc="wait", duration=True),
            "index.state": Observable(type=str, doc="state of the index"),
            "index.generation": Observable(type=str, doc="which one"),
            "index.age": Observable(type=float, doc="since its download", duration=True),
            "index.sha256": Observable(type=str, doc="its hash"),
            "queue.length": Observable(type=int, doc="questions that wait"),
            "queue.oldest": Observable(type=float, doc="age of the first", duration=True),
        },
        settings={
            "openai.breaker.recovery_timeout": timedelta,
            "openai.retry.attempts": int,
            "openai.temperature": float,
            "openai.stream": bool,
            "openai.model": str,
        },
        actions={
            "publish_index": Action(parameters=Copy, by_service=False),
            "refresh_index": Action(),
            "restart": Action(),
        },
        defaults={"openai.retry.attempts": 3},
        refuse=refuse,
        given={"index_cache": Circumstance(model=Copy, words=("absent",))},
    )


@pytest.fixture
def vocabularies(toy: Vocabulary) -> Vocabularies:
    """``helpdesk`` is the toy target; ``bare`` is one that can only be asked."""
    bare = Vocabulary(upstreams={"openai": ("chat.completions",)}, observables={}, settings={})
    return {"helpdesk": toy, "bare": bare}.get


@pytest.fixture
def load(vocabularies: Vocabularies) -> Callable[[str], LoadedScenario]:
    """Loads a scenario from its steps and what follows them, as YAML."""

    def load(steps: str) -> LoadedScenario:
        head = "version: 1\nname: case\nhypothesis: It holds.\nmethod:\n"
        return load_text(head + steps, "case.yaml", vocabularies)

    return load
