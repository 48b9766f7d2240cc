"""What only sockets can show, and is therefore left out of the comparison.

Each rule is a function with its reason. What no rule names has to be the same, to the microsecond
and to the letter: the order of events, every number, every word of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from chaos.trace.events import Event

Rule = Callable[[Event], Event]

_DETAIL = re.compile(r"\b(\w*(?:Error|Timeout|Exception)): .*")


def without_position(event: Event) -> Event:
    """One event too many must not make all that follow it differ."""
    return replace(event, seq=0)


def without_words_of_network_errors(event: Event) -> Event:
    """Only the class of a network error is compared, not what the library says of it.

    A real error names what it happened to: the port of a proxy, the real timeout, the connection
    as an object. To the end of its line, because nothing marks the end of such a message.

    Example:
        >>> from chaos.trace.events import AnswerEvent
        >>> event = AnswerEvent(
        ...     seq=0, at_s=0.0, actor="user-1", mode="error", elapsed_s=0.0,
        ...     error="ReadTimeout: HTTPConnectionPool(host='127.0.0.1', port=4711): timed out",
        ... )
        >>> without_words_of_network_errors(event).error
        'ReadTimeout: ...'
    """
    changed: dict[str, Any] = {
        field.name: _DETAIL.sub(r"\1: ...", value)
        for field in fields(event)
        if isinstance(value := getattr(event, field.name), str)
    }
    return replace(event, **changed)


RULES: tuple[Rule, ...] = (without_position, without_words_of_network_errors)
"""Every rule, in the order in which they are applied."""


def normalised(event: Event) -> Event:
    """The event as far as both tiers have to agree on it."""
    for rule in RULES:
        event = rule(event)
    return event
