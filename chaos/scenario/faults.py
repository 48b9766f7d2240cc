"""The faults a scenario can inject, as data. What each does is in ``chaos.faults``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Union, get_args

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from chaos.extensions import ExtensionKind, Registry
from chaos.scenario.fields import (
    Calls,
    Headers,
    Node,
    PositiveDuration,
    PositiveSize,
    Size,
    UnsignedDuration,
)
from chaos.scenario.schedules import Share


class Fault(Node):
    """What all faults share: an id, an upstream, and when and where they act.

    A subclass with a field ``fault`` that has one value is a fault; that value is its name.
    """

    needs_http: ClassVar[bool] = False
    """Whether it is an answer of an HTTP server, or a change to one."""

    between_calls: ClassVar[bool] = False
    """Whether it acts on connections that nobody uses, so that it has no calls to count."""

    menu: ClassVar[tuple[Mapping[str, object], ...]] = ()
    """What `chaos explore` tries it with, each as a file would write it; nothing if it is not to
    be tried. What comes with the harness is on the menu in an order of its own."""

    id: str | None = Field(
        default=None,
        min_length=1,
        description="Name to heal it by, and to show in reports.",
        examples=["outage"],
    )
    upstream: str = Field(
        description="The provider whose calls it touches.", examples=["openai", "gcs"]
    )
    operation: str | None = Field(
        default=None,
        description="Touch only this operation of the upstream.",
        examples=["objects.media"],
    )
    object: str | None = Field(
        default=None,
        min_length=1,
        description="Touch only objects whose name fits this pattern; * stands for anything.",
        examples=["*.faiss"],
    )
    for_: PositiveDuration | None = Field(
        default=None,
        alias="for",
        description="Heal by itself after this time; without it, last until healed.",
        examples=["20s"],
    )
    calls: Calls | None = Field(
        default=None,
        description="Touch only these matching calls, counted from the injection.",
        examples=[1, "1-2", [1, 3]],
    )
    toxicity: Share = Field(
        default=1.0,
        description=(
            "Share of matching calls it touches, drawn from the seed; "
            "or shares by offset from the injection."
        ),
        examples=[0.3, {"0s": 0.05, "2h": 0.25}],
    )

    def in_words(self) -> str:
        """What it does, to follow the name of the upstream: "answers late".

        Default: its name, with its parameters; `chaos explain` has better words for many.
        """
        own = sorted(self.model_fields_set - Fault.model_fields.keys() - {"fault"})
        said = ", ".join(f"{key.rstrip('_')}: {getattr(self, key)}" for key in own)
        return f"has the fault {kind_of(type(self))!r}" + (f" ({said})" if said else "")


def kind_of(model: type[Fault]) -> str:
    """What scenarios call a fault of that model.

    Example:
        >>> kind_of(TimeoutFault)
        'timeout'
    """
    (kind,) = get_args(model.model_fields["fault"].annotation)
    return str(kind)


class RefusalFault(Fault):
    """What all refusals share: they may say when to come back."""

    needs_http = True

    retry_after: UnsignedDuration | None = Field(
        default=None,
        description="How long callers are asked to wait; without it, nothing is said.",
        examples=["20s"],
    )
    retry_after_as: Literal["seconds", "date", "milliseconds"] = Field(
        default="seconds",
        description=(
            "How that is sent: the Retry-After header in seconds or as a date, or "
            "retry-after-ms. Seconds that are not whole go in milliseconds."
        ),
        examples=["date"],
    )


class RateLimitFault(RefusalFault):
    """The provider answers 429 with its own body.

    Example:
        ``{upstream: openai, fault: rate_limit, retry_after: 7s}``
    """

    fault: Literal["rate_limit"]
    code: Literal["rate_limit_exceeded", "insufficient_quota"] = Field(
        default="rate_limit_exceeded",
        description="Error code in the body; a spent quota cannot be retried.",
        examples=["insufficient_quota"],
    )


class HttpErrorFault(RefusalFault):
    """The provider answers with another status than it should, and any headers and body.

    What an error says with its headers counts: a 503 may ask for patience, a redirect names a
    place. A 200 with the body of an error is one that nobody announces.

    Example:
        ``{upstream: openai, fault: http_error, status: 503, retry_after: 20s}``
    """

    fault: Literal["http_error"]
    status: int = Field(ge=200, le=599, description="HTTP status.", examples=[503])
    body: str | None = Field(
        default=None,
        description="Body in place of the provider's usual error; an empty text for none.",
        examples=["<html>Bad gateway</html>"],
    )
    headers: Headers = Field(
        default=(),
        description="Headers beside those of the body, each a text; a list sends it more than "
        "once, as it stands.",
        examples=[{"Retry-After": "-5"}, {"Retry-After": ["1", "60"]}],
    )


class EncodingFault(Fault):
    """The body of a response is compressed, wrongly: its header promises what it does not hold.

    Example:
        ``{upstream: openai, fault: encoding, as: truncated_gzip}``
    """

    needs_http = True

    fault: Literal["encoding"]
    as_: Literal["gzip", "truncated_gzip", "not_gzip", "wrong_checksum", "unknown"] = Field(
        alias="as",
        description="What comes: sound gzip, the first half of it, plain text that says it is "
        "gzip, gzip whose checksum is not that of its content, or an encoding nobody knows.",
        examples=["truncated_gzip"],
    )


class StreamFault(Fault):
    """A stream of events that is odd: what a standard allows, what gateways do, and errors.

    Example:
        ``{upstream: openai, fault: stream, as: error_event, after: 2}``
    """

    needs_http = True

    fault: Literal["stream"]
    as_: Literal[
        "comments",
        "empty_events",
        "without_data",
        "byte_order_mark",
        "without_delta",
        "null_choices",
        "content_parts",
        "error_event",
        "without_done",
        "finish_reason",
    ] = Field(
        alias="as",
        description="What is odd: comment lines or empty events between the others, an event "
        "without data, a byte order mark before the first, a choice without a delta, a chunk "
        "whose choices are null, content as a list of parts, an error in the middle of a 200, no "
        "[DONE] at the end, or another reason to stop. A byte order mark and content in parts "
        "come in answers of one body as well. Letters that come in pieces are fault 'slicer' with "
        "a size of one byte.",
        examples=["without_done"],
    )
    after: int = Field(
        default=1,
        ge=0,
        description="Events that come before what is odd, where it stands in one place.",
        examples=[2],
    )
    finish_reason: str | None = Field(
        default=None,
        description="The reason, for finish_reason; null for none at all.",
        examples=["insufficient_system_resource"],
    )


class OverloadFault(Fault):
    """The provider gets slower the more calls it has to do, and is slower for a while after.

    Each call of the last ``memory`` adds ``per_call`` to its latency. A service that tries again
    because of that keeps it slow when the cause is long gone: metastable failure.

    Example:
        ``{upstream: openai, fault: overload, capacity: 2, per_call: 1s, memory: 10s}``
    """

    fault: Literal["overload"]
    capacity: int = Field(
        ge=0,
        description="Calls within its memory, the present one among them, that cost nothing.",
        examples=[5],
    )
    per_call: PositiveDuration = Field(
        description="What each call above that adds to the time to the first byte.",
        examples=["500ms"],
    )
    memory: PositiveDuration = Field(
        description="For how long a call weighs on it.", examples=["10s"]
    )


class QuotaFault(Fault):
    """The provider counts requests, says how many are left, and refuses what is beyond.

    Every answer carries ``x-ratelimit-limit-requests``, ``-remaining-requests`` and
    ``-reset-requests``; a request beyond the limit gets the provider's 429 with ``Retry-After``.

    Example:
        ``{upstream: openai, fault: quota, requests: 3, per: 60s}``
    """

    needs_http = True

    fault: Literal["quota"]
    requests: int = Field(ge=1, description="How many a window allows.", examples=[3])
    per: PositiveDuration = Field(description="How long a window is.", examples=["60s"])


class LatencyFault(Fault):
    """Delay each response by ``latency``, give or take ``jitter``.

    The answer stays correct and the connection open: only a timeout in the target turns this
    fault into an error.

    Example:
        ``{upstream: openai, fault: latency, latency: 2s, jitter: 500ms}``
    """

    fault: Literal["latency"]
    latency: PositiveDuration = Field(
        description="Time before the first byte of the response.", examples=["2s"]
    )
    jitter: UnsignedDuration = Field(
        default=timedelta(0),
        description="How much more or less, drawn for each call.",
        examples=["500ms"],
    )


class TimeoutFault(Fault):
    """The request is taken and never answered.

    Example:
        ``{upstream: openai, fault: timeout}``
    """

    fault: Literal["timeout"]
    takes_effect: bool = Field(
        default=False,
        description="Whether the provider does what was asked before it falls silent.",
        examples=[True],
    )


class ConnectingFault(Fault):
    """What the faults share by which no connection comes about.

    They strike attempts to connect, so ``calls`` counts those, and there is no operation yet.
    """

    open_connections: Literal["closed", "kept"] = Field(
        default="closed",
        description="What becomes of connections that are open, and idle, when it begins.",
        examples=["kept"],
    )


class DnsFailureFault(ConnectingFault):
    """The name of the provider's host cannot be resolved.

    Example:
        ``{upstream: openai, fault: dns_failure}``
    """

    fault: Literal["dns_failure"]
    temporary: bool = Field(
        default=True,
        description="Whether the resolver may know later; else there is no such host.",
        examples=[False],
    )


class ConnectTimeoutFault(ConnectingFault):
    """Nobody answers an attempt to connect, neither yes nor no.

    Example:
        ``{upstream: gcs, fault: connect_timeout}``
    """

    fault: Literal["connect_timeout"]


class ConnectionRefusedFault(ConnectingFault):
    """Nobody listens at the provider's address.

    Example:
        ``{upstream: gcs, fault: connection_refused}``
    """

    fault: Literal["connection_refused"]


class TlsFailureFault(ConnectingFault):
    """The provider's certificate is not to be trusted.

    Example:
        ``{upstream: openai, fault: tls_failure, reason: expired}``
    """

    fault: Literal["tls_failure"]
    reason: Literal["expired", "wrong_host", "self_signed", "unknown_authority"] = Field(
        default="expired",
        description="What is wrong with the certificate.",
        examples=["wrong_host"],
    )


class ResetPeerFault(Fault):
    """The connection is reset, before the response or within its body.

    Example:
        ``{upstream: gcs, fault: reset_peer, after: 64KB}``
    """

    fault: Literal["reset_peer"]
    after: Size | None = Field(
        default=None,
        description="Bytes of the body that come first; without it, none of the response.",
        examples=["64KB"],
    )
    takes_effect: bool = Field(
        default=True,
        description="Whether the provider does what was asked before the connection is reset.",
        examples=[False],
    )


class IdleCloseFault(Fault):
    """The provider closes connections that have not been used for a while.

    A client that looks at a connection before it uses it notices. With ``race`` it cannot: the
    connection is closed while the next request is on its way, and that is lost.

    Example:
        ``{upstream: openai, fault: idle_close, after: 5s}``
    """

    between_calls = True

    fault: Literal["idle_close"]
    after: PositiveDuration = Field(description="How long it waits.", examples=["5s"])
    race: bool = Field(
        default=False,
        description="Whether the end crosses the next request on its way.",
        examples=[True],
    )


class DropConnectionsFault(Fault):
    """The provider ends all connections that are open and idle, once, when this is injected.

    Example:
        ``{upstream: openai, fault: drop_connections, how: reset}``
    """

    between_calls = True

    fault: Literal["drop_connections"]
    how: Literal["fin", "reset", "race"] = Field(
        default="fin",
        description="How they end: closed in order, reset, or while the next request is on its "
        "way.",
        examples=["reset"],
    )


class LimitDataFault(Fault):
    """The body ends early, though more was announced.

    Example:
        ``{upstream: gcs, operation: objects.media, fault: limit_data, bytes: 64KB}``
    """

    fault: Literal["limit_data"]
    bytes: Size = Field(description="Bytes of the body that come.", examples=["64KB"])


class BandwidthFault(Fault):
    """The body trickles.

    Example:
        ``{upstream: gcs, operation: objects.media, fault: bandwidth, rate: 1KB}``
    """

    fault: Literal["bandwidth"]
    rate: PositiveSize = Field(description="Bytes a second.", examples=["1KB"])


class SlicerFault(Fault):
    """The body comes in slices, some time apart.

    Example:
        ``{upstream: openai, fault: slicer, size: 64B, delay: 2s}``
    """

    fault: Literal["slicer"]
    size: PositiveSize = Field(description="Bytes in a slice.", examples=["64B"])
    delay: PositiveDuration = Field(description="Time between slices.", examples=["2s"])


class CorruptFault(Fault):
    """Bits of the body are flipped; lengths and hash headers stay those of the true body.

    Example:
        ``{upstream: gcs, object: "*.faiss", fault: corrupt, flip: 3}``
    """

    needs_http = True

    fault: Literal["corrupt"]
    flip: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="How many bits, at places drawn from the seed.",
        examples=[3],
    )
    at: Size | None = Field(
        default=None,
        description="Flip one bit of this byte instead, counted from 0.",
        examples=[512],
    )


class MalformedFault(Fault):
    """A 200 whose body is not what the client expects.

    Example:
        ``{upstream: openai, fault: malformed, as: truncated_json}``
    """

    needs_http = True

    fault: Literal["malformed"]
    as_: Literal[
        "truncated_json", "html", "empty_object", "empty_choices", "null_choices", "invalid_utf8"
    ] = Field(alias="as", description="What the body is instead.", examples=["html"])


class CompletionFault(Fault):
    """A valid 200 that cannot be used: the model refused, or stopped at its limit.

    Example:
        ``{upstream: openai, fault: completion, finish_reason: length}``
    """

    needs_http = True

    fault: Literal["completion"]
    finish_reason: str = Field(
        default="stop",
        min_length=1,
        description="Why the model says it stopped; gateways have words of their own.",
        examples=["length", "error"],
    )
    content: str | None = Field(
        default=None, description="What it said; null for nothing.", examples=["I cannot help."]
    )


class CutStreamFault(Fault):
    """A stream of events ends early: closed, aborted, reset, or silent.

    Example:
        ``{upstream: openai, fault: cut_stream, after: 2, how: fin}``
    """

    needs_http = True

    fault: Literal["cut_stream"]
    after: int = Field(ge=0, description="Events that come first.", examples=[2])
    how: Literal["fin", "abort", "reset", "stall"] = Field(
        description="How it ends: closed as if it were whole, closed without an end, reset, or "
        "nothing more comes.",
        examples=["reset"],
    )


def _is_fault(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Fault) and "fault" in thing.model_fields


FAULTS: Mapping[str, type[Fault]] = Registry(
    ExtensionKind.FAULT,
    {kind_of(model): model for model in tuple(vars().values()) if _is_fault(model)},
    lambda behaviour: behaviour.model,
)
"""Every fault by the word a scenario uses for it: those above, in their order, and then those that
others add; see `chaos.extensions`."""


class _AnyFault:
    """Lets a value be any fault, told apart by its ``fault`` key."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        models: Any = Union[tuple(FAULTS.values())]  # noqa: UP007 - not known before
        return handler(TypeAdapter(Annotated[models, Field(discriminator="fault")]).core_schema)

    @staticmethod
    def _read(value: object) -> Fault:
        if isinstance(value, Fault):
            return value
        kind = value.get("fault") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in FAULTS:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, FAULTS))})
        return FAULTS[kind].model_validate(value)


AnyFault = Annotated[Fault, _AnyFault]
"""Any fault, as a model or as a file would write it."""
