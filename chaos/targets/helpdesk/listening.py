"""Turns what the helpdesk reports of itself into events of the trace."""

from __future__ import annotations

from chaos.ports import Recorder
from chaos.trace.events import BreakerEvent, GivenUpEvent, IndexEvent, Scalar
from helpdesk import events

_OfBreaker = (
    events.PermitGranted | events.CallRefused | events.PermitSettled | events.BreakerTransition
)


class TraceListener:
    """A listener of the helpdesk that writes the trace."""

    def __init__(self, recorder: Recorder, errors: list[Exception]) -> None:
        self._recorder = recorder
        self._errors = errors
        self._states: dict[str, str] = {}
        self.quarantined = 0

    def __call__(self, event: events.Event, /) -> None:
        """Write what matters to checks; the rest is seen from outside the service.

        The service swallows what a listener raises. A trace with holes proves nothing, so the
        error goes into ``errors``, for whoever judges the run.
        """
        try:
            self._write(event)
        except Exception as error:
            self._errors.append(error)
            raise

    def restarted(self) -> None:
        """A new process: its breakers are closed."""
        self._states.clear()

    def _write(self, event: events.Event) -> None:
        record = self._recorder.record
        match event:
            case events.PermitGranted():
                self._breaker(event, "granted", state=event.state, permit=event.permit)
            case events.CallRefused():
                retry_after_s = round(event.retry_after_s, 6)
                self._breaker(event, "refused", state=event.state, retry_after_s=retry_after_s)
            case events.PermitSettled():
                self._breaker(
                    event,
                    "settled",
                    state=self._states.get(event.upstream, "closed"),
                    permit=event.permit,
                    outcome=event.outcome,
                    counted=event.counted,
                    failures=event.failures,
                )
            case events.BreakerTransition():
                self._states[event.upstream] = event.new
                self._breaker(event, "transition", old=event.old, state=event.new)
            case events.RetryGivenUp():
                record(
                    GivenUpEvent,
                    upstream=event.upstream,
                    attempt=event.attempt,
                    reason=event.reason,
                    cause=event.cause,
                )
            case events.IndexServed():
                age_s = None if event.age_s is None else round(event.age_s, 6)
                record(
                    IndexEvent,
                    what="served",
                    state=event.state,
                    generation=event.generation,
                    sha256=event.sha256,
                    age_s=age_s,
                    reason=event.reason,
                )
            case events.RefreshEnded():
                record(
                    IndexEvent,
                    what=event.outcome,
                    generation=event.generation,
                    reason=event.error,
                )
            case events.CacheQuarantined():
                self.quarantined += 1
                record(IndexEvent, what="quarantined", reason=event.reason)
            case _:
                pass

    def _breaker(self, event: _OfBreaker, what: str, **fields: Scalar) -> None:
        self._recorder.record(
            BreakerEvent,
            upstream=event.upstream,
            sequence=event.sequence,
            what=what,
            **fields,
        )
