"""Why a law about retries had nothing to judge, truly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chaos.checks.laws.calls import Call, calls
from chaos.checks.record import RunRecord
from chaos.ports import RetryPolicy
from chaos.trace.events import RequestEvent


def promised_calls(run: RunRecord) -> Iterator[tuple[str, RetryPolicy, Call]]:
    """Every call to an upstream about whose retries something is promised."""
    for upstream, policy in run.promises.retries.items():
        for call in calls(run.trace, upstream, policy):
            yield upstream, policy, call


def why_untried(run: RunRecord, reason: str) -> str:
    """What was missing first: a promise, a request, a failure; else ``reason``."""
    promised = run.promises.retries
    if not promised:
        return "the target promises nothing about retries"
    if not requested(run, promised):
        return f"no request was sent to {_listed(promised)}"
    if not any(call.troubled for _, _, call in promised_calls(run)):
        return f"no request to {_listed(promised)} failed"
    return reason


def requested(run: RunRecord, upstreams: Mapping[str, object]) -> bool:
    """Whether any of these upstreams was asked for anything."""
    return any(request.upstream in upstreams for request in run.trace.of(RequestEvent))


def _listed(upstreams: Mapping[str, object]) -> str:
    return " or ".join(upstreams)
