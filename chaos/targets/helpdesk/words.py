"""What scenarios can say about the helpdesk, and what the helpdesk has promised.

Whoever reads a scenario needs these words and not the service, which takes long to import; see
`chaos.targets.registry.vocabulary_of`.

The promises are written down here from its specification. Reading them from its settings would
let a wrong default vouch for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chaos.ports import (
    Action,
    BreakerPolicy,
    CachePolicy,
    Observable,
    Promises,
    RetryPolicy,
    Vocabulary,
    circumstances,
)
from chaos.targets.helpdesk.cached_copy import INDEX_CACHE, KNOWLEDGE, PublishedIndex
from chaos.targets.helpdesk.environment import ENVIRONMENT
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.google import IamCredentialsUpstream, TokenUpstream
from chaos.upstreams.openai import OpenAIUpstream

SPECIFIED: dict[str, Any] = {
    "answer_deadline": timedelta(seconds=30),
    "limits.max_questions": 200,
    "limits.max_calls": 100,
    "limits.max_wait": timedelta(seconds=12),
    "openai.timeout": timedelta(seconds=15),
    "openai.stream": False,
    "openai.retry.attempts": 3,
    "openai.retry.first_backoff": timedelta(seconds=2),
    "openai.retry.max_backoff": timedelta(seconds=10),
    "openai.retry.jitter": timedelta(seconds=1),
    "openai.breaker.failure_threshold": 5,
    "openai.breaker.recovery_timeout": timedelta(seconds=60),
    "openai.breaker.half_open_max_calls": 1,
    "openai.breaker.trial_lease": timedelta(seconds=60),
    "openai.breaker.count": "calls",
    "index.fresh_for": timedelta(hours=24),
    "index.refresh_budget": timedelta(seconds=10),
    "index.timeout": timedelta(seconds=5),
    "index.retry.attempts": 3,
    "index.retry.first_backoff": timedelta(seconds=1),
    "index.retry.max_backoff": timedelta(seconds=4),
    "index.retry.jitter": timedelta(seconds=1),
    "index.retry_failed_after": timedelta(seconds=60),
    "index.retry_failed_after_max": timedelta(minutes=15),
}
"""Every setting a scenario may change, with the value the specification gives it."""


def _refuse(key: str, value: object) -> str | None:
    """What the service itself says to a value."""
    from helpdesk.errors import SettingsError  # noqa: PLC0415 - few files change settings
    from helpdesk.settings import Settings  # noqa: PLC0415 - as above

    try:
        Settings().replaced({key: value})
    except SettingsError:
        return Settings.keys()[key].expected.partition("; ")[0]
    return None


_ACTIONS = {
    "restart": Action(),
    "publish_index": Action(
        doc="A new generation of the index appears in Cloud Storage.",
        said="publish a new index",
        parameters=PublishedIndex,
        by_service=False,
    ),
    "refresh_index": Action(
        doc="The service is told to look for a newer index now.",
        said="tell the service to refresh its index",
    ),
}

VOCABULARY = Vocabulary(
    upstreams={
        OpenAIUpstream.name: OpenAIUpstream.operations,
        GcsUpstream.name: GcsUpstream.operations,
    },
    observables={
        "openai.breaker.state": Observable(
            type=str, values=("closed", "open", "half_open"), doc="state of the breaker"
        ),
        "openai.breaker.failures": Observable(type=int, doc="consecutive failures so far"),
        "openai.breaker.retry_after": Observable(
            type=float, duration=True, doc="time until a trial may be made; 0 unless open"
        ),
        "index.state": Observable(
            type=str, values=("fresh", "stale", "absent"), doc="the index being served"
        ),
        "index.generation": Observable(type=str, doc="generation being served: 1, 2, …"),
        "index.age": Observable(type=float, duration=True, doc="time since it was downloaded"),
        "index.sha256": Observable(type=str, doc="hash of the index file being served"),
        "index.last_error": Observable(
            type=str, doc="why the last refresh failed, as operators read it; null if it did not"
        ),
        "cache.quarantined": Observable(type=int, doc="damaged copies set aside"),
    },
    settings={key: type(value) for key, value in SPECIFIED.items()},
    defaults=SPECIFIED,
    actions=_ACTIONS,
    given={
        "index_cache": INDEX_CACHE,
        "knowledge": KNOWLEDGE,
        **circumstances(OpenAIUpstream),
    },
    refuse=_refuse,
)

FRONT_DOOR = replace(
    VOCABULARY,
    upstreams={
        **VOCABULARY.upstreams,
        TokenUpstream.name: TokenUpstream.operations,
        IamCredentialsUpstream.name: IamCredentialsUpstream.operations,
    },
    observables={},
    modes=("llm", "fallback", "ok", "refused", "error"),
    actions={name: _ACTIONS[name] for name in ("restart", "publish_index")},
    given={
        "index_cache": INDEX_CACHE,
        "environment": ENVIRONMENT,
        **circumstances(OpenAIUpstream),
    },
)
"""The same, and what a front door adds."""

VOCABULARIES = {"HelpdeskTarget": VOCABULARY, "FrontDoorTarget": FRONT_DOOR}


def promises(settings: Mapping[str, Any]) -> Promises:
    """What the helpdesk owes its users under these settings."""
    said = {**SPECIFIED, **settings}

    def seconds(key: str) -> float:
        value = said[key]
        assert isinstance(value, timedelta)
        return value.total_seconds()

    def retry(prefix: str) -> RetryPolicy:
        return RetryPolicy(
            attempts=said[f"{prefix}.attempts"],
            first_backoff_s=seconds(f"{prefix}.first_backoff"),
            max_backoff_s=seconds(f"{prefix}.max_backoff"),
            jitter_s=seconds(f"{prefix}.jitter"),
        )

    return Promises(
        deadline_s=seconds("answer_deadline"),
        requests_per_ask={"openai": said["openai.retry.attempts"]},
        retries={"openai": retry("openai.retry"), "gcs": retry("index.retry")},
        breakers={
            "openai": BreakerPolicy(
                failure_threshold=said["openai.breaker.failure_threshold"],
                recovery_timeout_s=seconds("openai.breaker.recovery_timeout"),
                half_open_max_calls=said["openai.breaker.half_open_max_calls"],
                trial_lease_s=seconds("openai.breaker.trial_lease"),
            )
        },
        caches={
            "gcs": CachePolicy(
                fresh_for_s=seconds("index.fresh_for"),
                retry_failed_after_max_s=seconds("index.retry_failed_after_max"),
            )
        },
    )
