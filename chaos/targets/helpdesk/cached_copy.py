"""The copy of the index on disk, as a scenario describes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from chaos.scenario.circumstances import Circumstance
from chaos.scenario.fields import Node, UnsignedDuration

Damage = Literal["truncated", "bit_flip", "empty", "wrong_manifest", "missing_file"]


class GivenCopy(Node):
    """``given.index_cache`` as a scenario writes it; empty, a copy fetched just now."""

    age: UnsignedDuration = Field(
        default=timedelta(0), description="How long ago it was fetched.", examples=["2h"]
    )
    damage: Damage | None = Field(
        default=None,
        description="What happened to it on disk since.",
        examples=["truncated"],
    )


INDEX_CACHE = Circumstance(model=GivenCopy, words=("absent",))


def cached_copy(given: Mapping[str, Any]) -> GivenCopy | None:
    """The copy that there is on disk before the first step, if any."""
    read = INDEX_CACHE.read("index_cache", given.get("index_cache", {}))
    return read if isinstance(read, GivenCopy) else None
