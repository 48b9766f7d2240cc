"""What can befall a call: the faults the explorer tries, from the plainest to the strangest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from chaos.errors import ChaosError
from chaos.explorer.yaml_text import plain
from chaos.extensions import Extension, ExtensionKind, of_others, remembered
from chaos.faults.behaviour import ConnectingFault, Stage
from chaos.faults.registry import BEHAVIOURS
from chaos.scenario.faults import (
    FAULTS,
    CompletionFault,
    ConnectionRefusedFault,
    ConnectTimeoutFault,
    CorruptFault,
    CutStreamFault,
    DnsFailureFault,
    Fault,
    HttpErrorFault,
    LatencyFault,
    LimitDataFault,
    MalformedFault,
    RateLimitFault,
    ResetPeerFault,
    TimeoutFault,
    TlsFailureFault,
    kind_of,
)
from chaos.scenario.problems import suggest

_CONNECTING: dict[Stage, tuple[tuple[type[Fault], dict[str, object]], ...]] = {
    "name": ((DnsFailureFault, {"fault": "dns_failure"}),),
    "connect": (
        (ConnectionRefusedFault, {"fault": "connection_refused"}),
        (ConnectTimeoutFault, {"fault": "connect_timeout"}),
        (TlsFailureFault, {"fault": "tls_failure", "reason": "expired"}),
    ),
}
"""What can befall an attempt to connect, by how far it has come.

