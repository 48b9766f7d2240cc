"""The laws that every run must obey: the one list of them, in the order in which they are told.

What a law says and how it judges is one class in `chaos.checks.laws`, found by the name here.
Others may add laws; see `chaos.extensions`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from chaos.extensions import ExtensionKind, Listed, Registry, are_unread
from chaos.scenario.registered import Registered, refuse

_Shipped = Literal[
    "every-ask-is-answered",
    "no-endless-wait",
    "bounded-attempts",
    "bounded-amplification",
    "retry-budget-kept",
    "backoff-honoured",
    "pauses-kept",
    "no-doomed-retry",
    "at-most-once",
    "no-call-while-open",
    "breaker-follows-the-model",
    "breaker-counts-what-happened",
    "permits-are-settled",
    "one-trial",
    "recovers",
    "cache-is-never-lost",
    "no-torn-index",
    "stale-is-said",
    "no-fabricated-success",
    "no-error-is-lost",
    "loop-is-never-blocked",
]

SHIPPED: tuple[str, ...] = get_args(_Shipped)
"""The names of those that come with the harness, in order."""

LAWS = Listed(
    Registry(ExtensionKind.LAW, {name: name for name in SHIPPED}, lambda law: str(law.name))
)
"""Every name, in order: those, and then the names of what others add."""


def _law(value: object) -> object:
    if value in LAWS or (isinstance(value, str) and are_unread(ExtensionKind.LAW)):
        return value
    return refuse(LAWS)


Law = Annotated[str, Registered(_law, lambda _: {"enum": list(LAWS), "type": "string"})]
"""What ``waive:`` may name."""
