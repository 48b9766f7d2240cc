"""What questions cost, and how much of it was paid for answers that nobody got."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from chaos.trace.bill import Bill
from chaos.trace.events import AnswerEvent, Event, ResponseEvent


def cost(responses: Iterable[ResponseEvent]) -> float:
    """Dollars for calls; all of them have a price."""
    return round(math.fsum(bill.cost or 0.0 for bill in _bills(responses)), 12)


def without_price(responses: Iterable[ResponseEvent]) -> list[tuple[str, str]]:
    """Upstream and model of the calls that have no price, each once."""
    billed = ((each.upstream, each.bill) for each in responses if each.bill is not None)
    return sorted({(upstream, bill.model) for upstream, bill in billed if bill.cost is None})


def wasted(
    responses: Iterable[ResponseEvent], answer: AnswerEvent | None, *, best_mode: str
) -> int:
    """Tokens that were billed for one question, and went into no answer.

    An answer is *lost* if the client did not read it to its end, or not as the end of an answer;
    it is *thrown away* if the question was answered in another mode than the best, and with other
    words. What asks for tools went into the answer if anything did.

    Args:
        responses: The calls that were made on behalf of the question.
        answer: What the user got; None if nothing.
        best_mode: How the service answers while all is well.
    """
    billed = [each for each in responses if each.bill is not None]
    used = [each for each in billed if answer is not None and _is_used(each, answer, best_mode)]
    if used:
        used += [each for each in billed if _asks_for_tools(each) and each not in used]
    return tokens(billed) - tokens(used)


def tokens(responses: Iterable[ResponseEvent]) -> int:
    """All tokens that were billed for calls."""
    return sum(bill.tokens for bill in _bills(responses))


def billed(events: Iterable[Event]) -> list[ResponseEvent]:
    """The calls that have a bill."""
    return [each for each in events if isinstance(each, ResponseEvent) and each.bill is not None]


def _bills(responses: Iterable[ResponseEvent]) -> Iterator[Bill]:
    return (each.bill for each in responses if each.bill is not None)


def _asks_for_tools(response: ResponseEvent) -> bool:
    said = response.said
    return said is not None and said.ended == "asks_for_tools"


def _is_used(response: ResponseEvent, answer: AnswerEvent, best_mode: str) -> bool:
    """Whether what came went into the answer."""
    said, bill = response.said, response.bill
    if response.error is not None or bill is None:
        return False
    if said is None:
        # Embeddings say nothing; anything else could not be read.
        return bill.tokens_out == 0 and answer.mode == best_mode
    text = (said.text or "").strip()
    is_shown = bool(text) and text in answer.text
    if said.whole:
        return is_shown or answer.mode == best_mode
    return said.ended == "cut_short" and is_shown