Connections that are open stay so: to close them is another fault, at another time.
"""

_EARLY = 20
"""Bytes of a body that come before it breaks off: fewer than any body worth having."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The faults to choose from at each call.

    Which of them make sense depends on what is called: completions can be refused or cut short,
    media can differ from their hash, and anything sent over HTTP can fail in all other ways.

    Args:
        only: Names or kinds, with ``*`` for anything; empty for everything.
        others: Kinds that other targets bring along, and that are not for this one.

    Raises:
        ChaosError: One of them is no fault of the menu.

    Example:
        >>> [fault_name(each) for each in Menu(("timeout", "http_error-5*")).at("openai", "x")]
        ['http_error-503', 'http_error-500', 'timeout']
    """

    only: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        connecting = [each for stage in _CONNECTING for each in _at_stage((), "", stage)]
        known = sorted(
            {*map(fault_name, _all("", "completions.media")), *map(fault_name, connecting)}
        )
        kinds = {name.partition("-")[0] for name in known}
        for pattern in self.only:
            if pattern not in kinds and not any(fnmatchcase(name, pattern) for name in known):
                fix = suggest(pattern, [*sorted(kinds), *known], "leave --menu out for all")
                raise ChaosError(
                    f"no fault {pattern!r} on the menu; expected one of: {', '.join(known)}; {fix}"
                )

    def of(self, brings: Sequence[type[Extension]]) -> Menu:
        """The same for a target that brings this along."""
        others = of_others(ExtensionKind.FAULT, brings)
        return replace(self, others=others) if others else self

    def at(self, upstream: str, operation: str, *, is_http: bool = True) -> tuple[Fault, ...]:
        """What can befall a call of this operation, in the order in which it is tried."""
        dishes = self._served(_dishes(self.only, upstream, operation))
        return dishes if is_http else tuple(each for each in dishes if not each.needs_http)

    def connecting(self, upstream: str, stage: Stage) -> tuple[Fault, ...]:
        """What can befall an attempt to connect, in the order in which it is tried.

        Example:
            >>> [fault_name(each) for each in Menu().connecting("openai", "name")]
            ['dns_failure']
        """
        return self._served(_at_stage(self.only, upstream, stage))

    def _served(self, dishes: tuple[Fault, ...]) -> tuple[Fault, ...]:
        if not self.others:
            return dishes
        return tuple(each for each in dishes if kind_of(type(each)) not in self.others)


@remembered
def _at_stage(only: tuple[str, ...], upstream: str, stage: Stage) -> tuple[Fault, ...]:
    faults = (
        model.model_validate({"upstream": upstream, "open_connections": "kept", **said})
        for model, said in (*_CONNECTING[stage], *_added(stage))
    )
    return tuple(fault for fault in faults if _is_wanted(only, fault))


@remembered
def _dishes(only: tuple[str, ...], upstream: str, operation: str) -> tuple[Fault, ...]:
    return tuple(fault for fault in _all(upstream, operation) if _is_wanted(only, fault))


def _is_wanted(only: tuple[str, ...], fault: Fault) -> bool:
    return not only or any(
        fnmatchcase(fault_name(fault), pattern) or pattern == kind_of(type(fault))
        for pattern in only
    )


def fault_name(fault: Fault) -> str:
    """A fault in one word: its kind, and what tells it from others of its kind.

    Example:
        >>> fault_name(HttpErrorFault(upstream="openai", fault="http_error", status=503))
        'http_error-503'
        >>> fault_name(RateLimitFault(upstream="openai", fault="rate_limit", retry_after="5s"))
        'rate_limit-5s'
    """
    said = plain(fault)
    kind = str(said.pop("fault"))
    # That open connections are kept is so for all, and tells none from another.
    left_out = {*Fault.model_fields, "open_connections"}
    told = [_told(key, value) for key, value in said.items() if key not in left_out]
    return "-".join((kind, *told))


def _told(key: str, value: object) -> str:
    return f"{key}-{str(value).lower()}" if isinstance(value, bool) else str(value)


def _all(upstream: str, operation: str) -> Iterator[Fault]:
    """Everything that can befall an operation.

    Latencies are one that any client should bear and one that none should: a minute is above any
    timeout of a single attempt.
    """
    for model, said in _everything(operation):
        yield model.model_validate({"upstream": upstream, "operation": operation, **said})


def _added(stage: Stage | None) -> Iterator[tuple[type[Fault], dict[str, object]]]:
    """What models say of themselves: of faults that strike at this stage; with None, at a call."""
    for kind, model in FAULTS.items():
        behaviour = BEHAVIOURS[model]
        strikes = behaviour.stage if issubclass(behaviour, ConnectingFault) else None
        if strikes == stage:
            yield from ((model, {"fault": kind, **said}) for said in model.menu)


def _everything(operation: str) -> Iterator[tuple[type[Fault], dict[str, object]]]:
    for status in (503, 500):
        yield HttpErrorFault, {"fault": "http_error", "status": status}
    yield TimeoutFault, {"fault": "timeout"}
    # Lost on the way there, and lost on the way back.
    yield ResetPeerFault, {"fault": "reset_peer", "takes_effect": False}
    yield ResetPeerFault, {"fault": "reset_peer"}
    yield RateLimitFault, {"fault": "rate_limit", "retry_after": "5s"}
    yield RateLimitFault, {"fault": "rate_limit", "retry_after": "10m"}
    yield RateLimitFault, {"fault": "rate_limit", "code": "insufficient_quota"}
    for status in (400, 401, 404):
        yield HttpErrorFault, {"fault": "http_error", "status": status}
    for latency in ("2s", "60s"):
        yield LatencyFault, {"fault": "latency", "latency": latency}
    yield ResetPeerFault, {"fault": "reset_peer", "after": _EARLY}
    yield LimitDataFault, {"fault": "limit_data", "bytes": _EARLY}
    for body in ("html", "truncated_json", "empty_object", "invalid_utf8"):
        yield MalformedFault, {"fault": "malformed", "as": body}
    if operation.endswith("media"):
        yield CorruptFault, {"fault": "corrupt"}
    if "completions" in operation:
        yield MalformedFault, {"fault": "malformed", "as": "empty_choices"}
        yield CompletionFault, {"fault": "completion", "finish_reason": "content_filter"}
        yield CompletionFault, {"fault": "completion", "finish_reason": "length"}
        yield CompletionFault, {"fault": "completion", "content": None}
        for how in ("fin", "reset", "stall"):
            yield CutStreamFault, {"fault": "cut_stream", "after": 2, "how": how}
    yield from _added(None)
