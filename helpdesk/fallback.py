"""The answer when the language model gives none: the best articles, and the reason why."""

from __future__ import annotations

import re
from datetime import timedelta

from helpdesk.answers import Answer, SearchResult
from helpdesk.errors import FailureReason

REASONS: dict[FailureReason, str] = {
    "no_api_key": "no language model is set up on this server",
    "bad_api_key": "the language model does not accept this server's key",
    "breaker_open": "it has failed several times in a row and is being given a moment to recover",
    "rate_limited": "too many questions are being asked at the moment",
    "quota_exhausted": "this organisation's allowance for it is used up",
    "timeout": "the language model took too long",
    "unreachable": "the language model cannot be reached",
    "server_error": "the provider of the language model has a fault",
    "malformed_reply": "the language model's reply could not be read",
    "rejected": "the provider of the language model did not accept the request",
    "declined": "the language model would not answer this question; other words may help",
    "deadline": "there was no time left to ask it",
    "overloaded": "many questions are being asked at the same time",
    "internal_error": "something went wrong on this server, and has been noted",
}
"""Each reason in plain words, as they follow "The assistant cannot answer right now: …"."""


def fallback_answer(found: SearchResult, reason: FailureReason, *, contact: str) -> Answer:
    """Return the best answer that needs no language model.

    Args:
        found: What the index knows about the question.
        reason: Why the language model gives no answer.
        contact: How to reach a person.

    Example:
        >>> found = SearchResult(passages=(), index_state="absent")
        >>> print(fallback_answer(found, "timeout", contact="extension 4357").text)
        The assistant cannot answer right now: the language model took too long.
        <BLANKLINE>
        The knowledge base cannot be read at the moment either. Please contact extension 4357.
    """
    parts = [f"The assistant cannot answer right now: {REASONS[reason]}."]
    if found.passages:
        best, *others = found.passages
        parts.append("This article from the knowledge base fits your question best.")
        if found.index_state == "stale":
            parts.append(f"> {stale_notice(found)}")
        parts.append(f"## {best.title}\n\n{_nested(best.text)}")
        if others:
            parts.append("These may help as well.")
        parts += [f"## {passage.title}\n\n{_nested(passage.excerpt)}" for passage in others]
        parts.append(f"---\n\nIf this does not help, please contact {contact}.")
    elif found.index_state == "absent":
        parts.append(
            f"The knowledge base cannot be read at the moment either. Please contact {contact}."
        )
    else:
        parts.append(f"No article fits your question. Please contact {contact}.")
    return Answer(
        text="\n\n".join(parts),
        mode="fallback",
        reason=reason,
        sources=tuple(passage.article_id for passage in found.passages),
        titles=tuple(passage.title for passage in found.passages),
        stale=found.index_state == "stale",
        index_state=found.index_state,
    )


def stale_notice(found: SearchResult) -> str:
    """Say that the articles may be out of date, and how old they are.

    Why they could not be refreshed is for the log and the status page: it names hosts and buckets.

    Example:
        >>> stale = SearchResult(passages=(), index_state="stale", age=timedelta(hours=30))
        >>> stale_notice(stale)
        'These articles were last updated 30 hours ago and may be out of date.'
    """
    age = f" {_in_words(found.age)} ago" if found.age is not None else " some time ago"
    return f"These articles were last updated{age} and may be out of date."


def _nested(text: str) -> str:
    """Put the headings of an article one level down, below its title."""
    return re.sub(r"^(?=##+ )", "#", text.strip(), flags=re.MULTILINE)


def _in_words(age: timedelta) -> str:
    # Hours up to two days: "30 hours" says more than "1 day".
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if age >= 2 * length:
            return f"{age // length} {unit}s"
    minutes = max(age, timedelta(0)) // timedelta(minutes=1)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
