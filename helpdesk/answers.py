"""What goes between the parts of the service: passages found, and the answer given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from helpdesk.errors import FailureReason

Mode = Literal["llm", "fallback"]
IndexState = Literal["fresh", "stale", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One article that fits a question.

    Attributes:
        article_id: The article's file name without its ending.
        title: The article's title.
        text: The whole article, as Markdown; articles are a screen long at most.
        excerpt: The section of it that fits best.
        score: Half cosine similarity, half shared words, about 0 to 1; higher is better.
    """

    article_id: str
    title: str
    text: str
    excerpt: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What the index knew about a question.

    Attributes:
        passages: Best first; empty when the index is absent.
        index_state: Where the index came from: ``fresh``, ``stale`` or ``absent``.
        generation: The index's generation; None when absent.
        age: Time since the index was downloaded; None when absent.
        stale_reason: Why the index is stale or absent, for operators; None when fresh.
    """

    passages: tuple[Passage, ...]
    index_state: IndexState
    generation: str | None = None
    age: timedelta | None = None
    stale_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the asker gets; there is always one.

    Attributes:
        text: The answer, as Markdown.
        mode: ``llm`` if the model wrote it, ``fallback`` if the knowledge base is quoted.
        reason: Why the model did not answer; None in mode ``llm``.
        sources: Ids of the articles used, best first.
        stale: Whether the index behind it was stale.
        truncated: Whether the model stopped at its token limit.
        index_state: State of the index behind it.
        titles: Titles of the articles in ``sources``, in the same order.
    """

    text: str
    mode: Mode
    reason: FailureReason | None = None
    sources: tuple[str, ...] = ()
    stale: bool = False
    truncated: bool = False
    index_state: IndexState = "fresh"
    titles: tuple[str, ...] = field(default=(), compare=False)
