"""One request and what became of it: how it ended is written to the trace exactly once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from chaos.faults.decision import Decision
from chaos.http import Response, decoded, seconds_until
from chaos.ports import Operation, Recorder, Reply, StandIn
from chaos.simulation.outside.guard import Guard
from chaos.simulation.tasks.behalf import Behalf
from chaos.trace.bill import Bill
from chaos.trace.events import NO_STATUS, ResponseEvent, Scalar
from chaos.trace.said import Said
from chaos.trace.scalars import is_scalar

Told = Response | Reply
"""What a provider says."""


class Exchange:
    """A request that has left the service.

    Args:
        recorder: Writes its end.
        guard: Told when the stand-in cannot describe its answer.
        now_s: Tells the virtual seconds since the run began.
        behalf: For whom it was sent; its end belongs to them, whoever reads the body.
        upstream: Who answers.
        operation: What was asked for.
        call: Number of the call.
        decision: Tells in the end which faults touched it.

    Attributes:
        is_over: Whether its end has been recorded.
        actor: For whom it was sent.
        ask: The question it belongs to; None outside questions.
        has_limit: Whether the client was seen to wait for it no longer than for some time.
    """

    def __init__(  # noqa: PLR0913 - what a request and its end have in common
        self,
        *,
        recorder: Recorder,
        guard: Guard,
        now_s: Callable[[], float],
        behalf: Behalf,
        upstream: StandIn,
        operation: Operation,
        call: int,
        decision: Decision,
    ) -> None:
        self.is_over = False
        self.call = call
        self.decision = decision
        self._recorder = recorder
        self._guard = guard
        self._now_s = now_s
        self._began_s = now_s()
        self.actor = behalf.actor
        self.ask = behalf.ask
        self._upstream = upstream
        self._operation = operation
        self._request: object = None
        self._answer: Told | None = None
        self._said: Said | None = None
        self._told: Told | None = None
        self._deed: str | None = None
        self._bill: Bill | None = None
        self.has_limit = False
        self._has_no_limit = False

    def was_handled(self, request: object, told: Told | None) -> None:
        """The request is through, and the provider has done what it asks for, or refused to.

        Args:
            request: What was asked.
            told: The provider's own answer, which a fault may hide from the client; None if a
                fault answered in its place, so that nothing was done.
        """
        self._request = request
        if told is not None:
            self._answer = told
            self._said = _a_said(self._upstream.said(self._operation, request, told))
            self._bill = self._upstream.billed(self._operation, request, told)
        self._deed = None if self._said is None else self._said.deed

    def waits(self, *, is_limited: bool) -> None:
        """The client is ready to wait for what comes next, for so long or for ever."""
        if is_limited:
            self.has_limit = True
        else:
            self._has_no_limit = True

    def began(self, told: Told) -> None:
        """The client has the first of the answer: of HTTP, its status and its headers."""
        self._told = told

    def complete(self, told: Told) -> None:
        """The client has taken the whole answer."""
        self._told = told
        try:
            read = decoded(told) if isinstance(told, Response) else told
            detail = _in_order(self._upstream.describe(self._operation, read))
            said = None
            if read is self._answer:
                said = self._said
            elif self._request is not None:
                said = _a_said(self._upstream.said(self._operation, self._request, read))
        except Exception as error:  # noqa: BLE001 - a stand-in of somebody's own
            broken = self._guard.broken_stand_in(self._upstream.name, error)
            self.fail(type(broken).__name__)
            return
        refusal = told.error if isinstance(told, Reply) else None
        self._end(refusal, detail=detail, said=said)

    def fail(self, error: str) -> None:
        """The network failed, before the answer or within it; clients call it ``error``."""
        self._end(error)

    def close(self) -> None:
        """The client does not want the rest."""
        self._end("Closed")

    def _end(
        self,
        error: str | None,
        detail: tuple[tuple[str, object], ...] = (),
        said: Said | None = None,
    ) -> None:
        if self.is_over:
            return
        self.is_over = True
        told, self._told = self._told, None
        response = told if isinstance(told, Response) else None
        status = None if told is None else NO_STATUS if response is None else response.status
        self._recorder.record(
            ResponseEvent,
            actor=self.actor,
            ask=self.ask,
            call=self.call,
            upstream=self._upstream.name,
            operation=self._operation.name,
            status=status,
            error=error,
            elapsed_s=round(self._now_s() - self._began_s, 6),
            retry_after_s=None if response is None else retry_after_s(response),
            faults=self.decision.touched,
            detail=detail,
            said=said,
            deed=self._deed,
            bill=self._bill,
            unbounded=self._has_no_limit and not self.has_limit,
        )


def retry_after_s(response: Response) -> float | None:
    """Seconds for which a response asks callers to stay away; None if it does not say.

    Of several pauses the longest holds. Dates are compared with the wall clock of the run.

    Example:
        >>> headers = (("Retry-After", "20"), ("Retry-After", "5"))
        >>> retry_after_s(Response(status=429, headers=headers))
        20.0
        >>> headers = (("retry-after-ms", "1500"), ("retry-after", "9"))
        >>> retry_after_s(Response(status=429, headers=headers))
        1.5
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        pauses_s = [_seconds(value) for value in _values(response, name)]
        known_s = [pause_s for pause_s in pauses_s if pause_s is not None]
        if known_s:
            return max(known_s) * unit_s
    until_s = [
        seconds_until(value) for known, value in response.headers if known.lower() == "retry-after"
    ]
    return max((left_s for left_s in until_s if left_s is not None), default=None)


def _values(response: Response, name: str) -> list[str]:
    """The values of a header; clients see one that comes twice as one with a comma in it."""
    sent = [value for known, value in response.headers if known.lower() == name]
    return [part for value in sent for part in value.split(",")]


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _a_said(said: object) -> Said | None:
    """What a stand-in of somebody's own said of an answer, if it is that.

    Raises:
        TypeError: It is something else, and would break whoever reads it.
    """
    if said is None or isinstance(said, Said):
        return said
    raise TypeError(f"said() returned a {type(said).__name__}, not a Said")


def _in_order(detail: object) -> tuple[tuple[str, Scalar], ...]:
    """What it wants to be remembered, if a trace can keep that.

    Raises:
        TypeError: It cannot.
    """
    if not isinstance(detail, Mapping):
        raise TypeError(f"describe() returned a {type(detail).__name__}, not a mapping")
    for key, value in detail.items():
        if not is_scalar(value):
            raise TypeError(f"describe() returned a {type(value).__name__} as {key!r}")
    return tuple(sorted(detail.items()))
