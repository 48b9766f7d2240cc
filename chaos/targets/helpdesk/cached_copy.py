"""Where the articles come from, and the copy of their index on disk, as a scenario has them."""

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


class PublishedIndex(Node):
    """``publish_index`` as a scenario writes it; empty, an index of the usual kind."""

    metric: Literal["inner_product", "distance"] = Field(
        default="inner_product",
        description="How the index compares; the service takes 'inner_product' alone.",
        examples=["distance"],
    )


class GivenKnowledge(Node):
    """``given.knowledge`` as a scenario writes it; empty, articles published in a bucket."""

    articles: Literal["published", "packaged"] = Field(
        default="published",
        description="Whether they are in a bucket, or those that come with the service.",
        examples=["packaged"],
    )


INDEX_CACHE = Circumstance(
    model=GivenCopy,
    words=("absent",),
    doc="The local copy of the index: absent, or how old it is and how damaged.",
    examples=("absent", {"age": "30h"}, {"age": "2h", "damage": "truncated"}),
)
KNOWLEDGE = Circumstance(model=GivenKnowledge)


def cached_copy(given: Mapping[str, Any]) -> GivenCopy | None:
    """The copy that there is on disk before the first step, if any."""
    read = INDEX_CACHE.read("index_cache", given.get("index_cache", {}))
    return read if isinstance(read, GivenCopy) else None


def is_packaged(given: Mapping[str, Any]) -> bool:
    """Whether there is no bucket, so that the service has its own articles only."""
    read = KNOWLEDGE.read("knowledge", given.get("knowledge", {}))
    return isinstance(read, GivenKnowledge) and read.articles == "packaged"
