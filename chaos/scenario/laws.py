"""The laws that every run must obey: the one list of them, in the order in which they are told.

What a law says and how it judges is one class in `chaos.checks.laws`, found by the name here.
"""

from __future__ import annotations

from typing import Literal, get_args

Law = Literal[
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
"""What ``waive:`` may name."""

LAWS: tuple[Law, ...] = get_args(Law)
"""Every name, in order."""
