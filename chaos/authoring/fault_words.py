"""Faults in plain words: what the provider does, to which calls, and for how long."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.extensions import blaming
from chaos.faults.registry import BEHAVIOURS
from chaos.scenario.faults import Fault
from chaos.scenario.schedules import Schedule
from chaos.units import format_duration


def describe_fault(fault: Fault) -> str:
    """What a fault does, to whom, and how often, as one clause.

    Example:
        >>> from chaos.scenario.faults import HttpErrorFault
        >>> describe_fault(HttpErrorFault(
        ...     upstream="openai", fault="http_error", status=503, calls=(1, 2), toxicity=0.5))
        'openai answers HTTP 503, to half of its calls 1 and 2'
    """
    return f"{fault.upstream} {_what(fault)}{_scope(fault)}"


def _what(fault: Fault) -> str:
    with blaming(BEHAVIOURS[type(fault)], "put into words"):
        return fault.in_words()


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
        parts.append(f"for {format_duration(fault.for_)}")
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
