"""What happens in the service, as numbers for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, generate_latest

from helpdesk.events import (
    AnswerGiven,
    BreakerTransition,
    CacheQuarantined,
    CallHeldBack,
    CallRefused,
    Event,
    GivenUpReason,
    QuestionRefused,
    RefreshEnded,
    RetryGivenUp,
    RetryScheduled,
)

if TYPE_CHECKING:
    from helpdesk.desk import Helpdesk

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

    # Not the permits of each call: they would be made for nobody.
    hears = frozenset(
        {
            *(AnswerGiven, BreakerTransition, CacheQuarantined, CallHeldBack, CallRefused),
            *(QuestionRefused, RefreshEnded, RetryGivenUp, RetryScheduled),
        }
    )

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
            "Calls that failed, by the reason why no retry followed.",
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
        self._questions_refused = Counter(
            "helpdesk_questions_refused",
            "Questions refused because too many were in progress.",
            registry=registry,
        )
        self._held_back = Counter(
            "helpdesk_calls_held_back",
            "Calls that waited for, or gave up on, a pause that the provider had asked for.",
            ["upstream"],
            registry=registry,
        )
        self._quarantined = Counter(
            "helpdesk_index_quarantined", "Damaged copies set aside.", registry=registry
        )
        self._questions = Gauge("helpdesk_questions", "Questions in progress.", registry=registry)
        self._waiting = Gauge(
            "helpdesk_questions_waiting", "Questions that wait for the model.", registry=registry
        )
        self._available = Gauge(
            "helpdesk_model_available",
            "1 while answers may be expected from the model, else 0.",
            registry=registry,
        )
        self._index_age = Gauge(
            "helpdesk_index_age_seconds", "Age of the index; -1 without one.", registry=registry
        )
        # A series that is missing until the first failure cannot be alerted on.
        self._breaker.labels(UPSTREAM).state("closed")
        self._refusals.labels(UPSTREAM)
        self._retries.labels(UPSTREAM)
        self._held_back.labels(UPSTREAM)
        for reason in get_args(GivenUpReason):
            self._given_up.labels(UPSTREAM, reason)

    def __call__(self, event: Event, /) -> None:  # noqa: C901 - one case for each kind
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
            case CallHeldBack():
                self._held_back.labels(event.upstream).inc()
            case QuestionRefused():
                self._questions_refused.inc()
            case CacheQuarantined():
                self._quarantined.inc()
            case RefreshEnded():
                self._refreshes.labels(event.outcome).inc()

    def watch(self, desk: Helpdesk) -> None:
        """Show, beside what was counted, how ``desk`` is whenever somebody looks."""

        def number(*path: str) -> float:
            found: object = desk.get_status()
            for name in path:
                found = found.get(name) if isinstance(found, dict) else None
            return float(found) if isinstance(found, int | float) else -1.0

        self._questions.set_function(lambda: number("load", "questions"))
        self._waiting.set_function(lambda: number("assistant", "turns", "waiting"))
        self._available.set_function(lambda: number("assistant", "synthesis_available"))
        self._index_age.set_function(lambda: number("index", "age_s"))

    def exposition(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
