"""Which class gives effect to which fault."""

from __future__ import annotations

from typing import Any, get_args

from chaos.choices import Choices
from chaos.faults.behaviour import AnyBehaviour
from chaos.faults.completions import Completion
from chaos.faults.connection import (
    ConnectionRefused,
    ConnectTimeout,
    DnsFailure,
    DropConnections,
    IdleClose,
    ResetPeer,
    Timeout,
    TlsFailure,
)
from chaos.faults.corruption import Corrupt
from chaos.faults.counting import Overload, Quota
from chaos.faults.cuts import CutStream, LimitData
from chaos.faults.encoding import Encoding
from chaos.faults.malformed import Malformed
from chaos.faults.odd_streams import OddStream
from chaos.faults.pace import Bandwidth, Latency, Slicer
from chaos.faults.refusals import HttpError, RateLimit
from chaos.scenario.faults import Fault

BEHAVIOURS: dict[type[Fault], type[AnyBehaviour]] = {
    behaviour.model: behaviour
    for behaviour in (
        RateLimit,
        HttpError,
        Quota,
        Overload,
        Latency,
        Timeout,
        DnsFailure,
        ConnectTimeout,
        ConnectionRefused,
        TlsFailure,
        ResetPeer,
        IdleClose,
        DropConnections,
        LimitData,
        Bandwidth,
        Slicer,
        Corrupt,
        Malformed,
        Encoding,
        Completion,
        OddStream,
        CutStream,
    )
}
"""Behaviour by model, in the order of the documentation."""


def kind_of(model: type[Fault]) -> str:
    """What scenarios call a fault of that model.

    Example:
        >>> from chaos.scenario.faults import TimeoutFault
        >>> kind_of(TimeoutFault)
        'timeout'
    """
    (kind,) = get_args(model.model_fields["fault"].annotation)
    return str(kind)


def behaviour_of(fault: Fault, *, id: str, choices: Choices) -> AnyBehaviour:  # noqa: A002 - the YAML word
    """What ``fault`` does.

    Example:
        >>> from chaos.choices import Seeded
        >>> from chaos.scenario.faults import TimeoutFault
        >>> fault = TimeoutFault(upstream="openai", fault="timeout")
        >>> behaviour_of(fault, id="hang", choices=Seeded(7)).lose().how
        'silence'
    """
    behaviour: Any = BEHAVIOURS[type(fault)]
    made: AnyBehaviour = behaviour(fault, id=id, choices=choices)
    return made
