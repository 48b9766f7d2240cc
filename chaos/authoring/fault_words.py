"""Faults in plain words: what the provider does, to which calls, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import singledispatch

from chaos.extensions import blaming
from chaos.faults.registry import BEHAVIOURS
from chaos.scenario.faults import (
    BandwidthFault,
    CompletionFault,
    ConnectingFault,
    ConnectionRefusedFault,
    ConnectTimeoutFault,
    CorruptFault,
    CutStreamFault,
    DnsFailureFault,
    DropConnectionsFault,
    EncodingFault,
    Fault,
    HttpErrorFault,
    IdleCloseFault,
    LatencyFault,
    LimitDataFault,
    MalformedFault,
    OverloadFault,
    QuotaFault,
    RateLimitFault,
    ResetPeerFault,
    SlicerFault,
    StreamFault,
    TimeoutFault,
    TlsFailureFault,
)
from chaos.scenario.schedules import Schedule
from chaos.units import format_duration

_MALFORMED = {
    "truncated_json": "JSON that breaks off",
    "html": "an HTML page",
    "empty_object": "an empty JSON object",
    "empty_choices": "a completion without choices",
    "invalid_utf8": "bytes that are not UTF-8",
}
_SENT_AS = {
    "seconds": "",
    "date": ", said as a date",
    "milliseconds": ", said in milliseconds",
}
_STOPPED = {
    "content_filter": "that it refused",
    "length": "that it stopped at its token limit",
    "stop": "nothing unusual",
}
_ENCODED = {
    "gzip": "gzip",
    "truncated_gzip": "the first half of their gzip",
    "not_gzip": "plain text that says it is gzip",
    "wrong_checksum": "gzip with a checksum that is not theirs",
    "unknown": "an encoding that nobody knows",
}
_ODD = {
    "comments": "a comment before each event",
    "empty_events": "an event that is empty",
    "without_data": "an event without data",
    "error_event": "an error in the middle of a 200",
    "without_done": "no [DONE] at the end",
    "finish_reason": "another reason to stop",
}
_CUT = {
    "fin": "is closed as if it were whole",
    "abort": "breaks off",
    "reset": "is reset",
    "stall": "falls silent",
}
_FLAWS = {
    "expired": "that has expired",
    "wrong_host": "for another host",
    "self_signed": "that it has signed itself",
    "unknown_authority": "of an unknown authority",
}
_DROPPED = {
    "fin": "closes all idle connections",
    "reset": "resets all idle connections",
    "race": "closes all idle connections while the next request is on its way",
}


def describe_fault(fault: Fault) -> str:
    """What a fault does, to whom, and how often, as one clause.

    Example:
        >>> describe_fault(HttpErrorFault(
        ...     upstream="openai", fault="http_error", status=503, calls=(1, 2), toxicity=0.5))
        'openai answers HTTP 503, to half of its calls 1 and 2'
    """
    return f"{fault.upstream} {_what(fault)}{_scope(fault)}"


@singledispatch
def _what(fault: Fault) -> str:
    with blaming(BEHAVIOURS[type(fault)], "put into words"):
        return fault.in_words()


@_what.register
def _(fault: RateLimitFault) -> str:
    says = "that the quota is spent" if fault.code == "insufficient_quota" else "to slow down"
    if fault.retry_after is None:
        return f"answers HTTP 429 and tells callers {says}"
    wait = f"{_duration(fault.retry_after)}{_SENT_AS[fault.retry_after_as]}"
    return f"answers HTTP 429 and tells callers {says} and to wait {wait}"


@_what.register
def _(fault: HttpErrorFault) -> str:
    own = ["a body"] if fault.body is not None else []
    own += dict.fromkeys(name for name, _ in fault.headers)
    what = f" with {' and '.join(own)} of its own" if own else ""
    return f"answers HTTP {fault.status}{what}"


@_what.register
def _(fault: LatencyFault) -> str:
    jitter = f", give or take {_duration(fault.jitter)}" if fault.jitter else ""
    return f"answers {_duration(fault.latency)} late{jitter}"


@_what.register
def _(fault: TimeoutFault) -> str:
    if fault.takes_effect:
        return "does what it is asked, and never answers"
    return "takes requests and never answers"


@_what.register
def _(fault: DnsFailureFault) -> str:
    how = "cannot be found for now" if fault.temporary else "cannot be found"
    return how + _open_connections(fault)


@_what.register
def _(fault: ConnectTimeoutFault) -> str:
    return "answers no attempt to connect" + _open_connections(fault)


@_what.register
def _(fault: ConnectionRefusedFault) -> str:
    return "refuses connections" + _open_connections(fault)


@_what.register
def _(fault: TlsFailureFault) -> str:
    return f"shows a certificate {_FLAWS[fault.reason]}" + _open_connections(fault)


@_what.register
def _(fault: ResetPeerFault) -> str:
    if fault.after is not None:
        return f"resets connections after {fault.after} bytes of the body"
    if fault.takes_effect:
        return "resets connections before it answers"
    return "resets connections before it takes the request"


@_what.register
def _(fault: IdleCloseFault) -> str:
    what = f"closes connections that were idle for {_duration(fault.after)}"
    return what + (", while the next request is on its way" if fault.race else "")


@_what.register
def _(fault: DropConnectionsFault) -> str:
    return _DROPPED[fault.how]


@_what.register
def _(fault: LimitDataFault) -> str:
    return f"ends its answers after {fault.bytes} bytes, though it announced more"


@_what.register
def _(fault: BandwidthFault) -> str:
    return f"sends its answers at {fault.rate} bytes a second"


@_what.register
def _(fault: SlicerFault) -> str:
    return f"sends its answers {fault.size} bytes at a time, {_duration(fault.delay)} apart"


@_what.register
def _(fault: CorruptFault) -> str:
    if fault.at is not None:
        return f"sends answers in which a bit of byte {fault.at} is flipped"
    bits = "a bit is" if fault.flip == 1 else f"{fault.flip} bits are"
    return f"sends answers in which {bits} flipped"


@_what.register
def _(fault: MalformedFault) -> str:
    return f"answers HTTP 200 with {_MALFORMED[fault.as_]}"


@_what.register
def _(fault: CompletionFault) -> str:
    content = "no text" if fault.content is None else f"the text {fault.content!r}"
    return f"answers with {content}, and says {_STOPPED[fault.finish_reason]}"


@_what.register
def _(fault: EncodingFault) -> str:
    return f"sends answers as {_ENCODED[fault.as_]}"


@_what.register
def _(fault: StreamFault) -> str:
    return f"streams {_ODD[fault.as_]}"


@_what.register
def _(fault: OverloadFault) -> str:
    return (
        f"is {_duration(fault.per_call)} slower for each call above {fault.capacity} that came in "
        f"the last {_duration(fault.memory)}"
    )


@_what.register
def _(fault: QuotaFault) -> str:
    return (
        f"takes {fault.requests} requests in {_duration(fault.per)}, says how many are left, and "
        "answers HTTP 429 to the rest"
    )


@_what.register
def _(fault: CutStreamFault) -> str:
    events = "1 event" if fault.after == 1 else f"{fault.after} events"
    return f"streams {events}, then the stream {_CUT[fault.how]}"


def _open_connections(fault: ConnectingFault) -> str:
    return "; open connections stay" if fault.open_connections == "kept" else ""


def _scope(fault: Fault) -> str:
    """Which calls it touches, and for how long; nothing if all, until it is healed."""
    parts = []
    share = ""
    if isinstance(fault.toxicity, Schedule):
        parts.append(f"to a share of its calls that changes: {fault.toxicity}")
    elif fault.toxicity < 1:
        share = f"{_share(fault.toxicity)} of "
    if fault.calls is not None:
        parts.append(f"to {share}its {_calls(fault.calls)}")
    elif share:
        parts.append(f"to {share}its calls")
    if fault.operation is not None:
        parts.append(f"only for {fault.operation}")
    if fault.object is not None:
        parts.append(f"only for objects named {fault.object}")
    if fault.for_ is not None:
        parts.append(f"for {_duration(fault.for_)}")
    return "".join(f", {part}" for part in parts)


def _share(toxicity: float) -> str:
    return "half" if toxicity == 0.5 else f"{toxicity * 100:g} %"  # noqa: PLR2004 - a half


def _calls(calls: Sequence[int]) -> str:
    if len(calls) == 1:
        return f"call {calls[0]}"
    run = list(range(calls[0], calls[-1] + 1))
    if len(calls) > 2 and list(calls) == run:  # noqa: PLR2004 - "1 to 2" is no shorter
        return f"calls {calls[0]} to {calls[-1]}"
    return f"calls {', '.join(map(str, calls[:-1]))} and {calls[-1]}"


def _duration(value: timedelta) -> str:
    return format_duration(value.total_seconds())
