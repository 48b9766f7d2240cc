"""What happens in the service, as numbers for Prometheus."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Enum, Histogram, generate_latest

from helpdesk.events import (
    AnswerGiven,
    BreakerTransition,
    CallRefused,
    Event,
    GivenUpReason,
    RefreshEnded,
    RetryGivenUp,
    RetryScheduled,
)

UPSTREAM = "openai"


class Metrics:
    """A listener that counts, in a registry of its own.

    The registry is not Prometheus's global one, so that two services in one process, or one
    test after another, do not add up.

    Example:
        >>> metrics = Metrics()
        >>> metrics(AnswerGiven(mode="fallback", reason="timeout", stale=False))
        >>> b'helpdesk_answers_total{mode="fallback",reason="timeout"} 1.0' in metrics.exposition()
        True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._answers = Counter(
            "helpdesk_answers", "Answers given.", ["mode", "reason"], registry=registry
        )
        self._stale = Counter(
            "helpdesk_stale_answers", "Answers from a stale index.", registry=registry
        )
        self._seconds = Histogram(
            "helpdesk_answer_seconds",
            "Time from question to answer.",
            buckets=(0.05, 0.25, 1, 2, 5, 10, 15, 20, 30),
            registry=registry,
        )
        self._retries = Counter(
            "helpdesk_retries", "Attempts made again.", ["upstream"], registry=registry
        )
        self._given_up = Counter(
            "helpdesk_calls_given_up",
            "Calls that failed, by why no further attempt was made.",
            ["upstream", "reason"],
            registry=registry,
        )
        self._refusals = Counter(
            "helpdesk_refusals", "Calls the breaker refused.", ["upstream"], registry=registry
        )
        self._breaker = Enum(
            "helpdesk_breaker_state",
            "State of the breaker.",
            ["upstream"],
            states=["closed", "open", "half_open"],
            registry=registry,
        )
        self._refreshes = Counter(
            "helpdesk_index_refreshes", "Refreshes of the index.", ["outcome"], registry=registry
        )
        # A series that is missing until the first failure cannot be alerted on.
        self._breaker.labels(UPSTREAM).state("closed")
        self._refusals.labels(UPSTREAM)
        self._retries.labels(UPSTREAM)
        for reason in get_args(GivenUpReason):
            self._given_up.labels(UPSTREAM, reason)

    def __call__(self, event: Event, /) -> None:
        """Count ``event``, if it is one that is counted."""
        match event:
            case AnswerGiven():
                self._answers.labels(event.mode, event.reason or "none").inc()
                self._seconds.observe(event.duration_s)
                if event.stale:
                    self._stale.inc()
            case RetryScheduled():
                self._retries.labels(event.upstream).inc()
            case RetryGivenUp():
                self._given_up.labels(event.upstream, event.reason).inc()
            case CallRefused():
                self._refusals.labels(event.upstream).inc()
            case BreakerTransition():
                self._breaker.labels(event.upstream).state(event.new)
            case RefreshEnded():
                self._refreshes.labels(event.outcome).inc()

    def exposition(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
