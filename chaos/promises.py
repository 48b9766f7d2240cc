"""What a target promises its users; laws hold it to that, and to nothing else.

Promises are written from the specification of a service, not read from its settings: otherwise a
wrong default would vouch for itself. Targets import them from `chaos.ports`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudget:
    """What a target promises about the retries of all questions together.

    In any ``window_s`` seconds there are at most ``at_least`` retries, and on top of that a retry
    for each ``1 / share`` first attempts.

    Attributes:
        share: Retries for each first attempt; 0.2 is one for five.
        at_least: Retries that are always allowed, so that a quiet service can retry at all.
        window_s: The window, in seconds.
    """

    share: float
    at_least: int = 0
    window_s: float = 10.0


USUALLY_HOPELESS = frozenset({400, 401, 403, 404, 422})
"""Statuses that tell of a mistake in the request; some providers use them for other things too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What a target promises about attempts; laws hold it to that.

    Attributes:
        attempts: How often one thing is asked for at most, the first attempt included.
        first_backoff_s: The wait after the first failure, without its random part.
        max_backoff_s: What no wait exceeds, without its random part.
        jitter_s: A random part of up to so many seconds comes on top of each wait, each length as
            likely as any other; also where the wait has stopped growing.
        multiplier: How much longer each wait is than the one before it.
        never_retried: Statuses after which no attempt follows. By default those that tell of a
            mistake in the request, unless the stand-in says that another try can help.
        shorter_by: A random part of each wait, up to this share, is taken off it: 0.25 is what
            the SDKs of OpenAI and Anthropic do, 1.0 is "full jitter". A pause that the provider
            asks for is never made shorter.
        budget: How many retries all questions together may make; None promises nothing.
        longest_pause_s: A pause that the provider asks for is kept up to this length; one that is
            longer may be taken for a mistake.
    """

    attempts: int
    first_backoff_s: float
    max_backoff_s: float
    jitter_s: float
    multiplier: float = 2.0
    never_retried: frozenset[int] = USUALLY_HOPELESS
    shorter_by: float = 0.0
    budget: RetryBudget | None = None
    longest_pause_s: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """What a target promises about a breaker; the reference model is built from it.

    Attributes:
        failure_threshold: Failures in a row that open it.
        recovery_timeout_s: How long it stays open.
        half_open_max_calls: Trials at a time.
        trial_lease_s: A trial that has not been settled for so long is given up; None for never.
        never_counted: Statuses that are the caller's mistake, and so no failure of the provider.
        always_counted: Statuses that are no success, and are not ignored either.
    """

    failure_threshold: int
    recovery_timeout_s: float
    half_open_max_calls: int = 1
    trial_lease_s: float | None = None
    never_counted: frozenset[int] = frozenset({400, 404, 422})
    always_counted: frozenset[int] = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """What a target promises about a cached copy.

    Attributes:
        fresh_for_s: A copy younger than this is fresh.
        retry_failed_after_max_s: After a failed refresh, the next one is tried no later than this,
            if anybody asks; None promises nothing.
    """

    fresh_for_s: float
    retry_failed_after_max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Everything a target promises, by upstream; what is absent is not judged.

    Attributes:
        deadline_s: Who asks has an answer after so many seconds, time in a queue included.
        retries: How attempts at an upstream are repeated.
        breakers: Which breakers there are.
        caches: Which upstreams are read through a cached copy.
        requests_per_ask: How many requests one question may cost an upstream, whoever sends them:
            an SDK, a library or the service itself, for whatever operation.
        recovers_within_s: How long after the last fault the service is back in its best mode.
            None: as soon as its breakers, its caches and the pauses asked for allow. A target that
            promises no breaker may well have one: if its last answer was less than the best, and
            no call was made for it, it is asked again an hour after the last fault, and is stuck
            if it is not back then.
    """

    deadline_s: float | None = None
    retries: Mapping[str, RetryPolicy] = field(default_factory=dict)
    breakers: Mapping[str, BreakerPolicy] = field(default_factory=dict)
    caches: Mapping[str, CachePolicy] = field(default_factory=dict)
    requests_per_ask: Mapping[str, int] = field(default_factory=dict)
    recovers_within_s: float | None = None
