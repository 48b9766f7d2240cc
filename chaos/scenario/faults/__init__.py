"""The faults a scenario can inject, as data and in words; ``chaos.faults`` has what each does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Union

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue

from chaos.extensions import ExtensionKind, Registry
from chaos.scenario.faults.connecting import (
    ConnectingFault,
    ConnectionRefusedFault,
    ConnectTimeoutFault,
    DnsFailureFault,
    TlsFailureFault,
)
from chaos.scenario.faults.connections import DropConnectionsFault, IdleCloseFault, ResetPeerFault
from chaos.scenario.faults.contents import (
    CompletionFault,
    CorruptFault,
    CutStreamFault,
    MalformedFault,
)
from chaos.scenario.faults.fault import Fault, kind_of
from chaos.scenario.faults.forms import EncodingFault, StreamFault
from chaos.scenario.faults.load import OverloadFault, QuotaFault
from chaos.scenario.faults.refusals import HttpErrorFault, RateLimitFault, RefusalFault
from chaos.scenario.faults.transfer import BandwidthFault, LimitDataFault, SlicerFault
from chaos.scenario.faults.waits import LatencyFault, TimeoutFault
from chaos.scenario.registered import Registered, refuse

__all__ = [
    "FAULTS",
    "AnyFault",
    "BandwidthFault",
    "CompletionFault",
    "ConnectTimeoutFault",
    "ConnectingFault",
    "ConnectionRefusedFault",
    "CorruptFault",
    "CutStreamFault",
    "DnsFailureFault",
    "DropConnectionsFault",
    "EncodingFault",
    "Fault",
    "HttpErrorFault",
    "IdleCloseFault",
    "LatencyFault",
    "LimitDataFault",
    "MalformedFault",
    "OverloadFault",
    "QuotaFault",
    "RateLimitFault",
    "RefusalFault",
    "ResetPeerFault",
    "SlicerFault",
    "StreamFault",
    "TimeoutFault",
    "TlsFailureFault",
    "kind_of",
]

_SHIPPED: tuple[type[Fault], ...] = (
    RateLimitFault,
    HttpErrorFault,
    EncodingFault,
    StreamFault,
    OverloadFault,
    QuotaFault,
    LatencyFault,
    TimeoutFault,
    DnsFailureFault,
    ConnectTimeoutFault,
    ConnectionRefusedFault,
    TlsFailureFault,
    ResetPeerFault,
    IdleCloseFault,
    DropConnectionsFault,
    LimitDataFault,
    BandwidthFault,
    SlicerFault,
    CorruptFault,
    MalformedFault,
    CompletionFault,
    CutStreamFault,
)
"""In the order of the reference, of menus and of the schema."""

FAULTS: Mapping[str, type[Fault]] = Registry(
    ExtensionKind.FAULT,
    {kind_of(model): model for model in _SHIPPED},
    lambda behaviour: behaviour.model,
)
"""Every fault by the word a scenario uses for it: those above, in their order, and then those that
others add; see `chaos.extensions`."""


def _fault(value: object) -> object:
    if isinstance(value, Fault):
        return value
    kind = value.get("fault") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in FAULTS:
        return FAULTS[kind].model_validate(value)
    return refuse(FAULTS)


def _describe(handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    models: Any = Union[tuple(FAULTS.values())]  # noqa: UP007 - not known before
    return handler(TypeAdapter(Annotated[models, Field(discriminator="fault")]).core_schema)


AnyFault = Annotated[Fault, Registered(_fault, _describe)]
"""Any fault, as a model or as a file would write it."""
