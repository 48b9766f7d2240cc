"""Defects of the answer: what it says of itself, and what it leaves out."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_RAG = "helpdesk.rag_response_service:RAGResponseService"
_FALLBACK = "helpdesk.fallback:fallback_answer"

DEFECTS = (
    Defect(
        name="fallback-passed-off-as-the-model",
        doc="Nobody can tell that the model did not write this.",
        tags=("openai",),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - mode="fallback",
                + mode="llm",
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-told-as-a-fault",
        doc="An open breaker is told as a new failure of the provider.",
        tags=("breaker",),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - return self._fall_back(found, "breaker_open", error)
                + return self._fall_back(found, "server_error", error)
                """,
            ),
        ),
    ),
    Defect(
        name="refusal-not-foreseen",
        doc="While the breaker is open, every answer is 'something went wrong on this server'.",
        tags=("breaker",),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - except CallNotPermittedError as error:
                + except PermissionError as error:
                """,
            ),
        ),
    ),
    Defect(
        name="failure-escapes-to-the-asker",
        doc="Whatever the provider does wrong ends in a stack trace.",
        tags=("openai",),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - except ChatError as error:
                + except LookupError as error:
                """,
            ),
            Rewrite(
                "helpdesk.desk:Helpdesk.answer",
                """
                - logger.exception("the answer failed for an unforeseen reason")
                + raise
                """,
            ),
        ),
    ),
    Defect(
        name="stale-not-said-by-the-model",
        doc="The model answers from last week's articles, and says nothing of it.",
        tags=("stale",),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - stale=found.index_state == "stale",
                + stale=False,
                """,
            ),
        ),
    ),
    Defect(
        name="stale-not-said-by-the-fallback",
        doc="The flag is lost exactly when both providers are down.",
        tags=("stale", "combined"),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - stale=found.index_state == "stale",
                + stale=False,
                """,
            ),
        ),
    ),
    Defect(
        name="stale-not-in-the-words",
        doc="The flag is set, but what the asker reads does not say that it may be out of date.",
        tags=("stale", "combined"),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - if found.index_state == "stale":
                + if found.index_state == "absent":
                """,
            ),
        ),
    ),
    Defect(
        name="sources-left-out-by-the-model",
        doc="The asker cannot look up what the answer rests on.",
        tags=("smoke",),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - sources=tuple(passage.article_id for passage in found.passages),
                + sources=(),
                """,
            ),
        ),
    ),
    Defect(
        name="sources-left-out-by-the-fallback",
        doc="The quoted articles cannot be opened.",
        tags=("stale", "combined"),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - sources=tuple(passage.article_id for passage in found.passages),
                + sources=(),
                """,
            ),
        ),
    ),
    Defect(
        name="fallback-without-articles",
        doc="When the model is gone, the asker gets an apology and nothing else.",
        tags=("combined", "openai"),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - if found.passages:
                + if len(found.passages) > 20:
                """,
            ),
        ),
    ),
    Defect(
        name="absent-told-as-nothing-found",
        hazard=59,
        doc="An unreachable knowledge base reads like a question nobody has written about.",
        tags=("absent", "combined"),
        edits=(
            Rewrite(
                _FALLBACK,
                """
                - elif found.index_state == "absent":
                + elif found.index_state == "stale":
                """,
            ),
        ),
    ),
    Defect(
        name="worst-articles-first",
        doc="The articles that fit least are quoted.",
        tags=("smoke",),
        edits=(
            Rewrite(
                "helpdesk.knowledge_index:KnowledgeIndex",
                """
    - ranked = np.argsort(-scores, kind="stable")[:top_k]
    + ranked = np.argsort(scores, kind="stable")[:top_k]
                """,
            ),
        ),
    ),
)
