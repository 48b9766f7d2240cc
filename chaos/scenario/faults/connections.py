"""Faults of connections that are open: they end while they are used, or while nobody uses them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import PositiveDuration, Size
from chaos.units import format_duration

_DROPPED = {
    "fin": "closes all idle connections",
    "reset": "resets all idle connections",
    "race": "closes all idle connections while the next request is on its way",
}


class ResetPeerFault(Fault):
    """The connection is reset, before the response or within its body.

    Example:
        ``{upstream: gcs, fault: reset_peer, after: 64KB}``
    """

    fault: Literal["reset_peer"]
    after: Size | None = Field(
        default=None,
        description=(
            "Bytes of the body sent before the reset; if unset, nothing of the response is sent."
        ),
        examples=["64KB"],
    )
    takes_effect: bool = Field(
        default=True,
        description="Whether the provider carries out the request before the reset.",
        examples=[False],
    )

    def in_words(self) -> str:
        if self.after is not None:
            return f"resets connections after {self.after} bytes of the body"
        if self.takes_effect:
            return "resets connections before it answers"
        return "resets connections before it accepts the request"


class IdleCloseFault(Fault):
    """The provider closes connections that have not been used for a while.

    A client that looks at a connection before it uses it notices. With ``race`` it cannot: the
    connection is closed while the next request is on its way, and that is lost.

    Example:
        ``{upstream: openai, fault: idle_close, after: 5s}``
    """

    between_calls = True

    fault: Literal["idle_close"]
    after: PositiveDuration = Field(
        description="How long a connection may be idle.", examples=["5s"]
    )
    race: bool = Field(
        default=False,
        description="Whether the connection closes while the next request is on its way.",
        examples=[True],
    )

    def in_words(self) -> str:
        what = f"closes connections that were idle for {format_duration(self.after)}"
        return what + (", while the next request is on its way" if self.race else "")


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

    def in_words(self) -> str:
        return _DROPPED[self.how]
